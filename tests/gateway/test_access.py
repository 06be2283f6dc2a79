"""Who may do what: officers with talks, citizens with their own conversation alone."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.desk_socket import end_of_talk
from tests.fakes_gateway import SUGGESTION, ScriptedDialogue, ScriptedKnowledge, rating
from tests.gateway.clients import Citizen, Gateway, Officer, Tab
from tests.gateway.conftest import Start

FRAMES: dict[str, dict[str, Any]] = {
    "accept": {},
    "open": {},
    "say": {"text": "您好"},
    "dismiss": {"suggestion_id": "s"},
    "close": {},
    "typing": {},
}
# who: in which relation the officer stands to the talk -> what each frame gets (None: carried out)
EXPECTED: dict[str, dict[str, str | None]] = {
    "bot": dict.fromkeys(FRAMES, "not_yours") | {"accept": "mode_conflict"},
    "waiting": dict.fromkeys(FRAMES, "not_yours") | {"accept": None, "open": None},
    "held by another": dict.fromkeys(FRAMES, "not_yours") | {"accept": "mode_conflict"},
    "held": {
        "accept": "mode_conflict",
        "open": None,
        "say": None,
        "dismiss": None,
        "close": None,
        "typing": None,
    },
    "ended by me": dict.fromkeys(FRAMES, "not_yours") | {"accept": "mode_conflict", "open": None},
    "ended by another": dict.fromkeys(FRAMES, "not_yours") | {"accept": "mode_conflict"},
    "unknown": dict.fromkeys(FRAMES, "not_found"),
}


def arrange(gateway: Gateway, relation: str, me: Officer, other: Officer) -> tuple[str, Citizen | None, str]:
    """(conversation id, its citizen, id of a suggestion there) with `me` in that relation to it."""
    if relation == "unknown":
        return "0123456789abcdef01234567", None, "s"
    citizen = Citizen(gateway)
    suggestion = "s"
    if relation != "bot":
        citizen.wait_for_person()
    holder = {"held by another": other, "held": me, "ended by me": me, "ended by another": other}.get(
        relation
    )
    if holder is not None:
        holder.accept(citizen)
        citizen.say("身份证丢了")
        offered = holder.until(
            lambda f: (
                f["type"] == "event"
                and f["payload"]["kind"] == "suggestion_offered"
                and f["conversation_id"] == citizen.id
            )
        )
        suggestion = offered["payload"]["suggestions"][0]["suggestion_id"]
    if relation.startswith("ended") and holder is not None:
        holder.command("close", citizen.id)
        citizen.state(mode="bot")
        citizen.event("bot_said")
    return citizen.id, citizen, suggestion


@pytest.mark.parametrize("relation", EXPECTED)
def test_every_desk_frame_in_every_relation(standing: Gateway, relation: str) -> None:
    me, other = Officer(standing), Officer(standing, "desk02")
    for type_, expected in EXPECTED[relation].items():
        conversation_id, citizen, suggestion = arrange(standing, relation, me, other)
        before = standing.stored(conversation_id)
        fields = {**FRAMES[type_], "conversation_id": conversation_id}
        if type_ == "dismiss":
            fields["suggestion_id"] = suggestion
        me.quiet(0.03)
        ref = me.send(type=type_, **fields)
        if expected is not None:
            error = me.error()
            assert (type_, error["code"], error["ref"]) == (type_, expected, ref or None)
            me.answers_ping()
            assert standing.stored(conversation_id) == before, type_
            continue
        if type_ in ("accept", "open"):
            answer = me.until(lambda f, ref=ref: f["type"] == "transcript" and f["ref"] == ref)
            assert answer["conversation_id"] == conversation_id
        elif type_ == "typing":
            assert citizen is not None and citizen.state(agent_typing=True)
        else:
            me.until(lambda f, ref=ref: f.get("ref") == ref and f["type"] in ("done", "event"))
    me.close(), other.close()


def test_other_officers_talks_are_listed_without_what_was_said(gateway: Gateway) -> None:
    citizen, officer, other = Citizen(gateway), Officer(gateway), Officer(gateway, "desk02")
    citizen.ask("我家的私事")
    citizen.wait_for_person()
    assert other.queue_with("waiting", citizen.id)["preview"] == "转人工"
    officer.accept(citizen)
    citizen.say("我家的另一件私事")
    officer.event("citizen_said")
    entry = other.queue_with("active", citizen.id)
    assert (entry["mine"], entry["preview"], entry["agent_name"]) == (False, "", "06号")
    mine = officer.queue_with("active", citizen.id)
    assert mine["mine"] is True
    other.quiet()
    assert "私事" not in str([f for f in other.seen if f["type"] == "queue"][-1]["active"])


def test_an_officer_who_was_refused_a_talk_does_not_hear_it(gateway: Gateway) -> None:
    citizen, officer, other = Citizen(gateway), Officer(gateway), Officer(gateway, "desk02")
    citizen.wait_for_person()
    officer.accept(citizen)
    other.quiet()
    for type_ in ("accept", "open"):
        other.command(type_, citizen.id)
        other.error()
        officer.command("say", citizen.id, text="只给这位市民的话")
        citizen.event("agent_said")
        other.answers_ping()
        other.quiet()
    assert "只给这位市民的话" not in str(other.seen)


def test_an_officer_who_looked_at_a_waiting_talk_stops_hearing_it_when_another_takes_it(start: Start) -> None:
    gateway = start(knowledge=ScriptedKnowledge({"身份证": [SUGGESTION]}))
    citizen, officer, other = Citizen(gateway), Officer(gateway), Officer(gateway, "desk02")
    citizen.wait_for_person()
    other.command("open", citizen.id)
    other.until(lambda f: f["type"] == "transcript")
    citizen.say("还在排队时说的")
    assert other.event("citizen_said")["payload"]["text"] == "还在排队时说的"
    officer.accept(citizen)
    other.queue_with("active", citizen.id)
    other.quiet()
    citizen.say("身份证丢了，只跟06号说")
    officer.event("suggestion_offered")
    other.answers_ping()
    other.quiet()
    assert "只跟06号说" not in str(other.seen) and "suggestion" not in str(other.seen)


def test_an_officer_stops_hearing_a_talk_that_is_over(gateway: Gateway) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    officer.command("close", citizen.id)
    officer.queue_with("closed", citizen.id)
    citizen.event("bot_said")
    officer.quiet()
    citizen.ask("这句只跟机器人说")
    officer.answers_ping()
    officer.quiet()
    assert "这句只跟机器人说" not in str(officer.seen)


def test_looking_at_one_talk_does_not_lose_the_live_words_of_another_that_is_held(gateway: Gateway) -> None:
    held, waiting, officer = Citizen(gateway), Citizen(gateway), Officer(gateway)
    held.wait_for_person()
    officer.accept(held)
    waiting.wait_for_person()
    officer.command("open", waiting.id)
    officer.until(lambda f: f["type"] == "transcript" and f["conversation_id"] == waiting.id)
    held.say("还在吗")
    assert officer.event("citizen_said")["conversation_id"] == held.id


def test_open_after_a_position_gives_only_the_rest(gateway: Gateway) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.ask("甲")
    citizen.wait_for_person()
    ref = officer.command("open", citizen.id, after=3)
    transcript = officer.until(lambda f: f["type"] == "transcript" and f["ref"] == ref)
    assert [e["seq"] for e in transcript["events"]] == [4, 5]


def test_citizens_hear_only_their_own_conversation(gateway: Gateway) -> None:
    one, two, officer = Citizen(gateway), Citizen(gateway), Officer(gateway)
    one.ask("第一位市民的话")
    one.wait_for_person()
    two.wait_for_person()
    officer.accept(one)
    officer.command("say", one.id, text="给第一位的话")
    one.event("agent_said")
    two.answers_ping()
    two.quiet()
    assert all(f.get("conversation_id", two.id) == two.id for f in two.seen)
    assert "第一位" not in str(two.seen)


def test_only_what_was_offered_can_be_rated(start: Start) -> None:
    gateway = start(ScriptedDialogue(rating("booking:YY1"), "谢谢", rating("booking:YY2")))
    one, two = Citizen(gateway), Citizen(gateway)
    one.ask("评价")
    for tab, subject in (
        (two, "booking:YY1"),
        (one, "booking:YY2"),
        (one, "handoff:1"),
        (one, ["booking:YY1"]),
    ):
        ref = tab.act("rate", "非常满意", subject=subject, level=5)
        error = tab.error()
        assert (error["ref"], error["field"]) == (ref, "args.subject")
        assert error["code"] in ("not_found", "not_rateable")
    ref = one.act("rate", "没有对象", level=5)
    assert one.error()["ref"] == ref
    assert len(gateway.dialogue.heard) == 1
    one.act("rate", "非常满意", subject="booking:YY1", level=5)
    assert one.event("bot_said")["payload"]["messages"][0]["text"] == "谢谢"
    assert gateway.dialogue.heard[-1].args == {"subject": "booking:YY1", "level": 5}


def test_events_that_come_together_are_cut_where_the_talk_ends() -> None:
    said, asked = {"payload": {"kind": "citizen_said"}}, {"payload": {"kind": "handoff_requested"}}
    ended = {"payload": {"kind": "handoff_ended", "outcome": "closed"}}
    given_back = {"payload": {"kind": "handoff_ended", "outcome": "agent_lost"}}
    assert end_of_talk([said, ended, said]) == 2
    assert end_of_talk([ended, said, asked, said]) is None
    assert end_of_talk([said, given_back]) is None and end_of_talk([]) is None


DESK_BAD = [
    ("{", "bad_frame"),
    ("[]", "bad_frame"),
    (b"\x00", "bad_frame"),
    ("x" * 20_000, "frame_too_large"),
    ('{"v":1,"type":"act","id":"d","action":"handoff","label":"x"}', "unknown_type"),
    ('{"v":1,"type":"accept","id":"d"}', "bad_frame"),
    ('{"v":1,"type":"accept","id":"d","conversation_id":"x","force":true}', "bad_frame"),
    ('{"v":1,"type":"close","id":"d","conversation_id":"x","reason":"tired"}', "bad_frame"),
    ('{"v":1,"type":"open","id":"\\ud800","conversation_id":"x"}', "bad_frame"),
]


@pytest.mark.parametrize(("frame", "code"), DESK_BAD)
def test_a_bad_desk_frame_gets_a_clear_error_and_the_socket_goes_on(
    standing: Gateway, frame: str | bytes, code: str
) -> None:
    officer = Officer(standing)
    officer.raw(frame)
    error = officer.error()
    assert error["code"] == code and error["message"].endswith("。")
    officer.answers_ping()
    officer.close()


@pytest.mark.parametrize("cookie", ["", "nczf_staff=", "nczf_staff=wrong", "nczf_citizen=a.b"])
def test_without_a_staff_session_the_desk_is_closed(standing: Gateway, cookie: str) -> None:
    assert Tab(standing, "/ws/desk", cookie).close_code() == 4401


@pytest.mark.parametrize("path", ["/api/desk/me", "/api/desk/guides?q=a", "/api/desk/guides/id-card-replace"])
def test_the_desks_pages_need_a_session(standing: Gateway, path: str) -> None:
    for cookie in ("", "nczf_staff=wrong", Citizen(standing).cookie):
        reply = standing.get(path, cookie)
        assert reply.status_code == 401
        assert reply.json()["error"] == {"code": "not_signed_in", "message": "请先登录。"}


def test_an_ended_talk_is_readable_up_to_its_end_and_no_further(gateway: Gateway) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.say("转人工")
    citizen.event("handoff_requested")
    officer.accept(citizen)
    citizen.say("这是对工作人员说的")
    citizen.event("citizen_said")
    officer.send(type="close", conversation_id=citizen.id)
    ended = citizen.event("handoff_ended")
    citizen.say("这是后来只对小洪说的")
    citizen.event("citizen_said")
    officer.send(type="open", conversation_id=citizen.id)
    transcript = officer.until(
        lambda f: f["type"] == "transcript" and f["events"][-1]["payload"]["kind"] == "handoff_ended"
    )
    assert transcript["events"][-1]["seq"] == ended["seq"]
    assert "这是对工作人员说的" in str(transcript)
    assert "只对小洪" not in str(transcript) and transcript["facts"] == {}
    citizen.say("再说一句")
    citizen.event("citizen_said")
    assert "只对小洪" not in str(officer.quiet()) and "再说一句" not in str(officer.seen)
