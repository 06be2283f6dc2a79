"""bot/launcher.py on the pinned Rasa: what it replaces is what it was written for, and still does its work.

The patch changes Rasa's classes; the fixture that applies it puts them back.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

rasa = pytest.importorskip("rasa")

from bot import launcher  # noqa: E402


def test_the_pinned_rasa_is_the_one_the_patch_was_written_for() -> None:
    assert launcher.unexpected_internals() == []


def test_every_difference_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = dict(launcher.PATCHED)
    monkeypatch.setattr(launcher, "RASA_VERSION", "3.7.0")
    for name in real:
        monkeypatch.setitem(launcher.PATCHED, name, "0" * 16)
    faults = launcher.unexpected_internals()
    assert f"rasa {rasa.__version__}, expected 3.7.0" in faults
    for name, digest in real.items():
        assert f"{name} has source {digest}, expected {'0' * 16}" in faults
    assert len(faults) == 1 + len(real)


def test_on_another_rasa_it_refuses_to_patch_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from rasa.core.actions.action import RemoteAction
    from rasa.utils.endpoints import EndpointConfig

    before = RemoteAction._validate_action_result, EndpointConfig.request
    monkeypatch.setitem(launcher.PATCHED, "EndpointConfig.request", "0" * 16)
    with pytest.raises(RuntimeError, match=r"EndpointConfig.request has source .*make setup"):
        launcher.patch()
    assert (RemoteAction._validate_action_result, EndpointConfig.request) == before


def test_the_newest_model_is_taken_and_a_missing_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no trained model in .*; run `make train`"):
        launcher.newest_model(tmp_path)
    for name, at in (("b.tar.gz", 100), ("a.tar.gz", 200), ("z.txt", 300)):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (at, at))
    assert launcher.newest_model(tmp_path).name == "a.tar.gz"


class Counting(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive; counts connections and keeps what came."""

    protocol_version = "HTTP/1.1"
    connections: set[Any] = set()
    requests: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        """Reply as the path asks."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).connections.add(self.client_address)
        type(self).requests.append(
            {"path": self.path, "body": json.loads(body), "headers": dict(self.headers)}
        )
        status = 500 if self.path.startswith("/broken") else 400 if self.path.startswith("/rejected") else 200
        text = (
            b"plain"
            if self.path.startswith("/text")
            else json.dumps({"events": [], "responses": []}).encode()
        )
        self.send_response(status)
        self.send_header(
            "Content-Type", "text/plain" if self.path.startswith("/text") else "application/json"
        )
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    """A small action server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


REPLIES = (
    {"events": [], "responses": []},
    {
        "events": [{"event": "slot", "name": "a", "value": 1, "timestamp": None}],
        "responses": [{"text": "hi"}],
    },
    {"events": "none", "responses": []},
    {"events": [], "responses": {}},
    {"events": [{"name": "a"}]},
    {"responses": [7]},
)


def verdict(reply: Any) -> Any:
    """What Rasa's check of an action reply says."""
    from jsonschema import ValidationError
    from rasa.core.actions.action import RemoteAction
    from rasa.utils.endpoints import EndpointConfig

    try:
        return RemoteAction("action_x", EndpointConfig("http://127.0.0.1:9"))._validate_action_result(reply)
    except ValidationError as error:
        return f"refused: {error.message[:60]}"


def action_call() -> dict[str, Any]:
    """What an action is sent in the middle of a talk."""
    from rasa.core.actions.action import RemoteAction
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
    from rasa.shared.core.slots import AnySlot
    from rasa.shared.core.trackers import DialogueStateTracker
    from rasa.utils.endpoints import EndpointConfig

    tracker = DialogueStateTracker("conv1", [AnySlot("guide", mappings=[{}])])
    said = {"input_channel": "portal", "metadata": {"args": {"a": 1}}, "message_id": "m"}
    for event in (
        ActionExecuted("action_session_start", timestamp=1.0),
        UserUttered("第一句", {"name": "greet", "confidence": 1.0}, timestamp=2.0, **said),
        BotUttered("您好", timestamp=3.0),
        ActionExecuted("action_listen", timestamp=4.0),
        UserUttered("第二句", {"name": "book", "confidence": 1.0}, timestamp=5.0, **said),
        SlotSet("guide", "id-card-replace", timestamp=6.0),
        BotUttered("请问哪天", timestamp=7.0),
        ActionExecuted("action_ask_day", timestamp=8.0),
    ):
        tracker.update(event)
    return RemoteAction("action_x", EndpointConfig("http://127.0.0.1:9"))._action_call_format(
        tracker, Domain.empty()
    )


