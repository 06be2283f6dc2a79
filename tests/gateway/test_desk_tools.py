"""Beside the talk: the guide at hand, a draft held against it, notes, hand-over, opening hours, phrases."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.phrases import load_canned
from tests.fakes_gateway import ScriptedKnowledge
from tests.gateway.clients import Citizen, Gateway, Officer
from tests.gateway.conftest import Start

CARD = {
    "guide_id": "id-card-replace",
    "name": "居民身份证丢失补领",
    "department": "公安局",
    "summary": "",
    "headlines": [],
    "sections": [],
    "basis": [],
    "reviewed_on": "2026-11-24",
    "version": "1",
    "unverified": [],
}
WARNING = {"field": "fee", "said": "免费", "guide_says": "工本费40元"}


@pytest.fixture
def helped(start: Start) -> Gateway:
    """A gateway whose knowledge knows one card and one contradiction."""
    knowledge = ScriptedKnowledge()
    knowledge.cards["身份证"] = CARD
    knowledge.warnings["免费"] = WARNING
    return start(knowledge=knowledge)


def talk(gateway: Gateway, words: str = "身份证丢了") -> tuple[Citizen, Officer]:
    citizen = Citizen(gateway)
    citizen.ask(words)
    officer = Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    citizen.event("handoff_accepted")
    citizen.state(mode="agent")
    return citizen, officer


def test_the_guide_that_the_citizens_words_lead_to_is_at_hand_and_follows_them(helped: Gateway):
    citizen, officer = talk(helped)
    assist = officer.until(lambda f: f["type"] == "assist")
    assert (assist["card"]["guide_id"], assist["conversation_id"]) == ("id-card-replace", citizen.id)
    seen = assist["for_seq"]
    citizen.say("要多久")
    officer.until(lambda f: f["type"] == "assist" and f["for_seq"] > seen)
    ref = officer.command("open", citizen.id, after=0)
    officer.until(lambda f: f["type"] == "transcript" and f["ref"] == ref)
    assert officer.until(lambda f: f["type"] == "assist")["card"]["guide_id"] == "id-card-replace"
    assert not [f for f in citizen.seen + citizen.quiet() if f["type"] == "assist"]


def test_an_unusable_card_or_an_outage_leaves_the_desk_without_one(start: Start):
    knowledge = ScriptedKnowledge()
    knowledge.cards["身份证"] = {"guide_id": "x"}
    citizen, officer = talk(start(knowledge=knowledge))
    citizen.say("在吗")
    officer.event("citizen_said")
    assert not [f for f in officer.quiet() if f["type"] == "assist"]


def test_a_draft_that_contradicts_the_guide_gets_a_quiet_warning_and_is_not_stored(helped: Gateway):
    citizen, officer = talk(helped)
    officer.until(lambda f: f["type"] == "assist")
    before = helped.kinds(citizen.id)
    ref = officer.command("check", citizen.id, text="补办是免费的")
    told = officer.until(lambda f: f["type"] == "warnings")
    assert (told["ref"], told["warnings"]) == (ref, [WARNING])
    officer.command("check", citizen.id, text="工本费40元")
    assert officer.until(lambda f: f["type"] == "warnings")["warnings"] == []
    assert helped.knowledge.checked[0] == ("补办是免费的", "id-card-replace")
    assert helped.kinds(citizen.id) == before
    assert not citizen.quiet()


def test_nobody_checks_or_notes_or_hands_on_what_another_holds(helped: Gateway):
    citizen, _ = talk(helped)
    other = Officer(helped, "desk02")
    for command, fields in (
        ("check", {"text": "免费"}),
        ("note", {"text": "不该看到"}),
        ("transfer", {"to": ""}),
    ):
        ref = other.command(command, citizen.id, **fields)
        error = other.error()
        assert (error["code"], error["ref"]) == ("not_yours", ref)
    assert "note_added" not in helped.kinds(citizen.id)


def test_a_note_is_for_colleagues_alone_masked_and_stored_once(helped: Gateway):
    citizen, officer = talk(helped)
    officer.send(type="note", id="n-1", conversation_id=citizen.id, text="电话 13812345678，下午打给他")
    noted = officer.event("note_added")
    assert (noted["payload"]["text"], noted["ref"]) == ("电话 138****5678，下午打给他", "n-1")
    officer.send(type="note", id="n-1", conversation_id=citizen.id, text="电话 13812345678，下午打给他")
    assert officer.event("note_added")["seq"] == noted["seq"]
    assert helped.kinds(citizen.id).count("note_added") == 1
    assert not [f for f in citizen.quiet() if f["type"] == "event"]
    again = Citizen(helped, cookie=citizen.cookie)
    assert not [f for f in again.events() if f["payload"]["kind"] == "note_added"]
    officer.send(type="note", id="n-2", conversation_id=citizen.id, text="  ")
    assert officer.error()["code"] == "text_empty"


def test_a_talk_is_handed_to_a_colleague_with_everything_said_and_the_note(helped: Gateway):
    citizen, officer = talk(helped)
    colleague = Officer(helped, "desk02")
    listed = officer.until(lambda f: f["type"] == "queue" and f["colleagues"])
    assert listed["colleagues"] == [{"username": "desk02", "name": "07号", "talks": 0}]
    ref = officer.command("transfer", citizen.id, to="desk02", note="要查户籍，麻烦你")
    officer.until(lambda f: f["type"] == "done" and f["ref"] == ref)
    told = citizen.event("handoff_accepted")["payload"]
    assert "07号" in told["text"] and told["agent_name"] == "07号"
    held = colleague.until(lambda f: f["type"] == "queue" and any(e["mine"] for e in f["active"]))
    assert [e["conversation_id"] for e in held["active"]] == [citizen.id]
    ref = colleague.command("open", citizen.id)
    transcript = colleague.until(lambda f: f["type"] == "transcript" and f["ref"] == ref)
    kinds = [e["payload"]["kind"] for e in transcript["events"]]
    assert "note_added" in kinds and "citizen_said" in kinds
    citizen.say("你好")
    assert colleague.event("citizen_said")["payload"]["text"] == "你好"
    ref = officer.command("say", citizen.id, text="我还在吗")
    assert officer.error()["code"] == "not_yours"
    colleague.command("say", citizen.id, text="我来处理")
    assert citizen.event("agent_said")["payload"]["agent_name"] == "07号"


def test_a_talk_goes_back_to_the_front_of_the_queue(helped: Gateway):
    citizen, officer = talk(helped)
    late = Citizen(helped)
    late.wait_for_person()
    officer.command("transfer", citizen.id, to="")
    assert citizen.event("handoff_ended")["payload"]["outcome"] == "transferred"
    assert citizen.state(mode="waiting")["queue"]["place"] == 1
    second = Officer(helped, "desk02")
    second.accept(citizen)
    assert citizen.state(mode="agent")["agent_name"] == "07号"


@pytest.mark.parametrize("to", ["desk01", "desk02", "nobody"])
def test_a_talk_is_not_handed_to_oneself_nor_to_who_is_not_there(helped: Gateway, to):
    citizen, officer = talk(helped)
    ref = officer.command("transfer", citizen.id, to=to)
    error = officer.error()
    assert (error["code"], error["field"], error["ref"]) == ("not_found", "to", ref)
    citizen.say("还在吗")
    assert officer.event("citizen_said")


def test_the_reason_of_a_close_is_kept(helped: Gateway):
    citizen, officer = talk(helped)
    officer.command("close", citizen.id, reason="referred")
    assert citizen.event("handoff_ended")["payload"]["reason"] == "referred"


CLOSED = "workday: []\nrestday: []\ndays: {}\n"


def test_outside_the_hours_and_with_nobody_there_a_citizen_is_told_so_and_offered_a_message(
    start: Start, tmp_path: Path
):
    hours = tmp_path / "hours.yml"
    hours.write_text(CLOSED, "utf-8")
    gateway = start(hours_file=hours)
    citizen = Citizen(gateway)
    citizen.act("handoff", "转人工")
    [message] = citizen.event("bot_said")["payload"]["messages"]
    assert message["status"] == "handoff_closed" and message["replies"][0]["say"] == "我要留言"
    assert "handoff_requested" not in gateway.kinds(citizen.id)
    Officer(gateway)
    assert citizen.wait_for_person()["queue"]["place"] == 1


def test_inside_the_hours_a_citizen_waits_also_with_nobody_there(start: Start, tmp_path: Path):
    hours = tmp_path / "hours.yml"
    hours.write_text('workday: [["00:00", "24:00"]]\nrestday: [["00:00", "24:00"]]\n', "utf-8")
    assert Citizen(start(hours_file=hours)).wait_for_person()["queue"]["place"] == 1


def test_ready_sentences_are_for_officers_and_state_no_fact(helped: Gateway):
    assert helped.get("/api/desk/phrases").status_code == 401
    phrases = helped.get("/api/desk/phrases", cookie=helped.session("desk01")).json()["phrases"]
    assert phrases == load_canned() and len(phrases) >= 8
    assert not [one for one in phrases if any(ch.isdigit() for ch in one["text"])]


def test_every_fault_of_the_ready_sentences_is_named(tmp_path: Path):
    path = tmp_path / "canned.yml"
    path.write_text("- {key: 您好, text: 您好}\n- {key: 无, text: ' '}\n- 什么\n- {key: 1}\n", "utf-8")
    with pytest.raises(ValueError, match="entry 2, 3, 4"):
        load_canned(path)
