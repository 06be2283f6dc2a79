"""A browser tab and an officer on TestClient sockets, and the running gateway that they talk to."""

from __future__ import annotations

import itertools
import json
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import anyio
from starlette.testclient import TestClient

from gateway.app import Parts, create_app
from gateway.settings import GatewaySettings
from tests.fakes_gateway import ScriptedDialogue, ScriptedKnowledge

PATIENCE_S = 5.0
_ids = itertools.count(1)


class Closed(Exception):
    """The server closed the socket."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Tab:
    """One socket. Frames that were read are in `seen`; each was checked to be sendable UTF-8."""

    def __init__(self, gateway: Gateway, path: str, cookie: str, origin: str | None = None) -> None:
        headers = {"cookie": cookie} if cookie else {}
        if origin:
            headers["origin"] = origin
        self._session = gateway.client.websocket_connect(path, headers=headers)
        self._session.__enter__()
        self._open = True
        gateway.tabs.append(self)
        self.seen: list[dict[str, Any]] = []

    def close(self) -> None:
        """Leave."""
        if self._open:
            self._open = False
            self._session.__exit__(None, None, None)

    def send(self, **frame: Any) -> str:
        """Send a frame of the protocol; `v` and `id` are added. Returns the id."""
        frame = {"v": 1, **frame}
        if frame["type"] not in {"ping", "typing"}:
            frame.setdefault("id", f"t-{next(_ids)}")
        self.raw(json.dumps(frame, ensure_ascii=False))
        return frame.get("id", "")

    def raw(self, text: str | bytes) -> None:
        """Send anything."""
        key = "text" if isinstance(text, str) else "bytes"
        self._session.send({"type": "websocket.receive", key: text})

    def receive(self, patience_s: float = PATIENCE_S) -> dict[str, Any] | None:
        """The next frame, or None. Raises Closed."""

        async def timed() -> Any:
            with anyio.move_on_after(patience_s):
                return await self._session._send_rx.receive()
            return None

        message = self._session.portal.call(timed)
        if message is None:
            return None
        if message["type"] == "websocket.close":
            raise Closed(message["code"])
        message["text"].encode()
        frame = json.loads(message["text"])
        self.seen.append(frame)
        return frame

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read until a frame fits; fails naming what came instead."""
        came: list[str] = []
        deadline = time.monotonic() + PATIENCE_S
        while (left := deadline - time.monotonic()) > 0:
            frame = self.receive(left)
            if frame is None:
                break
            if wanted(frame):
                return frame
            came.append(name(frame))
        raise AssertionError(f"no such frame within {PATIENCE_S} s; came: {came}")

    def event(self, kind: str) -> dict[str, Any]:
        """The next event of this kind."""
        return self.until(lambda f: f["type"] == "event" and f["payload"]["kind"] == kind)

    def state(self, **wanted: Any) -> dict[str, Any]:
        """The next state frame with these values."""
        return self.until(lambda f: f["type"] == "state" and all(f[k] == v for k, v in wanted.items()))

    def error(self) -> dict[str, Any]:
        """The next error frame."""
        return self.until(lambda f: f["type"] == "error")

    def answers_ping(self) -> list[dict[str, Any]]:
        """Ping; returns what came before the pong."""
        self.send(type="ping")
        before = len(self.seen)
        self.until(lambda f: f["type"] == "pong")
        return self.seen[before:-1]

    def quiet(self, seconds: float = 0.12) -> list[dict[str, Any]]:
        """What still comes until nothing came for `seconds`."""
        found = []
        while (frame := self.receive(seconds)) is not None:
            found.append(frame)
        return found

    def close_code(self) -> int:
        """Read until the server closes; the code."""
        try:
            while self.receive() is not None:
                pass
        except Closed as closed:
            return closed.code
        raise AssertionError("the socket is still open")

    def events(self) -> list[dict[str, Any]]:
        """All events seen so far."""
        return [f for f in self.seen if f["type"] == "event"]


def name(frame: dict[str, Any]) -> str:
    """Short name of a frame for failures."""
    return (
        frame["payload"]["kind"] if frame["type"] == "event" else f"{frame['type']}:{frame.get('code', '')}"
    )


class Citizen(Tab):
    """A citizen's tab; it has read everything up to the first state frame."""

    def __init__(self, gateway: Gateway, cookie: str = "", after: int = 0) -> None:
        if not cookie:
            started, cookie = gateway.post("/api/conversations", {"fresh": True})
            self.id: str = started["conversation_id"]
        else:
            self.id = cookie.split("=", 1)[1].split(".", 1)[0]
        self.cookie = cookie
        super().__init__(gateway, f"/ws/citizen?after={after}", cookie)
        self.first_state = self.until(lambda f: f["type"] == "state")

    def say(self, text: str, client_id: str | None = None) -> str:
        """Say something without waiting; returns the id."""
        return self.send(type="say", text=text, **({"id": client_id} if client_id else {}))

    def ask(self, text: str) -> list[dict[str, Any]]:
        """Say something; the bot's messages."""
        self.say(text)
        return self.event("bot_said")["payload"]["messages"]

    def act(self, action: str, label: str, **args: Any) -> str:
        """Press a button."""
        return self.send(type="act", action=action, args=args, label=label)

    def wait_for_person(self) -> dict[str, Any]:
        """Ask for a person; the state that tells the place."""
        self.act("handoff", "转人工")
        self.event("handoff_requested")
        return self.state(mode="waiting")


