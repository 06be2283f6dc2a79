"""Reaching a person, talking with one, and how it ends."""

from __future__ import annotations

import sqlite3
import time

import pytest

from gateway import wire
from gateway.dialogue import DialogueSilent, DialogueUnavailable
from tests.fakes_gateway import Held, ScriptedDialogue
from tests.gateway.clients import Citizen, Gateway, Officer
from tests.gateway.conftest import Start


def test_asking_for_a_person_queues_at_once_and_tells_the_place(gateway: Gateway) -> None:
    Officer(gateway)
    first, second = Citizen(gateway), Citizen(gateway)
    first.wait_for_person()
    second.act("handoff", "转人工")
    told = second.event("handoff_requested")["payload"]
    assert told["reason"] == "asked" and "第 2 位" in told["text"]
    assert second.state(mode="waiting")["queue"]["place"] == 2
    assert gateway.dialogue.heard == []


def test_without_officers_the_citizen_is_told_so(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    citizen.act("handoff", "转人工")
    assert "没有工作人员在线" in citizen.event("handoff_requested")["payload"]["text"]


@pytest.mark.parametrize("words", ["转人工", "人工客服", "转人工！", "我要转人工。", "／转人工"[1:]])
def test_the_plain_words_reach_a_person_without_the_bot(gateway: Gateway, words: str) -> None:
    citizen = Citizen(gateway)
    citizen.say(words)
    assert citizen.state(mode="waiting")["queue"]["place"] == 1
    assert gateway.dialogue.heard == []


@pytest.mark.parametrize("how", ["button", "words"])
def test_asking_again_tells_the_place_and_queues_no_second_time(gateway: Gateway, how: str) -> None:
    citizen = Citizen(gateway)
    citizen.wait_for_person()
    if how == "button":
        citizen.act("handoff", "转人工")
    else:
        citizen.say("转人工")
    assert "第 1 位" in citizen.event("bot_said")["payload"]["messages"][0]["text"]
    assert gateway.kinds(citizen.id).count("handoff_requested") == 1


def test_the_bot_is_silent_while_the_citizen_waits(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    citizen.wait_for_person()
    citizen.say("我再补充一下，是给孩子办的")
    citizen.act("open_guide", "居住证", guide_id="residence-permit")
    citizen.quiet()
    assert gateway.kinds(citizen.id)[-2:] == ["citizen_said", "citizen_said"]
    assert gateway.dialogue.heard == []


def test_the_actions_handoff_message_moves_the_talk_and_carries_its_facts(start: Start) -> None:
    handoff = wire.HandoffMessage(reason="complaint", summary={"事项": "居住证"})
    gateway = start(ScriptedDialogue(["好的，马上", handoff]))
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.say("我要投诉")
    assert citizen.event("bot_said")["payload"]["messages"][0]["text"] == "好的，马上"
    citizen.event("handoff_requested")
    entry = officer.queue_with("waiting", citizen.id)
    assert (entry["reason"], entry["preview"], entry["mine"]) == ("complaint", "我要投诉", False)
    assert officer.accept(citizen)["facts"] == {"事项": "居住证"}


def test_the_first_of_two_officers_wins(gateway: Gateway) -> None:
    citizen, one, two = Citizen(gateway), Officer(gateway), Officer(gateway, "desk02")
    citizen.wait_for_person()
    one.accept(citizen)
    ref = two.command("accept", citizen.id)
    lost = two.error()
    assert (lost["code"], lost["ref"]) == ("mode_conflict", ref)
    assert citizen.event("handoff_accepted")["payload"]["agent_name"] == "06号"
    assert citizen.state(mode="agent")["agent_name"] == "06号"
    assert gateway.kinds(citizen.id).count("handoff_accepted") == 1


def test_two_accepts_at_the_same_moment_give_one_winner(gateway: Gateway) -> None:
    officers = [Officer(gateway), Officer(gateway, "desk02")]
    for _ in range(5):
        citizen = Citizen(gateway)
        citizen.wait_for_person()
        refs = [officer.command("accept", citizen.id) for officer in officers]
        answers = [
            officer.until(lambda f, ref=ref: f.get("ref") == ref and f["type"] in ("transcript", "error"))
            for officer, ref in zip(officers, refs, strict=True)
        ]
        assert sorted(a["type"] for a in answers) == ["error", "transcript"]
        assert gateway.kinds(citizen.id).count("handoff_accepted") == 1


def test_the_officer_sees_everything_that_was_said(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    citizen.ask("身份证丢了怎么补")
    citizen.wait_for_person()
    transcript = Officer(gateway).accept(citizen)
    kinds = [e["payload"]["kind"] for e in transcript["events"]]
    assert kinds == [
        "bot_said",
        "citizen_said",
        "bot_said",
        "citizen_said",
        "handoff_requested",
        "handoff_accepted",
    ]
    assert [e["seq"] for e in transcript["events"]] == list(range(1, 7))
    assert transcript["state"]["mode"] == "agent" and transcript["state"]["last_seq"] == 6
    assert all(e["ref"] is None for e in transcript["events"])


def test_words_go_live_both_ways_and_the_bot_is_not_asked(gateway: Gateway) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    citizen.say("我的孩子刚出生，怎么上户口")
    seen = officer.event("citizen_said")
    assert seen["payload"]["text"] == "我的孩子刚出生，怎么上户口" and seen["ref"] is None
    ref = officer.command("say", citizen.id, text="您好，带出生医学证明到派出所。")
    shown = citizen.event("agent_said")
    assert shown["payload"] == {
        "kind": "agent_said",
        "text": "您好，带出生医学证明到派出所。",
        "agent_name": "06号",
        "source": "",
    }
    assert shown["ref"] is None
    assert officer.until(lambda f: f.get("ref") == ref)["seq"] == shown["seq"]
    assert gateway.dialogue.heard == []


def test_an_officers_resent_words_are_said_once_and_acknowledged_again(gateway: Gateway) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    for _ in range(2):
        officer.command("say", citizen.id, id="d-7", text="您好")
        officer.until(lambda f: f.get("ref") == "d-7")
    citizen.event("agent_said")
    citizen.quiet()
    assert gateway.kinds(citizen.id).count("agent_said") == 1
    assert [e["payload"]["kind"] for e in citizen.events()].count("agent_said") == 1


@pytest.mark.parametrize(
    ("text", "code"), [("", "text_empty"), (" \n　", "text_empty"), ("办" * 501, "text_too_long")]
)
def test_an_officers_unusable_text_is_refused(gateway: Gateway, text: str, code: str) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    ref = officer.command("say", citizen.id, text=text)
    error = officer.error()
    assert (error["code"], error["ref"]) == (code, ref)
    assert gateway.kinds(citizen.id)[-1] == "handoff_accepted"


def test_typing_is_shown_both_ways_with_the_right_count(gateway: Gateway) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    said = citizen.state(mode="agent")["last_seq"]
    officer.send(type="typing", conversation_id=citizen.id)
    assert citizen.state(agent_typing=True)["last_seq"] == said
    citizen.send(type="typing", draft="我还想问")
    assert officer.state(citizen_typing=True)["last_seq"] == said
    officer.command("say", citizen.id, text="请讲")
    last = citizen.event("agent_said")["seq"]
    officer.send(type="typing", conversation_id=citizen.id)
    assert citizen.state(agent_typing=True)["last_seq"] == last
    citizen.quiet()
    assert not any(f.get("citizen_typing") for f in citizen.seen)


def test_typing_before_an_officer_is_there_goes_nowhere(gateway: Gateway) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.command("open", citizen.id)
    officer.until(lambda f: f["type"] == "transcript")
    citizen.send(type="typing", draft="我想问居住证")
    citizen.answers_ping()
    officer.quiet()
    assert not any(f.get("citizen_typing") for f in officer.seen)
    assert gateway.knowledge.asked == []


@pytest.mark.parametrize(
    "late", ["太晚的回答", DialogueUnavailable("late"), DialogueSilent("late"), ValueError("late")]
)
def test_what_the_bot_says_after_a_person_took_over_is_not_shown(start: Start, late: object) -> None:
    held = Held(late)
    gateway = start(ScriptedDialogue(held))
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.say("居住证怎么办")
    assert held.asked.wait(5)
    citizen.wait_for_person()
    transcript = officer.accept(citizen)
    assert transcript["state"]["thinking"] is False
    held.release()
    citizen.quiet(0.3)
    assert gateway.kinds(citizen.id) == [
        "bot_said",
        "citizen_said",
        "citizen_said",
        "handoff_requested",
        "handoff_accepted",
    ]


def test_a_message_that_waited_for_its_turn_is_not_answered_once_a_person_was_asked_for(start: Start) -> None:
    held = Held("一")
    gateway = start(ScriptedDialogue(held, "二"))
    citizen = Citizen(gateway)
    citizen.say("甲")
    assert held.asked.wait(5)
    citizen.say("乙")
    citizen.wait_for_person()
    held.release()
    citizen.quiet(0.3)
    assert gateway.dialogue.texts == ["甲"]
    assert "bot_said" not in gateway.kinds(citizen.id)[1:]


def test_closing_tells_the_citizen_and_asks_for_a_rating(gateway: Gateway) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    ref = officer.command("close", citizen.id, reason="solved")
    assert officer.until(lambda f: f["type"] == "done")["ref"] == ref
    assert citizen.event("handoff_ended")["payload"]["outcome"] == "closed"
    assert citizen.state(mode="bot")["agent_name"] is None
    asked = citizen.event("bot_said")["payload"]["messages"][0]
    assert asked["kind"] == "rating" and asked["subject"].startswith("handoff:")
    citizen.act("rate", "非常满意", subject=asked["subject"], level=5)
    citizen.event("bot_said")
    heard = gateway.dialogue.heard[-1]
    assert (heard.text, heard.args) == ("/rate_service", {"subject": asked["subject"], "level": 5})
    assert citizen.ask("还有一个问题")[0]["text"] == "听到了：还有一个问题"
    assert officer.queue_with("closed", citizen.id)["mode"] == "bot"


def test_a_rating_that_cannot_be_asked_does_not_disturb_the_end(start: Start) -> None:
    class NoRating(ScriptedDialogue):
        async def respond(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
            raise DialogueUnavailable("down")

    gateway = start(NoRating())
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    officer.command("close", citizen.id)
    citizen.state(mode="bot")
    citizen.quiet()
    assert gateway.kinds(citizen.id)[-1] == "handoff_ended"


def test_leaving_the_queue(gateway: Gateway) -> None:
    first, second = Citizen(gateway), Citizen(gateway)
    first.wait_for_person()
    assert second.wait_for_person()["queue"]["place"] == 2
    first.act("leave_queue", "不等了")
    assert first.event("handoff_ended")["payload"]["outcome"] == "left"
    assert first.state(mode="bot")["queue"] is None
    assert second.state(mode="waiting")["queue"]["place"] == 1
    assert first.ask("居住证")[0]["text"] == "听到了：居住证"


def test_leaving_when_not_waiting_changes_nothing(gateway: Gateway) -> None:
    citizen = Citizen(gateway)
    citizen.act("leave_queue", "不等了")
    citizen.quiet()
    assert gateway.kinds(citizen.id) == ["bot_said", "citizen_said"]


def test_nobody_came_in_time(start: Start) -> None:
    gateway = start(wait_limit_s=0.3)
    citizen = Citizen(gateway)
    citizen.wait_for_person()
    ended = citizen.event("handoff_ended")["payload"]
    assert ended["outcome"] == "expired" and "12345" in ended["text"]
    offer = citizen.event("bot_said")["payload"]["messages"][0]
    assert offer["status"] == "handoff_expired"
    assert [(r["label"], r["say"], r["action"]) for r in offer["replies"]] == [
        ("我要留言", "我要留言", None),
        ("转人工", None, "handoff"),
    ]
    assert citizen.ask("我要留言")[0]["text"] == "听到了：我要留言"
    citizen.wait_for_person()  # and again, with a clock of its own
    assert citizen.event("handoff_ended")["payload"]["outcome"] == "expired"


def test_an_accepted_talk_does_not_expire(start: Start) -> None:
    gateway = start(wait_limit_s=0.4)
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    citizen.quiet(0.8)
    assert gateway.kinds(citizen.id)[-1] == "handoff_accepted"


def test_a_vanished_officers_talk_goes_back_to_the_front(start: Start) -> None:
    gateway = start(agent_grace_s=0.2)
    waiting, held = Citizen(gateway), Citizen(gateway)
    waiting.wait_for_person()
    held.wait_for_person()
    officer, other = Officer(gateway), Officer(gateway, "desk02")
    officer.accept(held)
    officer.close()
    ended = held.event("handoff_ended")["payload"]
    assert ended["outcome"] == "agent_lost"
    assert held.state(mode="waiting")["queue"]["place"] == 1
    waiting.quiet()
    assert [f for f in waiting.seen if f["type"] == "state"][-1]["queue"]["place"] == 2
    other.quiet()
    queue = [f for f in other.seen if f["type"] == "queue"][-1]
    assert [e["conversation_id"] for e in queue["waiting"]] == [held.id, waiting.id]
    assert other.accept(held)["state"]["agent_name"] == "07号"


def test_an_officer_who_comes_back_in_time_keeps_the_talk(start: Start) -> None:
    gateway = start(agent_grace_s=0.4)
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    officer.close()
    back = Officer(gateway, cookie=officer.cookie)
    assert back.queue["active"][0]["mine"] is True
    citizen.quiet(0.7)
    assert gateway.kinds(citizen.id)[-1] == "handoff_accepted"
    back.command("say", citizen.id, text="我回来了")
    assert citizen.event("agent_said")["payload"]["text"] == "我回来了"


def test_one_of_two_tabs_of_an_officer_may_close(start: Start) -> None:
    gateway = start(agent_grace_s=0.1)
    citizen, officer = Citizen(gateway), Officer(gateway)
    second = Officer(gateway, cookie=officer.cookie)
    citizen.wait_for_person()
    officer.accept(citizen)
    officer.close()
    citizen.quiet(0.4)
    assert gateway.kinds(citizen.id)[-1] == "handoff_accepted"
    second.command("say", citizen.id, text="还在")
    assert citizen.event("agent_said")["payload"]["text"] == "还在"


def test_the_times_of_a_handoff_are_kept_and_a_second_acceptance_does_not_stretch_the_wait(
    start: Start,
) -> None:
    gateway = start(agent_grace_s=0.1)
    citizen, officer, other = Citizen(gateway), Officer(gateway), Officer(gateway, "desk02")
    citizen.wait_for_person()
    officer.accept(citizen)
    time.sleep(0.3)
    officer.close()
    citizen.event("handoff_ended")
    other.accept(citizen)
    other.command("say", citizen.id, text="您好")
    citizen.event("agent_said")
    other.command("close", citizen.id)
    citizen.state(mode="bot")
    with sqlite3.connect(gateway.settings.database) as db:
        rows = db.execute(
            "select agent_id, outcome, accepted_at - requested_at, first_reply_at - requested_at,"
            " ended_at - requested_at from handoffs"
        ).fetchall()
    assert len(rows) == 1
    agent, outcome, accepted_s, replied_s, ended_s = rows[0]
    assert (agent, outcome) == ("desk02", "closed")
    assert 0 <= accepted_s < 0.3 < replied_s <= ended_s


def test_minutes_are_promised_only_with_a_basis(gateway: Gateway) -> None:
    officer = Officer(gateway)
    for _ in range(3):
        citizen = Citizen(gateway)
        assert citizen.wait_for_person()["queue"]["minutes"] is None
        officer.accept(citizen)
    assert Citizen(gateway).wait_for_person()["queue"]["minutes"] == 1
