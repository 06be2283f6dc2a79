"""A citizen and an officer on real sockets (websockets' client), for conversation tests and tools."""

from __future__ import annotations

import itertools
import json
import time
import urllib.request
from typing import Any

from websockets.sync.client import connect


def post(url: str, body: dict[str, Any], cookie: str = "") -> tuple[dict[str, Any], str]:
    """POST JSON; returns (body, cookie)."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json", "Cookie": cookie}
    )
    with urllib.request.urlopen(request, timeout=10) as reply:
        cookies = reply.headers.get_all("Set-Cookie") or []
        return json.load(reply), "; ".join(c.split(";")[0] for c in cookies)


def is_notice(payload: dict[str, Any]) -> bool:
    """True for what the citizen is told without having asked: it answers nothing."""
    return any(str(m.get("status")).startswith("notice_") for m in payload.get("messages") or [])


class Socket:
    """One socket; frames are kept in `seen`."""

    def __init__(self, url: str, cookie: str) -> None:
        self._socket = connect(url, additional_headers={"Cookie": cookie}, max_size=None)
        self.seen: list[dict[str, Any]] = []
        self._ids = itertools.count(1)

    def send(self, frame: dict[str, Any]) -> None:
        self._socket.send(json.dumps({"v": 1, **frame}, ensure_ascii=False))

    def send_raw(self, text: str) -> None:
        self._socket.send(text)

    def until(self, wanted, timeout: float = 15.0) -> dict[str, Any]:
        """Read frames until one satisfies `wanted`; fails with what came instead."""
        deadline = time.monotonic() + timeout
        since: list[dict[str, Any]] = []
        while True:
            left = deadline - time.monotonic()
            try:
                frame = json.loads(self._socket.recv(timeout=max(0.01, left)))
            except TimeoutError:
                kinds = [f.get("payload", {}).get("kind") or f["type"] for f in since]
                raise AssertionError(f"nothing wanted within {timeout} s; came: {kinds}") from None
            self.seen.append(frame)
            since.append(frame)
            if wanted(frame):
                return frame

    def quiet(self, seconds: float = 0.5) -> list[dict[str, Any]]:
        """Frames that come within `seconds`."""
        found = []
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                found.append(json.loads(self._socket.recv(timeout=left)))
            except TimeoutError:
                break
        self.seen += found
        return found

    def event(self, kind: str, timeout: float = 15.0) -> dict[str, Any]:
        """The next event of this kind."""
        return self.until(lambda f: f["type"] == "event" and f["payload"]["kind"] == kind, timeout)

    def close(self) -> None:
        self._socket.close()


class Citizen(Socket):
    """A citizen in a fresh conversation (or an old one, by cookie)."""

    def __init__(self, base: str, cookie: str = "", after: int = 0) -> None:
        self.base = base
        if not cookie:
            started, cookie = post(f"{base}/api/conversations", {"fresh": True})
            self.conversation_id = started["conversation_id"]
        else:
            self.conversation_id = cookie.split("=", 1)[1].split(".", 1)[0]
        self.cookie = cookie
        super().__init__(f"{base.replace('http', 'ws', 1)}/ws/citizen?after={after}", cookie)
        self.until(lambda f: f["type"] == "state")

    def tell(self, text: str, client_id: str | None = None) -> str:
        """Say something without waiting."""
        client_id = client_id or f"t-{next(self._ids)}-{time.monotonic_ns()}"
        self.send({"type": "say", "id": client_id, "text": text})
        return client_id

    def ask(self, text: str, timeout: float = 15.0) -> list[dict[str, Any]]:
        """Say something and return the bot's messages that answer it."""
        client_id = self.tell(text)
        own = self.until(lambda f: f.get("ref") == client_id, timeout)
        if own["type"] == "error":
            return [own]
        answer = self.until(
            lambda f: (
                f["type"] == "event"
                and f["payload"]["kind"] in ("bot_said", "handoff_requested")
                and f["payload"].get("reply_to") in (own["seq"], None)
                and not is_notice(f["payload"])
            ),
            timeout,
        )
        return answer["payload"].get("messages") or [answer["payload"]]

    def act(
        self, action: str, args: dict[str, Any], label: str, timeout: float = 15.0
    ) -> list[dict[str, Any]]:
        """Press a button that acts and return the bot's messages."""
        client_id = f"a-{next(self._ids)}-{time.monotonic_ns()}"
        self.send({"type": "act", "id": client_id, "action": action, "args": args, "label": label})
        own = self.until(lambda f: f.get("ref") == client_id, timeout)
        if own["type"] == "error":
            return [own]
        answer = self.until(
            lambda f: (
                f["type"] in ("event", "error")
                and (
                    f["type"] == "error"
                    or f["payload"]["kind"] in ("bot_said", "handoff_requested", "handoff_ended")
                    and not is_notice(f["payload"])
                )
            ),
            timeout,
        )
        if answer["type"] == "error":
            return [answer]
        return answer["payload"].get("messages") or [answer["payload"]]


class Officer(Socket):
    """An officer, signed in."""

    def __init__(self, base: str, username: str, password: str) -> None:
        body, cookie = post(f"{base}/api/desk/login", {"username": username, "password": password})
        self.name = body["name"]
        self.cookie = cookie
        super().__init__(f"{base.replace('http', 'ws', 1)}/ws/desk", cookie)
        self.queue = self.until(lambda f: f["type"] == "queue")

    def command(self, type_: str, **fields: Any) -> str:
        """Send a desk frame; returns its id."""
        client_id = f"d-{next(self._ids)}-{time.monotonic_ns()}"
        self.send({"type": type_, "id": client_id, **fields})
        return client_id
