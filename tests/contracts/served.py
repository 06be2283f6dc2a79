"""The reference server on a real socket: one uvicorn per run, one app per test under a path of its own."""

from __future__ import annotations

import atexit
import itertools
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, get_type_hints

import uvicorn

from actions.backends.http import Limits, disconnect, over_http
from actions.backends.http.contract import operations, ports
from actions.backends.reference.app import build_app, parts_of
from actions.server import Systems

TOKEN = "a token of the tests, 32 characters".replace(" ", "-")
PATIENT = Limits(deadline_s=30.0, read_s=30.0)
"""Two cores and many helpers: a contract is no race."""


class Mounts:
    """An ASGI app that hands `/NAME/...` to the app called NAME."""

    def __init__(self) -> None:
        self.apps: dict[str, Any] = {}
        self._numbers = itertools.count(1)

    def add(self, app: Any) -> str:
        """Mount an app; its name."""
        name = f"t{next(self._numbers)}"
        self.apps[name] = app
        return name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        _, name, rest = scope["path"].split("/", 2)
        raw = scope["raw_path"].split(b"/", 2)[2]
        await self.apps[name]({**scope, "path": f"/{rest}", "raw_path": b"/" + raw}, receive, send)


def run_server(app: Any) -> tuple[str, Callable[[], None]]:
    """(base URL, stop) of a uvicorn on a free loopback port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, lifespan="off", access_log=False, log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    ends = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive() and time.monotonic() < ends, "uvicorn did not start within 20 s"
        time.sleep(0.01)

    def stop() -> None:
        server.should_exit = True
        thread.join(10)
        listener.close()

    return f"http://127.0.0.1:{listener.getsockname()[1]}", stop


@cache
def standing() -> tuple[Mounts, str]:
    """The one server of this run, and its base URL."""
    mounts = Mounts()
    url, stop = run_server(mounts)
    atexit.register(stop)
    return mounts, url


class Joined:
    """One object of several ports, as the embedded work orders are."""

    def __init__(self, *parts: Any) -> None:
        self._parts = parts

    def __getattr__(self, name: str) -> Any:
        return next(getattr(part, name) for part in self._parts if hasattr(part, name))


def every_part(systems: Systems) -> dict[str, Any]:
    """Port name -> system, those of the staff too, which the embedded objects have beside their own."""
    known = parts_of(systems)
    beside = {
        port: system
        for port in ports()
        for system in known.values()
        if port not in known and all(hasattr(system, method) for method in operations(port))
    }
    return {**known, **beside}


def serve(systems: Systems, limits: Limits = PATIENT) -> tuple[Systems, Callable[[], None]]:
    """(the same systems over HTTP, stop)."""
    mounts, base = standing()
    parts = every_part(systems)
    name = mounts.add(build_app(parts, TOKEN))
    far = {port: over_http(ports()[port], f"{base}/{name}", TOKEN, limits) for port in parts}

    def joined(field: str, protocol: type) -> Any:
        mine = getattr(systems, field)
        own = [port for port, system in parts.items() if system is mine]
        own.sort(key=lambda port: ports()[port] is not protocol)
        return far[own[0]] if len(own) == 1 else Joined(*(far[port] for port in own))

    def close() -> None:
        for port in far.values():
            disconnect(port)
        del mounts.apps[name]

    hints = get_type_hints(Systems)
    return replace(systems, **{field: joined(field, hint) for field, hint in hints.items()}), close