class Officer(Tab):
    """A signed-in officer; the first queue frame is in `queue`."""

    def __init__(self, gateway: Gateway, username: str = "desk01", cookie: str = "") -> None:
        self.username = username
        self.cookie = cookie or gateway.session(username)
        super().__init__(gateway, "/ws/desk", self.cookie)
        self.queue = self.until(lambda f: f["type"] == "queue")

    def queue_with(self, part: str, conversation_id: str) -> dict[str, Any]:
        """Read queues until one lists the conversation under `part`; its entry."""
        found: list[dict[str, Any]] = []

        def lists(frame: dict[str, Any]) -> bool:
            if frame["type"] == "queue":
                found[:] = [e for e in frame[part] if e["conversation_id"] == conversation_id]
            return frame["type"] == "queue" and bool(found)

        last = [f for f in self.seen if f["type"] == "queue"][-1]
        if lists(last):
            return found[0]
        self.until(lists)
        return found[0]

    def command(self, type_: str, conversation_id: str, **fields: Any) -> str:
        """Send a desk frame."""
        return self.send(type=type_, conversation_id=conversation_id, **fields)

    def accept(self, citizen: Citizen) -> dict[str, Any]:
        """Take a waiting conversation; the transcript."""
        ref = self.command("accept", citizen.id)
        return self.until(lambda f: f["type"] == "transcript" and f["ref"] == ref)


class Gateway:
    """A running app over a real SQLite file."""

    def __init__(
        self,
        settings: GatewaySettings,
        dialogue: Any = None,
        knowledge: Any = None,
        notices: Any = None,
        services: Any = None,
        direct: Any = None,
    ) -> None:
        self.settings = settings
        self.dialogue = dialogue or ScriptedDialogue()
        self.knowledge = knowledge or ScriptedKnowledge()
        self.tabs: list[Tab] = []
        parts = Parts(self.dialogue, self.knowledge, notices, services, direct)
        self.client = TestClient(create_app(settings, parts))
        self.client.__enter__()
        self._running = True

    def stop(self) -> None:
        """Close all tabs, then shut down in order."""
        if self._running:
            self._running = False
            for tab in reversed(self.tabs):
                tab.close()
            self.client.__exit__(None, None, None)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something inside the gateway; fails after PATIENCE_S."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f"not within {PATIENCE_S} s"
            time.sleep(0.005)

    @property
    def app(self) -> Any:
        """The FastAPI app."""
        return self.client.app

    def post(self, path: str, body: Any, cookie: str = "") -> tuple[Any, str]:
        """POST JSON; (body, the cookie that was set)."""
        self.client.cookies.clear()
        reply = self.client.post(path, json=body, headers={"cookie": cookie} if cookie else {})
        self.client.cookies.clear()
        return reply.json(), (reply.headers.get("set-cookie") or "").split(";")[0]

    def get(self, path: str, cookie: str = "") -> Any:
        """GET; the response."""
        self.client.cookies.clear()
        return self.client.get(path, headers={"cookie": cookie} if cookie else {})

    def password(self, username: str) -> str:
        """From the demo logins file."""
        lines = (self.settings.data_dir / "demo-logins.txt").read_text("utf-8").splitlines()
        return dict(line.split() for line in lines)[username]

    def session(self, username: str) -> str:
        """The cookie of the session that the data folder was prepared with."""
        lines = (self.settings.data_dir / "cookies.txt").read_text("utf-8").splitlines()
        return dict(line.split(" ", 1) for line in lines)[username]

    def sign_in(self, username: str) -> str:
        """Sign in anew; the session cookie."""
        body = {"username": username, "password": self.password(username)}
        return self.post("/api/desk/login", body)[1]

    def stored(self, conversation_id: str) -> list[dict[str, Any]]:
        """Payloads of a conversation as they lie in the file."""
        with sqlite3.connect(self.settings.database) as db:
            rows = db.execute(
                "select payload from events where conversation_id = ? order by seq", (conversation_id,)
            )
            return [json.loads(payload) for (payload,) in rows]

    def kinds(self, conversation_id: str) -> list[str]:
        """Kinds of the stored events, in order."""
        return [payload["kind"] for payload in self.stored(conversation_id)]

    def raw_bytes(self) -> bytes:
        """Everything that lies in the data folder's database files."""
        return b"".join(p.read_bytes() for p in sorted(self.settings.data_dir.glob("gateway.db*")))
