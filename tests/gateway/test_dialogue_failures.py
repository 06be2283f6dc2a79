"""A bot that fails: the citizen always gets one plain sentence and the way to a person."""

from __future__ import annotations

import asyncio

import pytest
from starlette.testclient import TestClient

from gateway import wire
from gateway.app import create_app
from gateway.dialogue import DialogueSilent, DialogueUnavailable
from gateway.settings import GatewaySettings
from tests.fakes_gateway import Held, ScriptedDialogue
from tests.gateway.clients import Citizen
from tests.gateway.conftest import Start
from tests.live.stack import free_port


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (DialogueUnavailable("refused"), "error_bot_unavailable"),
        (DialogueSilent("[]"), "error_bot_silent"),
        (ValueError("unforeseen"), "error_bot_unavailable"),
        (RecursionError("unforeseen"), "error_bot_unavailable"),
        (asyncio.TimeoutError(), "error_bot_unavailable"),
    ],
)
def test_every_failure_is_told_and_the_next_question_works(
    start: Start, trouble: Exception, status: str
) -> None:
    gateway = start(ScriptedDialogue(trouble, "好了"))
    citizen = Citizen(gateway)
    citizen.say("居住证", "c-1")
    own = citizen.until(lambda f: f.get("ref") == "c-1")
    told = citizen.event("bot_said")["payload"]
    failure = told["messages"][0]
    assert told["reply_to"] == own["seq"]
    assert (failure["kind"], failure["status"]) == ("failure", status)
    assert failure["replies"][0]["action"] == "handoff"
    assert str(trouble) not in failure["text"] or not str(trouble)
    assert citizen.state(thinking=False)
    assert citizen.ask("再来")[0]["text"] == "好了"


def test_one_slow_talk_does_not_hold_up_another(start: Start) -> None:
    held = Held("慢")
    gateway = start(ScriptedDialogue(held, "快"))
    slow, quick = Citizen(gateway), Citizen(gateway)
    slow.say("甲")
    assert held.asked.wait(5)
    assert quick.ask("乙")[0]["text"] == "快"
    held.release()
    assert slow.event("bot_said")["payload"]["messages"][0]["text"] == "慢"


def test_turns_in_flight_are_limited(start: Start) -> None:
    helds = [Held(str(n)) for n in range(3)]
    gateway = start(ScriptedDialogue(*helds), turns_in_flight=2)
    citizens = [Citizen(gateway) for _ in helds]
    for citizen in citizens:
        citizen.say("问")
        citizen.event("citizen_said")
    assert helds[0].asked.wait(5) and helds[1].asked.wait(5)
    assert not helds[2].asked.wait(0.15)
    helds[0].release()
    assert helds[2].asked.wait(5)
    helds[1].release(), helds[2].release()
    for citizen in citizens:
        assert citizen.event("bot_said")


def test_the_real_parts_with_nothing_behind_them(tmp_path: object) -> None:
    """No Rasa, no action server: greeting, an honest failure, and a person can still be reached."""
    dead = f"http://127.0.0.1:{free_port()}"
    settings = GatewaySettings(
        _env_file=None,
        data_dir=tmp_path,
        static_dir=tmp_path,
        rasa_url=dead,
        actions_url=dead,
    )
    with TestClient(create_app(settings)) as client:
        client.post("/api/conversations", json={"fresh": True})
        with client.websocket_connect("/ws/citizen") as socket:
            socket.receive_json(), socket.receive_json()
            socket.send_json({"v": 1, "type": "say", "id": "c", "text": "居住证"})
            frames = [socket.receive_json() for _ in range(2)]
            bot = next(f for f in frames if f["type"] == "event" and f["payload"]["kind"] == "bot_said")
            assert bot["payload"]["messages"][0]["status"] == "error_bot_unavailable"
            socket.send_json({"v": 1, "type": "say", "id": "d", "text": "转人工"})
            kinds = [
                f["payload"]["kind"]
                for f in (socket.receive_json(), socket.receive_json())
                if f["type"] == "event"
            ]
            assert kinds == ["citizen_said", "handoff_requested"]
    assert wire.VERSION == 1
