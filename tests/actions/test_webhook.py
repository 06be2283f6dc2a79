"""The real app on a free port, called as Rasa 3.6.21 calls it: data/ holds what a running Rasa sent."""

from __future__ import annotations

import json
import warnings
import zlib
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sanic import Sanic

from actions.phrases import Phrases
from actions.server import build_app
from tests.contracts.implementations import local
from tests.fakes import PASSPORT, RESIDENCE, HeldClock, ScriptedAnswerer, answered

DATA = Path(__file__).parent / "data"
RECORDED = sorted(p.stem for p in DATA.glob("rasa_3_6_*.json"))


def recorded(name: str) -> dict[str, Any]:
    """What Rasa sent."""
    return json.loads((DATA / f"rasa_3_6_{name}.json").read_text("utf-8"))


def slot(name: str, value: Any) -> dict[str, Any]:
    """A slot event as the SDK writes it."""
    return {"event": "slot", "timestamp": None, "name": name, "value": value}


@pytest.fixture
def answerer() -> ScriptedAnswerer:
    """Nothing scripted yet."""
    return ScriptedAnswerer(items={"居住证": RESIDENCE, "护照": PASSPORT})


@pytest.fixture
async def server(tmp_path, answerer):
    """The running app: an HTTP client for it."""
    clock = HeldClock()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Rasa 3.6 and SDK 3.21 differ on purpose (docs/adr/0001)
        app = build_app(local(tmp_path, clock), answerer, Phrases.load(), clock)
        app.config.TOUCHUP = False  # Sanic rewrites its own methods, once per process
        running = await app.create_server(
            host="127.0.0.1", port=0, return_asyncio_server=True, access_log=False
        )
        await running.startup()
        port = running.server.sockets[0].getsockname()[1]
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
                yield client
        finally:
            running.close()
            Sanic.unregister_app(app)


async def test_health_and_the_list_of_actions(server):
    assert (await server.get("/health")).json() == {"status": "ok"}
    names = {a["name"] for a in (await server.get("/actions")).json()}
    assert {"action_answer_guide", "validate_booking_form", "action_book"} <= names


async def test_a_question_gives_exactly_these_events(server, answerer):
    answerer.script.append(answered(RESIDENCE))
    reply = (await server.post("/webhook", json=recorded("answer_guide"))).json()
    assert answerer.asked == [("身份证丢了怎么补", None, {})]
    assert reply["events"] == [
        slot("guide_id", RESIDENCE.id),
        slot("guide_facts", {}),
        slot("guide_asked", []),
        slot("guide_pending", None),
        slot("guide_recent", []),
        slot("misses", 0),
        slot("last_service", f"guide:{RESIDENCE.id}:c-rec-1"),
    ]
    (said,) = reply["responses"]
    assert said["custom"]["kind"] == "answer" and said["custom"]["card"]["guide_id"] == RESIDENCE.id
    assert said["text"] is None


async def test_one_sentence_of_a_booking_gives_exactly_these_events(server):
    """我想预约周六上午去红谷滩办居住证"""
    reply = (await server.post("/webhook", json=recorded("validate_booking"))).json()
    assert reply == {
        "events": [
            slot("booking_item", {"id": RESIDENCE.id, "name": RESIDENCE.name}),
            slot("booking_hall", "honggutan"),
            slot("booking_day", "2026-11-28"),
            slot("booking_time", {"start": "08:00", "end": "12:00", "part": "morning"}),
            slot("booking_slot", None),
            slot("form_failures", 0),
        ],
        "responses": [],
    }


async def test_an_items_bare_name_fills_the_form(server):
    """居住证申领, which Rasa takes for ask_service (0.71): the form must not throw it back."""
    call = recorded("item_named")
    assert call["tracker"]["latest_message"]["intent"]["name"] == "ask_service"
    reply = (await server.post("/webhook", json=call)).json()
    assert slot("booking_item", {"id": RESIDENCE.id, "name": RESIDENCE.name}) in reply["events"]


async def test_a_compressed_call_is_read(server):
    packed = zlib.compress(json.dumps(recorded("validate_booking")).encode())
    headers = {"Content-Encoding": "deflate", "Content-Type": "application/json"}
    reply = await server.post("/webhook", content=packed, headers=headers)
    assert reply.status_code == 200 and len(reply.json()["events"]) == 6


async def test_a_broken_answerer_gives_a_sentence_not_an_error(server, answerer):
    answerer.script.append(RuntimeError("身份证丢了怎么补 /secret/path"))
    reply = await server.post("/webhook", json=recorded("answer_guide"))
    assert reply.status_code == 200
    assert [r["custom"]["kind"] for r in reply.json()["responses"]] == ["failure"]
    assert reply.json()["events"] == []
    assert "secret" not in reply.text and "Traceback" not in reply.text


