"""A city's system on a bad day: a socket that answers with prepared bytes, or a proxy that loses answers."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpcore

Behave = Callable[[socket.socket], None]


def answer(status: int, body: bytes, media: str = "application/json", **headers: str) -> bytes:
    """One HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {media}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def result(value: Any, **more: Any) -> bytes:
    """A good answer."""
    return answer(200, json.dumps({"result": value, **more}, ensure_ascii=False).encode())


def problem(status: int, code: str, attributes: Any = None, **headers: str) -> bytes:
    """A refusal."""
    body = {"type": f"urn:nczf:problem:{code}", "title": "x", "status": status, "code": code}
    if attributes is not None:
        body["attributes"] = attributes
    return answer(status, json.dumps(body).encode(), "application/problem+json", **headers)


def read_request(connection: socket.socket) -> bytes:
    """One whole request, by its Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [ln.split(b":")[1] for ln in head.lower().split(b"\r\n") if ln.startswith(b"content-length")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


class Rough:
    """A server; `script` is used up one entry a connection, the last one stays. `heard`: the requests."""

    def __init__(self, *script: bytes | Behave) -> None:
        self.script = list(script)
        self.heard: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            threading.Thread(target=self._one, args=(connection, entry), daemon=True).start()

    def _one(self, connection: socket.socket, entry: bytes | Behave) -> None:
        with connection, contextlib.suppress(OSError):
            self.heard.append(read_request(connection))
            if isinstance(entry, bytes):
                connection.sendall(entry)
            else:
                entry(connection)

    def stop(self) -> None:
        """Close the door."""
        self._over.set()
        # accept() in the other thread only ends with a connection or a shutdown.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextlib.contextmanager
def rough(*script: bytes | Behave) -> Iterator[Rough]:
    """A server for one test."""
    server = Rough(*script)
    try:
        yield server
    finally:
        server.stop()


def drip(data: bytes, pause_s: float = 0.05) -> Behave:
    """Send byte by byte."""

    def behave(connection: socket.socket) -> None:
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
            time.sleep(pause_s)

    return behave


def silent(connection: socket.socket) -> None:
    """Say nothing until the other side leaves."""
    connection.settimeout(20)
    connection.recv(1)


def reset(connection: socket.socket) -> None:
    """Break the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


class Losing(Rough):
    """A proxy before `target`: the work is done, but the first `lost` answers come back as `instead`."""

    def __init__(self, target: str, lost: int, instead: bytes | Behave) -> None:
        self.target, self.lost, self.instead = target, lost, instead
        super().__init__(b"")

    def _one(self, connection: socket.socket, entry: bytes | Behave) -> None:
        with connection, contextlib.suppress(OSError):
            request = read_request(connection)
            self.heard.append(request)
            head, _, body = request.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            path = first.split(" ")[1]
            given = {k: v for k, v in headers.items() if k.lower() not in ("host", "content-length")}
            reply = httpcore.request("POST", self.target + path, headers=given, content=body)
            if len(self.heard) <= self.lost:
                if isinstance(self.instead, bytes):
                    connection.sendall(self.instead)
                else:
                    self.instead(connection)
                return
            media = dict(reply.headers)[b"content-type"].decode()
            connection.sendall(answer(reply.status, reply.content, media))