async def calls(url: str) -> dict[str, Any]:
    """Ten calls one after the other, four at once, and what can go wrong."""
    from rasa.utils.endpoints import ClientResponseError, EndpointConfig

    told: dict[str, Any] = {}
    endpoint = EndpointConfig(
        url, headers={"X-From": "endpoint"}, params={"from": "endpoint"}, token="geheim"
    )
    for n in range(10):
        got = await endpoint.request(json={"n": n}, subpath="webhook", headers={"X-Call": "call"})
        assert got == {"events": [], "responses": []}, got
    told["parallel"] = await asyncio.gather(*(EndpointConfig(url).request(json={"p": n}) for n in range(4)))
    told["text"] = await EndpointConfig(url).request(json={}, subpath="text")
    for path in ("broken", "rejected"):
        try:
            await EndpointConfig(url).request(json={}, subpath=path)
            told[path] = "no error"
        except ClientResponseError as error:
            told[path] = [error.status, str(error.text)]
    try:
        await EndpointConfig("http://127.0.0.1:9").request(json={})
    except Exception as error:
        told["refused"] = type(error).__name__
    return told


def talk(server: ThreadingHTTPServer) -> tuple[dict[str, Any], int, list[dict[str, Any]]]:
    """(what the calls told, connections, requests)."""
    Counting.connections, Counting.requests = set(), []
    told = asyncio.run(calls(f"http://127.0.0.1:{server.server_address[1]}"))
    told["verdicts"] = [verdict(reply) for reply in REPLIES]
    told["call"] = action_call()
    return told, len(Counting.connections), list(Counting.requests)


@pytest.fixture(scope="module")
def both(server: ThreadingHTTPServer) -> Iterator[dict[str, Any]]:
    """The same calls through stock Rasa and through the patched one; stock again afterwards."""
    from rasa.core.actions.action import RemoteAction
    from rasa.utils.endpoints import EndpointConfig

    stock = talk(server)
    with pytest.MonkeyPatch.context() as restore:
        for name in launcher.PATCHED:
            owner, method = name.split(".")
            patched_class = {"RemoteAction": RemoteAction, "EndpointConfig": EndpointConfig}[owner]
            restore.setattr(patched_class, method, getattr(patched_class, method))
        launcher.patch()
        patched = talk(server)
        faults = launcher.unexpected_internals()
        assert [f.split()[0] for f in faults] == list(launcher.PATCHED), "it replaces what it names, no more"
    assert launcher.unexpected_internals() == []
    yield {"stock": stock, "patched": patched}


def test_the_patched_validator_judges_as_rasas_own(both: dict[str, Any]) -> None:
    stock, patched = both["stock"][0]["verdicts"], both["patched"][0]["verdicts"]
    assert patched[:2] == [True, True]
    assert all(str(verdict).startswith("refused") for verdict in patched[2:])
    assert [v is True for v in patched] == [v is True for v in stock]


def test_an_action_is_sent_all_that_it_reads(both: dict[str, Any]) -> None:
    stock, patched = both["stock"][0]["call"], both["patched"][0]["call"]
    for key in ("next_action", "sender_id", "version"):
        assert patched[key] == stock[key], key
    whole, sent = stock["tracker"], patched["tracker"]
    assert set(sent) == set(whole)
    for key in set(whole) - {"events"}:
        assert sent[key] == whole[key], key
    assert sent["slots"]["guide"] == "id-card-replace" and sent["latest_message"]["text"] == "第二句"
    latest = [e for e in whole["events"][4:] if e["event"] != "bot"]
    assert [e["event"] for e in sent["events"]] == ["user", "slot", "action"]
    assert sent["events"] == latest


def test_the_patched_session_answers_and_fails_as_rasas_own(both: dict[str, Any]) -> None:
    stock, patched = both["stock"][0], both["patched"][0]
    for key in ("parallel", "text", "broken", "rejected", "refused"):
        assert patched[key] == stock[key], key
    assert patched["broken"][0] == 500 and patched["text"] is None


def test_the_patched_session_sends_what_rasas_own_sends(both: dict[str, Any]) -> None:
    def essence(requests: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        names = ("Content-Type", "X-From", "X-Call")
        return [(r["path"], r["body"], *(r["headers"].get(n) for n in names)) for r in requests[:10]]

    assert essence(both["patched"][2]) == essence(both["stock"][2])
    first = both["patched"][2][0]
    assert (
        first["path"].startswith("/webhook?")
        and "from=endpoint" in first["path"]
        and "token=geheim" in first["path"]
    )


def test_connections_are_reused(both: dict[str, Any]) -> None:
    calls = len(both["stock"][2])
    assert calls == len(both["patched"][2]) == 17
    assert both["stock"][1] == calls, "stock Rasa opens one connection a call"
    assert both["patched"][1] <= 4, "one, and three more for the calls in parallel"