async def test_an_unknown_action_is_a_404_for_rasa(server):
    reply = await server.post("/webhook", json={**recorded("answer_guide"), "next_action": "action_gone"})
    assert reply.status_code == 404 and reply.json()["action_name"] == "action_gone"


async def test_the_knowledge_routes_serve_the_gateway(server, answerer):
    card = (await server.get(f"/knowledge/guides/{RESIDENCE.id}")).json()
    assert card["guide_id"] == RESIDENCE.id
    assert (await server.get("/knowledge/guides/gone")).status_code == 404
    wanted = {"text": "要钱吗", "guide_id": RESIDENCE.id}
    found = (await server.post("/knowledge/suggest", json=wanted)).json()
    assert [s["field"] for s in found["suggestions"]] == ["fee"]
    assert answerer.asked[-1] == ("要钱吗", RESIDENCE.id, {})
    assert (await server.post("/knowledge/suggest", json={"text": " "})).json() == {"suggestions": []}
    answerer.script.append(answered(RESIDENCE))
    listed = (await server.get("/knowledge/guides", params={"q": "居住证"})).json()["guides"]
    assert [g["guide_id"] for g in listed] == [RESIDENCE.id]


async def test_the_desk_is_told_the_card_that_the_words_lead_to_and_what_contradicts_it(server, answerer):
    answerer.script += [answered(RESIDENCE), answered(PASSPORT)]
    said = {"texts": ["居住证怎么办", 7, "不对，是护照"]}
    found = (await server.post("/knowledge/assist", json=said)).json()
    assert found["card"]["guide_id"] == PASSPORT.id
    assert (await server.post("/knowledge/assist", json={"texts": []})).json() == {"card": None}
    wrong = {"text": "这个要交9999元", "guide_id": RESIDENCE.id}
    warnings = (await server.post("/knowledge/check", json=wrong)).json()["warnings"]
    assert warnings == [{"field": "fee", "said": "这个要交9999元", "guide_says": "不收费"}]
    gone = {"text": "要交9999元", "guide_id": "gone"}
    assert (await server.post("/knowledge/check", json=gone)).json() == {"warnings": []}


@pytest.mark.parametrize("path", ["/knowledge/assist", "/knowledge/check"])
@pytest.mark.parametrize("body", [[], "x", {}, {"texts": "x", "text": 3}, {"text": ["x"], "guide_id": {}}])
async def test_an_odd_request_of_the_desk_is_no_server_error(server, path, body):
    assert (await server.post(path, json=body)).status_code < 500


async def test_without_the_dialogue_the_guides_answer_and_nothing_else_does(server, answerer):
    answerer.script += [answered(RESIDENCE), answered(PASSPORT)]
    found = (await server.post("/direct", json={"conversation_id": "c1", "text": "居住证怎么办"})).json()
    assert [(m["kind"], m["card"]["guide_id"]) for m in found["messages"]] == [("answer", RESIDENCE.id)]
    follow = {"conversation_id": "c1", "text": "要多少钱", "guide_id": RESIDENCE.id}
    await server.post("/direct", json=follow)
    assert answerer.asked[-1][1] == RESIDENCE.id
    button = {"conversation_id": "c1", "text": "/open_guide", "args": {"guide_id": PASSPORT.id}}
    found = (await server.post("/direct", json=button)).json()
    assert found["messages"][0]["card"]["guide_id"] == PASSPORT.id
    for nothing in ("今天天气怎么样", "  ", "/rate_service"):
        assert (await server.post("/direct", json={"text": nothing})).json() == {"messages": []}


@pytest.mark.parametrize(
    "body", [[], "x", {}, {"text": 3}, {"text": "问", "args": [1]}, {"text": "/set_fact"}]
)
async def test_an_odd_direct_request_is_no_server_error(server, body):
    assert (await server.post("/direct", json=body)).status_code < 500


@pytest.mark.parametrize(
    "body", [[], "x", {"text": "问", "k": "many"}, {"text": ["问"]}, {"text": "问", "k": -1}, {"guide_id": 7}]
)
async def test_an_odd_request_for_suggestions_is_no_server_error(server, body):
    assert (await server.post("/knowledge/suggest", json=body)).status_code < 500


@pytest.mark.parametrize("name", RECORDED)
def test_recordings_come_from_the_pinned_rasa(name):
    assert json.loads((DATA / f"{name}.json").read_text("utf-8"))["version"] == "3.6.21"
