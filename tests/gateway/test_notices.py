"""Notices reach their conversation once: on any tab, after a crash, after an outage."""

from __future__ import annotations

import time

from tests.fakes_gateway import ScriptedNotices
from tests.gateway.clients import Citizen

POLL = {"notice_poll_s": 0.02}
WORDS = "提醒您：明天上午 9 点在红谷滩办居住证。"


def said(gateway, citizen):
    return [
        m["text"] for e in gateway.stored(citizen.id) if e["kind"] == "bot_said" for m in e["messages"]
    ][1:]


def until(true, patience_s=3.0):
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, "did not come true"
        time.sleep(0.01)


def test_a_notice_is_told_in_its_conversation_and_nowhere_else(start):
    notices = ScriptedNotices()
    gateway = start(notices=notices, **POLL)
    citizen, other = Citizen(gateway), Citizen(gateway)
    notices.put(1, citizen.id, WORDS)
    (message,) = citizen.event("bot_said")["payload"]["messages"]
    assert (message["text"], message["status"]) == (WORDS, "notice_reminder")
    until(lambda: not notices.waiting)
    assert said(gateway, other) == [] and other.quiet() == []


def test_a_lost_acknowledgement_tells_nobody_twice(start):
    notices = ScriptedNotices()
    gateway = start(notices=notices, **POLL)
    citizen = Citizen(gateway)
    notices.deaf = True
    notices.put(7, citizen.id, WORDS)
    citizen.event("bot_said")
    before = notices.fetched
    until(lambda: notices.fetched > before + 3)
    notices.deaf = False
    until(lambda: not notices.waiting)
    assert said(gateway, citizen) == [WORDS]


def test_after_a_restart_what_was_stored_is_not_told_again(start):
    notices = ScriptedNotices()
    gateway = start(notices=notices, **POLL)
    citizen = Citizen(gateway)
    notices.deaf = True
    notices.put(7, citizen.id, WORDS)
    citizen.event("bot_said")
    gateway.stop()
    notices.deaf = False
    again = start(notices=notices, **POLL)
    until(lambda: not notices.waiting)
    assert said(again, citizen) == [WORDS]


def test_an_outage_ends_and_the_notices_come(start):
    notices = ScriptedNotices()
    notices.down = True
    gateway = start(notices=notices, **POLL)
    citizen = Citizen(gateway)
    notices.put(1, citizen.id, WORDS)
    assert citizen.quiet() == []
    notices.down = False
    assert citizen.event("bot_said")["payload"]["messages"][0]["text"] == WORDS


def test_a_notice_for_a_conversation_that_is_gone_holds_up_nobody(start):
    notices = ScriptedNotices()
    gateway = start(notices=notices, **POLL)
    citizen = Citizen(gateway)
    notices.put(1, "c-nowhere", WORDS)
    notices.put(2, citizen.id, WORDS)
    citizen.event("bot_said")
    until(lambda: not notices.waiting)


def test_a_citizen_cannot_take_a_notices_id(start):
    notices = ScriptedNotices()
    gateway = start(notices=notices, **POLL)
    citizen = Citizen(gateway)
    citizen.say("你好", client_id="notice/1")
    assert citizen.error()["code"] == "bad_frame"
    notices.put(1, citizen.id, WORDS)
    assert citizen.event("bot_said")["payload"]["messages"][0]["text"] == WORDS


def test_an_officer_sees_it_too_and_the_talk_goes_on(start):
    from tests.gateway.clients import Officer

    notices = ScriptedNotices()
    gateway = start(notices=notices, **POLL)
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    notices.put(1, citizen.id, WORDS)
    assert citizen.event("bot_said")["payload"]["messages"][0]["text"] == WORDS
    assert officer.event("bot_said")["payload"]["messages"][0]["text"] == WORDS
    officer.command("say", citizen.id, text="您好")
    citizen.event("agent_said")
