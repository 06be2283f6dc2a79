"""The gateway under uvicorn with the settings of `main()`, over real sockets."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from gateway.app import Parts, Server, create_app
from gateway.settings import GatewaySettings
from tests.fakes_gateway import ScriptedDialogue, ScriptedKnowledge
from tests.live.clients import Citizen
from tests.live.stack import free_port


class Running:
    """The server of `main()` in a thread."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        settings = GatewaySettings(_env_file=None, data_dir=folder, static_dir=folder, gateway_port=port)
        app = create_app(settings, Parts(ScriptedDialogue(), ScriptedKnowledge()))
        self.server = Server(app, settings)
        self.base = f"http://127.0.0.1:{port}"
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve()), daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 10
        while not self.server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.server.started

    def stop(self) -> None:
        """As on SIGTERM."""
        self.server.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """A running server."""
    server = Running(tmp_path)
    yield server
    server.stop()


def test_bad_frames_over_a_real_socket_leave_it_working(server: Running) -> None:
    citizen = Citizen(server.base)
    for raw in ("{", "[" * 9000, '{"v":1,"type":"say","id":"\\ud800","text":"\\ud800"}', "x" * 100_000):
        citizen.send_raw(raw)
        error = citizen.until(lambda f: f["type"] == "error", 5)
        assert error["code"] in ("bad_frame", "frame_too_large")
    citizen._socket.send(b"\x00\xff")
    assert citizen.until(lambda f: f["type"] == "error", 5)["code"] == "bad_frame"
    citizen.send({"type": "say", "id": "c-1", "text": "身份证"})
    assert citizen.until(lambda f: f.get("ref") == "c-1", 5)["payload"]["text"] == "身份证"
    assert citizen.event("bot_said", 5)["payload"]["reply_to"] == 2


def test_a_frame_of_two_megabytes_ends_only_that_socket(server: Running) -> None:
    citizen, other = Citizen(server.base), Citizen(server.base)
    with pytest.raises(ConnectionClosed) as closed:
        citizen.send_raw("x" * 2_000_000)
        citizen.until(lambda f: False, 5)
    assert closed.value.rcvd is None or closed.value.rcvd.code == 1009
    assert other.ask("还在吗", 5)[0]["text"] == "听到了：还在吗"
    back = Citizen(server.base, citizen.cookie, after=1)
    assert back.ask("我回来了", 5)


def test_on_shutdown_everyone_hears_when_to_come_back(tmp_path: Path) -> None:
    server = Running(tmp_path)
    citizen = Citizen(server.base)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    seen: list[dict] = []
    try:
        while True:
            seen.append(json.loads(citizen._socket.recv(timeout=8)))
    except ConnectionClosed:
        pass
    stopping.join()
    assert [f["retry_in_s"] > 0 for f in seen if f["type"] == "bye"] == [True]
