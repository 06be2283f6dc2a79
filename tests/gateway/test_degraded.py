"""What still works while a part is away, how crowds are told to wait, and whether the process can serve."""

from __future__ import annotations

import json
import logging
import sys

import aiohttp
import pytest

from gateway import wire
from gateway.dialogue import DialogueUnavailable
from gateway.direct import DirectUnavailable, HttpDirectAnswers
from gateway.logs import JsonLines, Lines
from gateway.readiness import readiness
from tests.fakes_gateway import Held, ScriptedDialogue, ScriptedDirect
from tests.gateway.clients import Citizen, Closed
from tests.gateway.conftest import Start
from tests.gateway.test_rasa_dialogue import replying, serving

AWAY = DialogueUnavailable("scripted")


def card(guide_id: str) -> wire.AnswerMessage:
    shown = wire.GuideCard(
        guide_id=guide_id,
        name="居民身份证丢失补领",
        department="公安局",
        summary="",
        headlines=[],
        sections=[],
        basis=[],
        reviewed_on="2026-11-24",
        version="1",
        unverified=[],
    )
    return wire.AnswerMessage(lead="带户口簿到派出所。", card=shown)


def test_while_the_dialogue_is_away_the_guides_answer_and_say_so(start: Start):
    direct = ScriptedDirect({"身份证": card("id-card-replace"), "多少钱": card("id-card-replace")})
    gateway = start(ScriptedDialogue(AWAY, AWAY, AWAY), direct=direct)
    citizen = Citizen(gateway)
    answer, note = citizen.ask("身份证丢了怎么补")
    assert answer["kind"] == "answer" and note["status"] == "answered_directly"
    assert note["replies"][0]["action"] == "handoff"
    citizen.ask("那要多少钱")
    assert direct.asked == [("身份证丢了怎么补", {}, None), ("那要多少钱", {}, "id-card-replace")]
    [failure] = citizen.ask("我要投诉")
    assert (failure["kind"], failure["status"]) == ("failure", "error_bot_unavailable")


def test_a_button_of_a_card_works_without_the_dialogue(start: Start):
    direct = ScriptedDirect({"/open_guide": card("id-card-first")})
    gateway = start(ScriptedDialogue(AWAY), direct=direct)
    citizen = Citizen(gateway)
    citizen.act("open_guide", "首次申领身份证", guide_id="id-card-first")
    said = citizen.event("bot_said")["payload"]["messages"]
    assert said[0]["card"]["guide_id"] == "id-card-first"
    assert direct.asked == [("/open_guide", {"guide_id": "id-card-first"}, None)]


def test_with_both_away_a_person_is_offered_and_reached(start: Start):
    direct = ScriptedDirect({"身份证": DirectUnavailable("scripted")})
    gateway = start(ScriptedDialogue(AWAY), direct=direct)
    citizen = Citizen(gateway)
    [failure] = citizen.ask("身份证丢了怎么补")
    assert failure["kind"] == "failure" and failure["replies"][0]["action"] == "handoff"
    assert citizen.wait_for_person()["queue"]["place"] == 1


@pytest.mark.parametrize("status, body", [(500, {}), (200, []), (200, {"messages": 3}), (404, {})])
async def test_whatever_else_the_action_server_says_is_an_outage(status, body):
    async with serving(replying(body, status)) as base:
        client = HttpDirectAnswers(base, 1.0)
        await client.open()
        try:
            with pytest.raises(DirectUnavailable):
                await client.answer("c1", "身份证", args={}, before=None)
        finally:
            await client.close()


def test_who_waits_for_a_busy_bot_is_told_how_many_come_first(start: Start):
    held = [Held("一"), Held("二"), Held("三")]
    gateway = start(ScriptedDialogue(*held), turns_in_flight=1)
    first, second, third = Citizen(gateway), Citizen(gateway), Citizen(gateway)
    first.say("一")
    assert held[0].asked.wait(5)
    second.say("二")
    assert second.state(thinking=True, ahead=1)
    third.say("三")
    assert third.state(thinking=True, ahead=2)
    for one in held:
        one.release()
    for citizen, words in ((first, "一"), (second, "二"), (third, "三")):
        assert citizen.event("bot_said")["payload"]["messages"][0]["text"] == words
        assert citizen.state(thinking=False, ahead=0)
    assert gateway.app.state.hub.metrics.turns_waiting._value.get() == 0


def test_beyond_the_limit_newcomers_are_told_to_come_back_and_nobody_is_thrown_out(start: Start):
    gateway = start(sockets_limit=1)
    inside = Citizen(gateway)
    busy = gateway.client.post("/api/conversations", json={"fresh": True})
    assert (busy.status_code, busy.json()["error"]["code"]) == (503, "busy")
    assert busy.headers["retry-after"] == "30"
    assert "12345" in busy.json()["error"]["message"]
    with pytest.raises((Closed, AssertionError)) as refused:
        Citizen(gateway, cookie=inside.cookie)
    assert getattr(refused.value, "code", 4429) == 4429
    assert inside.ask("还在吗")
    inside.close()
    gateway.until(lambda: not gateway.app.state.hub.full)
    assert Citizen(gateway, cookie=inside.cookie).ask("又来了")


async def test_readiness_names_what_is_away_and_what_that_means():
    async def fine() -> None:
        return

    async def away() -> None:
        raise aiohttp.ClientConnectionError("refused")

    needed = frozenset({"database"})
    assert (await readiness({"database": fine, "dialogue": fine}, needed)).status == "ready"
    found = await readiness({"database": fine, "dialogue": away}, needed)
    assert (found.status, found.parts) == (
        "degraded",
        {"database": "ok", "dialogue": "ClientConnectionError"},
    )
    assert (await readiness({"database": away, "dialogue": fine}, needed)).status == "unready"


def test_the_process_tells_its_health_and_keeps_its_figures_for_who_has_the_token(start: Start):
    gateway = start(metrics_token="secret-of-the-collector")
    citizen = Citizen(gateway)
    citizen.ask("我的手机是13812345678")
    citizen.send(type="say", text="")
    citizen.error()
    assert gateway.client.get("/healthz").json() == {"status": "ok"}
    assert gateway.client.get("/readyz").json() == {"status": "ready", "parts": {"database": "ok"}}
    assert gateway.client.get("/metrics").status_code == 404
    assert gateway.client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    page = gateway.client.get("/metrics", headers={"Authorization": "Bearer secret-of-the-collector"})
    assert page.headers["content-type"].startswith("text/plain")
    assert 'nczf_events_total{kind="citizen_said"} 1.0' in page.text
    assert 'nczf_outcomes_total{outcome="greeting"} 1.0' in page.text
    assert 'nczf_refused_frames_total{code="text_empty"} 1.0' in page.text
    assert 'nczf_sockets{who="citizen"} 1.0' in page.text
    assert "1381234" not in page.text


def test_without_a_token_there_are_no_figures(start: Start):
    gateway = start()
    assert gateway.client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("formatter", [Lines("%(message)s"), JsonLines()])
def test_a_logged_exception_keeps_its_message_to_itself(formatter):
    try:
        try:
            int("身份证 360102199003071234")
        except ValueError as cause:
            raise KeyError("电话 13812345678") from cause
    except KeyError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "turn failed", None, sys.exc_info())
    line = formatter.format(record)
    assert "turn failed" in line and "KeyError at test_degraded.py" in line and "ValueError" in line
    assert "3601021990" not in line and "1381234" not in line
    if isinstance(formatter, JsonLines):
        assert json.loads(line)["level"] == "ERROR"
