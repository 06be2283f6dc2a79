"""「再说一遍」: the bot's last words come again, from the log, whatever lay between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway import wire
from gateway.conversation import StoredEvent
from gateway.database import open_database
from gateway.dialogue import DialogueSilent, DialogueUnavailable
from gateway.log import ConversationLog
from gateway.phrases import Phrases
from gateway.repeating import said_again, worth_repeating
from tests.fakes_gateway import Held, ScriptedDialogue
from tests.gateway.clients import Citizen, Gateway, Officer
from tests.gateway.conftest import Start

REPEAT = wire.RepeatMessage()
NO = wire.QuickReply(label="取消", say="取消")
ASK = wire.AskMessage(
    text="您想去哪个大厅？",
    asking="hall",
    options=[wire.QuickReply(label="红谷滩", say="红谷滩", hint="余 3 位"), NO],
)


def texts(gateway: Gateway, citizen: Citizen) -> list[list[str]]:
    """The words of each stored event of the bot."""
    stored = [p for p in gateway.stored(citizen.id) if p["kind"] == "bot_said"]
    return [[m["text"] for m in p["messages"]] for p in stored]


def never_told(gateway: Gateway, citizen: Citizen) -> None:
    """No frame and no stored event holds the message that is for the gateway alone."""
    for told in (citizen.seen, gateway.stored(citizen.id)):
        assert '"kind": "repeat"' not in json.dumps(told)


def test_the_last_words_come_again_as_an_answer_of_their_own(start: Start) -> None:
    replies = [wire.QuickReply(label="居住证", say="居住证怎么办")]
    told = wire.TextMessage(text="带上身份证。", status="small_talk", replies=replies)
    gateway = start(ScriptedDialogue("第一句", [told, "还有照片。"], REPEAT))
    citizen = Citizen(gateway)
    citizen.ask("甲")
    first = citizen.ask("乙")
    citizen.say("再说一遍", "c-again")
    own = citizen.until(lambda f: f.get("ref") == "c-again")
    again = citizen.event("bot_said")
    assert again["payload"]["messages"] == first
    assert (again["seq"], again["payload"]["reply_to"]) == (own["seq"] + 1, own["seq"])
    never_told(gateway, citizen)


def test_a_second_repeat_in_a_row_gives_the_same_words(start: Start) -> None:
    gateway = start(ScriptedDialogue([ASK], REPEAT, REPEAT, REPEAT))
    citizen = Citizen(gateway)
    first = citizen.ask("约个号")
    assert first[0]["options"][0]["hint"] == "余 3 位"
    for _ in range(3):
        assert citizen.ask("再说一遍") == first
    never_told(gateway, citizen)


def test_the_greeting_is_repeated_when_there_was_nothing_else(start: Start) -> None:
    gateway = start(ScriptedDialogue(REPEAT))
    citizen = Citizen(gateway)
    greeting = citizen.events()[0]["payload"]["messages"]
    assert citizen.ask("你刚才说什么") == greeting


@pytest.mark.parametrize("trouble", [DialogueUnavailable("x"), DialogueSilent("x"), ValueError("x")])
def test_failures_are_not_what_the_citizen_asked_for(start: Start, trouble: Exception) -> None:
    own = wire.FailureMessage(text="查不到", status="error_backend_case")
    gateway = start(ScriptedDialogue("有用的话", own, trouble, trouble, REPEAT))
    citizen = Citizen(gateway)
    first = citizen.ask("甲")
    for _ in range(3):
        assert citizen.ask("乙")[0]["kind"] == "failure"
    assert citizen.ask("再说一遍") == first


def test_a_failure_beside_other_words_is_a_part_of_them(start: Start) -> None:
    failure = wire.FailureMessage(text="这个时段刚被约走", status="error_backend_booking")
    gateway = start(ScriptedDialogue([failure, ASK], REPEAT))
    citizen = Citizen(gateway)
    first = citizen.ask("九点")
    assert citizen.ask("再说一遍") == first


def test_repeat_after_a_restart(start: Start) -> None:
    gateway = start(ScriptedDialogue([ASK]))
    citizen = Citizen(gateway)
    first = citizen.ask("约个号")
    gateway.stop()
    again = start(ScriptedDialogue(REPEAT, REPEAT))
    back = Citizen(again, citizen.cookie, after=3)
    assert back.ask("再说一遍") == first
    assert back.ask("没听清") == first


def test_an_answer_lost_in_a_crash_is_owned_up_to_and_then_skipped(start: Start) -> None:
    gateway = start(ScriptedDialogue("有用的话", Held("nie")), dialogue_deadline_s=0.1)
    citizen = Citizen(gateway)
    first = citizen.ask("甲")
    citizen.say("乙")
    citizen.state(thinking=True)
    gateway.stop()
    back = Citizen(start(ScriptedDialogue(REPEAT)), citizen.cookie, after=4)
    assert back.events()[0]["payload"]["messages"][0]["status"] == "error_interrupted"
    assert back.ask("再说一遍") == first


def test_only_what_stood_there_when_the_citizen_asked_counts(start: Start) -> None:
    held = Held("慢的答复")
    gateway = start(ScriptedDialogue("第一句", held, REPEAT))
    citizen = Citizen(gateway)
    first = citizen.ask("甲")
    citizen.say("乙")
    assert held.asked.wait(5)
    citizen.say("再说一遍")
    citizen.event("citizen_said"), citizen.event("citizen_said")
    held.release()
    assert citizen.event("bot_said")["payload"]["messages"][0]["text"] == "慢的答复"
    assert citizen.event("bot_said")["payload"]["messages"] == first


def test_a_form_that_asks_anew_by_itself_asks_once(start: Start) -> None:
    """In a form Rasa asks the question again after `action_repeat`: its newer options are the true ones."""
    now = ASK.model_copy(update={"options": [NO]})
    gateway = start(ScriptedDialogue(["先说地点。", ASK], [REPEAT, now], [REPEAT, now]))
    citizen = Citizen(gateway)
    note = citizen.ask("约个号")[0]
    for _ in range(2):
        assert citizen.ask("再说一遍") == [note, now.model_dump()]


def test_another_question_than_the_repeated_one_stays(start: Start) -> None:
    other = wire.AskMessage(text="哪一天？", asking="day")
    gateway = start(ScriptedDialogue([ASK], [REPEAT, other]))
    citizen = Citizen(gateway)
    citizen.ask("约个号")
    assert [m["text"] for m in citizen.ask("再说一遍")] == [ASK.text, other.text]


def test_an_effect_is_not_carried_out_again(start: Start) -> None:
    big = wire.TextMessage(text="已换成大字版。", status="elder_mode", effect="elder_on")
    gateway = start(ScriptedDialogue(big, REPEAT))
    citizen = Citizen(gateway)
    assert citizen.ask("字大一点")[0]["effect"] == "elder_on"
    assert citizen.ask("再说一遍") == [big.model_copy(update={"effect": ""}).model_dump()]


def test_repeat_does_not_break_the_way_to_a_person(start: Start) -> None:
    handoff = wire.HandoffMessage(reason="complaint", summary={"事项": "居住证"})
    gateway = start(ScriptedDialogue("有用的话", [REPEAT, handoff], REPEAT))
    citizen, officer = Citizen(gateway), Officer(gateway)
    first = citizen.ask("甲")
    assert citizen.ask("再说一遍，然后给我找个人") == first
    assert citizen.event("handoff_requested")["payload"]["reason"] == "complaint"
    assert officer.accept(citizen)["facts"] == {"事项": "居住证"}
    officer.command("say", citizen.id, text="您好")
    citizen.event("agent_said")
    citizen.say("再说一遍")
    citizen.event("citizen_said")
    citizen.quiet()
    assert len(gateway.dialogue.heard) == 2
    officer.command("close", citizen.id)
    rating = citizen.event("bot_said")["payload"]["messages"]
    assert rating[0]["kind"] == "rating"
    assert citizen.ask("再说一遍") == rating
    never_told(gateway, citizen)


def test_a_person_who_took_over_meanwhile_is_not_talked_over(start: Start) -> None:
    held = Held(REPEAT)
    gateway = start(ScriptedDialogue("有用的话", held))
    citizen = Citizen(gateway)
    citizen.ask("甲")
    citizen.say("再说一遍")
    assert held.asked.wait(5)
    citizen.wait_for_person()
    held.release()
    citizen.quiet()
    assert len(texts(gateway, citizen)) == 2


def test_a_place_in_a_queue_that_was_left_is_not_told_again(start: Start) -> None:
    gateway = start(ScriptedDialogue("有用的话", REPEAT))
    citizen = Citizen(gateway)
    first = citizen.ask("甲")
    citizen.wait_for_person()
    citizen.say("转人工")
    assert "第 1 位" in citizen.event("bot_said")["payload"]["messages"][0]["text"]
    citizen.act("leave_queue", "离开排队")
    citizen.event("handoff_ended")
    assert citizen.ask("再说一遍") == first


def test_what_was_masked_stays_masked(start: Start) -> None:
    rows = [wire.Row(label="电话", value="13812345678")]
    gateway = start(ScriptedDialogue([ASK.model_copy(update={"rows": rows})], REPEAT))
    citizen = Citizen(gateway)
    assert citizen.ask("约")[0]["rows"][0]["value"] == "138****5678"
    assert citizen.ask("再说一遍")[0]["rows"][0]["value"] == "138****5678"
    assert b"13812345678" not in gateway.raw_bytes()


def test_two_repeats_in_one_answer_are_one(start: Start) -> None:
    gateway = start(ScriptedDialogue("有用的话", ["好的。", REPEAT, REPEAT]))
    citizen = Citizen(gateway)
    citizen.ask("甲")
    assert [m["text"] for m in citizen.ask("再说一遍")] == ["好的。", "有用的话"]


def test_without_anything_said_it_says_so() -> None:
    phrases = Phrases.load()
    sentence = phrases.say("nothing_to_repeat")
    assert said_again([REPEAT], [], sentence) == [
        wire.TextMessage(text=sentence, status="nothing_to_repeat")
    ]


def bot(*messages: wire.BotMessage) -> dict[str, object]:
    """The payload of an event of the bot."""
    return wire.BotSaid(messages=list(messages)).model_dump()


def test_the_log_reads_backwards_and_stops(tmp_path: Path) -> None:
    log = ConversationLog(open_database(tmp_path / "x.db"))
    one, _ = log.create("portal")
    other, _ = log.create("portal")
    for n in range(1, 40):
        log.append(one.id, bot(wire.TextMessage(text=f"第{n}句")))
        log.append(one.id, wire.CitizenSaid(text="嗯").model_dump())
    log.append(one.id, bot(wire.FailureMessage(text="x", status="y")))
    log.append(other.id, bot(wire.TextMessage(text="别人的")))
    seen: list[int] = []

    def wanted(stored: StoredEvent) -> bool:
        seen.append(stored.seq)
        return worth_repeating(stored)

    found = log.last_said(one.id, 80, wanted)
    assert found is not None and (found.seq, seen) == (77, [79, 77])
    found = log.last_said(one.id, 5, wanted)
    assert found is not None and (found.seq, found.payload) == (3, bot(wire.TextMessage(text="第2句")))
    assert log.last_said(one.id, 1, wanted) is None
    assert log.last_said("nobody", 9, wanted) is None
