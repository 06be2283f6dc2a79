"""One system's address: POST a body, get status, headers and a body that is not too large, in time."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpcore

from actions.backends.http.deadline import DeadlineBackend, Resolve, addresses, until

NEVER_SENT = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
IDLE_S = 4.0
"""Idle connections are left after this, before the usual server (5 s and more) closes them under us."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much. Times in seconds."""

    deadline_s: float = 5.0
    """The whole call, with its retries and their pauses."""
    connect_s: float = 2.0
    read_s: float = 5.0
    """Silence of the other side, at most; never beyond the deadline."""
    attempts: int = 3
    pause_s: float = 0.1
    """Before the second attempt; doubled before each further one."""
    body_bytes: int = 4 * 1024 * 1024
    connections: int = 20


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Trouble(Exception):
    """No usable answer. `sent`: the other side may have done the work; `passing`: later it may go well."""

    def __init__(self, reason: str, *, sent: bool = True, passing: bool = True, after_s: float = 0) -> None:
        super().__init__(reason)
        self.reason, self.sent, self.passing, self.after_s = reason, sent, passing, after_s


class Connection:
    """A pool of connections to one base URL. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        token: str,
        limits: Limits | None = None,
        ca_file: str = "",
        clear: bool = False,
        resolve: Resolve = addresses,
    ) -> None:
        parts = checked(url, clear)
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("NCZF_BACKEND_TOKEN: expected a token of printable ASCII characters; set one")
        if ca_file and not Path(ca_file).is_file():
            raise ValueError(f"NCZF_BACKEND_CA_FILE {ca_file}: no such file; name a PEM file")
        self.limits = limits or Limits()
        self._base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._token = token
        self._network = DeadlineBackend(resolve)
        self._pool = httpcore.ConnectionPool(
            # The machine's own certificates, and the city's where it has an authority of its own.
            ssl_context=ssl.create_default_context(cafile=ca_file or None),
            max_connections=self.limits.connections,
            keepalive_expiry=IDLE_S,
            network_backend=self._network,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
        self._network.close()

    def post(self, path: str, body: bytes, headers: Mapping[str, str], ends: float) -> Reply:
        """One attempt, over by `ends` (monotonic seconds). Redirects are not followed. Raises Trouble."""
        sent: dict[str | bytes, str | bytes] = {
            "authorization": f"Bearer {self._token}",
            "content-type": "application/json",
            "accept": "application/json, application/problem+json",
            # No compression: a small body that unfolds without end is refused by not asking for any.
            "accept-encoding": "identity",
            "user-agent": "nczf",
        }
        sent.update(headers.items())
        left = max(0.001, ends - time.monotonic())
        waits = {
            "connect": min(self.limits.connect_s, left),
            "pool": left,
            "read": self.limits.read_s,
            "write": self.limits.read_s,
        }
        try:
            with (
                until(ends),
                self._pool.stream(
                    "POST", self._base + path, headers=sent, content=body, extensions={"timeout": waits}
                ) as response,
            ):
                return self._read(response)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Trouble(type(error).__name__, sent=not isinstance(error, NEVER_SENT)) from None

    def _read(self, response: httpcore.Response) -> Reply:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
        }
        if headers.get("content-encoding", "identity") != "identity":
            raise Trouble("the answer is compressed, which was not asked for", passing=False)
        body = bytearray()
        for part in response.iter_stream():
            body += part
            if len(body) > self.limits.body_bytes:
                raise Trouble(f"the answer is larger than {self.limits.body_bytes} bytes", passing=False)
        return Reply(response.status, headers, bytes(body))


def checked(url: str, clear: bool = False) -> SplitResult:
    """The parts of a base URL. Raises ValueError for one that is unsafe or no base."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"system URL of scheme {parts.scheme!r}: expected https://HOST[:PORT][/PATH]")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("system URL with a user, query or fragment: give the token in NCZF_BACKEND_TOKEN")
    if parts.scheme == "http" and not clear and not is_own(parts.hostname):
        raise ValueError(
            f"system URL http://{parts.hostname}: personal data would travel in the clear; use https, "
            "or set NCZF_BACKEND_CLEAR=true for a network of your own"
        )
    return parts


def is_own(host: str) -> bool:
    """True for an address or name of this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
