"""A deadline for the whole call, down in the socket.

Time-outs of a read begin anew with every byte: whoever sends one byte a second never times out. Here every
wait on the network, for headers too, gets what is left of the call and no more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ssl import SSLContext
from typing import Any

import httpcore
from httpcore import NetworkBackend, NetworkStream

_call = threading.local()


@contextmanager
def until(at: float) -> Iterator[None]:
    """Calls of this thread end at `at` (seconds of the monotonic clock)."""
    before = getattr(_call, "at", None)
    _call.at = at
    try:
        yield
    finally:
        _call.at = before


def left() -> float | None:
    """Seconds left for this thread's call; None when nothing was said."""
    at = getattr(_call, "at", None)
    return None if at is None else at - time.monotonic()


def _within(timeout: float | None, late: type[Exception]) -> float | None:
    remaining = left()
    if remaining is None:
        return timeout
    if remaining <= 0:
        raise late("deadline")
    return remaining if timeout is None else min(timeout, remaining)


class _Stream(NetworkStream):
    def __init__(self, inner: NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _within(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # By pieces, since the socket's time-out begins anew with each part that it takes.
        for at in range(0, len(buffer), 65536):
            self._inner.write(buffer[at : at + 65536], _within(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        late = _within(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, late))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class DeadlineBackend(NetworkBackend):
    """Ordinary sockets that keep to `until`."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        """See `httpcore.NetworkBackend`."""
        late = _within(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, late, local_address, socket_options))
