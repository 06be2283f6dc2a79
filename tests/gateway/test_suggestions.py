"""Suggested answers reach the desk and nobody else, and are used only by a click."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from gateway import wire
from gateway.citizen_socket import shown_to_citizen
from gateway.knowledge_client import KnowledgeUnavailable
from tests.fakes_gateway import SUGGESTION, Held, ScriptedKnowledge
from tests.gateway.clients import Citizen, Gateway, Officer
from tests.gateway.conftest import Start

OTHER = {
    **SUGGESTION,
    "text": "临时身份证三个工作日内发给您。",
    "guide_id": "id-card-temporary",
    "confidence": "fair",
}


def talk(gateway: Gateway) -> tuple[Citizen, Officer]:
    """A citizen and the officer who holds the talk."""
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    return citizen, officer


@pytest.fixture
def knowing(start: Start) -> Gateway:
    """A gateway whose knowledge knows about ID cards."""
    return start(knowledge=ScriptedKnowledge({"身份证": [SUGGESTION, OTHER]}))


def test_a_suggestion_is_offered_to_the_desk_and_not_to_the_citizen(knowing: Gateway) -> None:
    citizen, officer = talk(knowing)
    citizen.say("身份证丢了")
    said = officer.event("citizen_said")
    offered = officer.event("suggestion_offered")["payload"]
    assert (offered["for_seq"], offered["draft"]) == (said["seq"], False)
    assert [s["text"] for s in offered["suggestions"]] == [SUGGESTION["text"], OTHER["text"]]
    assert offered["suggestions"][0]["source"] == SUGGESTION["source"]
    citizen.answers_ping()
    citizen.quiet()
    assert "suggestion" not in str(citizen.seen)
    back = Citizen(knowing, citizen.cookie)
    assert "suggestion" not in str(back.seen)
    assert knowing.kinds(citizen.id).count("agent_said") == 0


def test_accepting_looks_for_an_answer_to_the_last_real_question(knowing: Gateway) -> None:
    citizen, officer = Citizen(knowing), Officer(knowing)
    citizen.ask("身份证丢了怎么补")
    citizen.say("转人工")
    citizen.state(mode="waiting")
    officer.accept(citizen)
    knowing.client.portal.call(_breathe)
    officer.quiet()
    offered = [p for p in knowing.stored(citizen.id) if p["kind"] == "suggestion_offered"]
    assert offered[0]["for_seq"] == 2 and knowing.knowledge.asked == ["身份证丢了怎么补"]


async def _breathe() -> None:
    import anyio

    await anyio.sleep(0.05)


ALL_KINDS = {
    get_args(model.model_fields["kind"].annotation)[0] for model in get_args(get_args(wire.EventPayload)[0])
}
ALL_TYPES = {
    get_args(model.model_fields["type"].annotation)[0] for model in get_args(get_args(wire.ServerFrame)[0])
}


def test_the_kinds_are_really_read_from_the_protocol() -> None:
    assert wire.CITIZEN_KINDS < ALL_KINDS and {"suggestion_offered", "suggestion_used"} <= ALL_KINDS
    assert {"event", "state", "queue", "transcript", "bye"} <= ALL_TYPES


@pytest.mark.parametrize("kind", sorted(ALL_KINDS | {"a_kind_of_tomorrow"}))
def test_only_listed_kinds_pass_to_a_citizen(kind: str) -> None:
    frame = {"v": 1, "type": "event", "seq": 1, "ref": None, "payload": {"kind": kind}}
    assert (shown_to_citizen(frame) is not None) == (kind in wire.CITIZEN_KINDS)


@pytest.mark.parametrize("type_", sorted((ALL_TYPES - {"event"}) | {"queue_changed", "a_type_of_tomorrow"}))
def test_only_listed_frames_pass_from_the_bus_to_a_citizen(type_: str) -> None:
    assert (shown_to_citizen({"type": type_}) is not None) == (type_ in {"state", "bye", "notice"})


def test_every_desk_only_kind_published_on_the_citizens_own_topic_is_dropped(gateway: Gateway) -> None:
    citizen = Citizen(gateway)

    def publish() -> None:
        for seq, kind in enumerate(sorted(ALL_KINDS - wire.CITIZEN_KINDS), start=50):
            payload = {"kind": kind, "suggestion_id": "geheim"}
            frame = {
                "v": 1,
                "type": "event",
                "conversation_id": citizen.id,
                "seq": seq,
                "ref": None,
                "payload": payload,
            }
            gateway.client.app.state.hub.bus.publish(f"conversation.{citizen.id}", frame)

    gateway.client.portal.call(publish)
    assert citizen.answers_ping() == [] and citizen.quiet() == []


def test_a_draft_prepares_a_suggestion_and_the_draft_itself_is_not_passed_on(knowing: Gateway) -> None:
    citizen, officer = talk(knowing)
    citizen.send(type="typing", draft="我的身份证丢了")
    officer.state(citizen_typing=True)
    offered = officer.event("suggestion_offered")["payload"]
    assert offered["draft"] is True and knowing.knowledge.asked == ["我的身份证丢了"]
    assert "我的身份证丢了" not in str(officer.seen)
    assert "我的身份证丢了".encode() not in knowing.raw_bytes()


def test_the_same_finding_for_a_longer_draft_is_not_offered_twice(knowing: Gateway) -> None:
    citizen, officer = talk(knowing)
    for draft in ("我的身份证", "我的身份证丢了", "我的身份证丢了怎么"):
        citizen.send(type="typing", draft=draft)
        officer.state(citizen_typing=True)
        officer.quiet(0.05)
    assert knowing.kinds(citizen.id).count("suggestion_offered") == 1


def test_a_short_draft_is_not_searched_with(knowing: Gateway) -> None:
    citizen, officer = talk(knowing)
    citizen.send(type="typing", draft="身份证")
    officer.state(citizen_typing=True)
    officer.quiet(0.05)
    assert knowing.knowledge.asked == []


def test_the_latest_words_win(start: Start) -> None:
    slow = Held(SUGGESTION)
    gateway = start(knowledge=ScriptedKnowledge({"身份证": slow, "社保": [OTHER]}))
    citizen, officer = talk(gateway)
    citizen.say("身份证丢了")
    assert slow.asked.wait(5)
    citizen.say("不对，我问社保")
    offered = officer.event("suggestion_offered")["payload"]
    assert offered["suggestions"][0]["text"] == OTHER["text"]
    slow.release()
    officer.quiet()
    assert gateway.kinds(citizen.id).count("suggestion_offered") == 1


def test_a_search_that_still_runs_when_the_talk_ends_offers_nothing(start: Start) -> None:
    slow = Held(SUGGESTION)
    gateway = start(knowledge=ScriptedKnowledge({"身份证": slow}))
    citizen, officer = talk(gateway)
    citizen.say("身份证丢了")
    assert slow.asked.wait(5)
    officer.command("close", citizen.id)
    citizen.state(mode="bot")
    slow.release()
    officer.quiet()
    assert "suggestion_offered" not in gateway.kinds(citizen.id)


@pytest.mark.parametrize("trouble", [KnowledgeUnavailable("down"), []])
def test_without_suggestions_the_talk_goes_on(start: Start, trouble: Any) -> None:
    gateway = start(knowledge=ScriptedKnowledge({"身份证": trouble}))
    citizen, officer = talk(gateway)
    citizen.say("身份证丢了")
    officer.event("citizen_said")
    officer.command("say", citizen.id, text="我看一下")
    assert citizen.event("agent_said")["payload"]["text"] == "我看一下"
    assert "suggestion_offered" not in gateway.kinds(citizen.id)


@pytest.mark.parametrize("edited", [False, True])
def test_a_used_suggestion_shows_its_source_and_counts(knowing: Gateway, edited: bool) -> None:
    citizen, officer = talk(knowing)
    citizen.say("身份证丢了")
    suggestion = officer.event("suggestion_offered")["payload"]["suggestions"][0]
    officer.command(
        "say", citizen.id, text=suggestion["text"], suggestion_id=suggestion["suggestion_id"], edited=edited
    )
    assert citizen.event("agent_said")["payload"]["source"] == SUGGESTION["source"]
    used = officer.event("suggestion_used")["payload"]
    assert (used["suggestion_id"], used["outcome"]) == (
        suggestion["suggestion_id"],
        "edited" if edited else "sent",
    )
    citizen.quiet()
    assert "suggestion_used" not in str(citizen.seen)


def test_an_unknown_suggestion_is_refused_and_nothing_is_said(knowing: Gateway) -> None:
    citizen, officer = talk(knowing)
    ref = officer.command("say", citizen.id, text="您好", suggestion_id="no-such")
    error = officer.error()
    assert (error["code"], error["ref"]) == ("not_found", ref)
    assert "agent_said" not in knowing.kinds(citizen.id)


def test_a_suggestion_of_another_talk_is_refused(knowing: Gateway) -> None:
    first, officer = talk(knowing)
    first.say("身份证丢了")
    suggestion = officer.event("suggestion_offered")["payload"]["suggestions"][0]["suggestion_id"]
    second = Citizen(knowing)
    second.wait_for_person()
    officer.accept(second)
    officer.command("say", second.id, text="您好", suggestion_id=suggestion)
    assert officer.error()["code"] == "not_found"
    officer.command("dismiss", second.id, suggestion_id=suggestion)
    assert officer.error()["code"] == "not_found"
    assert knowing.kinds(second.id)[-1] == "handoff_accepted"


def test_a_dismissed_suggestion_is_noted_with_its_reason(knowing: Gateway) -> None:
    citizen, officer = talk(knowing)
    citizen.say("身份证丢了")
    suggestion = officer.event("suggestion_offered")["payload"]["suggestions"][1]["suggestion_id"]
    ref = officer.command("dismiss", citizen.id, suggestion_id=suggestion, reason="不相关")
    assert officer.until(lambda f: f["type"] == "done")["ref"] == ref
    noted = [p for p in knowing.stored(citizen.id) if p["kind"] == "suggestion_used"]
    assert [(p["outcome"], p["reason"]) for p in noted] == [("dismissed", "不相关")]
