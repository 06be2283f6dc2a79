"""A deadline for the whole call, down in the socket.

Time-outs of a read begin anew with every byte: whoever sends one byte a second never times out. Here every
wait on the network, for headers too, gets what is left of the call and no more. So does looking up the name
of the host, which the system's own function does without any time-out: it is waited for in a thread.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from contextlib import contextmanager
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any

import httpcore
from httpcore import NetworkBackend, NetworkStream

RESOLVERS = 4
"""Threads that may hang on a name server at once; who comes after them waits, within its deadline."""
Resolve = Callable[[str, int], Sequence[str]]

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


def addresses(host: str, port: int) -> Sequence[str]:
    """The host's addresses, in the order in which the system would try them. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class DeadlineBackend(NetworkBackend):
    """Ordinary sockets that keep to `until`."""

    def __init__(self, resolve: Resolve = addresses) -> None:
        self._inner = httpcore.SyncBackend()
        self._resolve = resolve
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")

    def close(self) -> None:
        """Let the threads go; one that hangs ends by itself."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        """See `httpcore.NetworkBackend`."""
        ends = time.monotonic() + timeout if timeout is not None else None
        failed: Exception = httpcore.ConnectError("no address")
        for address in self._addresses(host, port, _within(timeout, httpcore.ConnectTimeout)):
            left_here = None if ends is None else max(0.001, ends - time.monotonic())
            late = _within(left_here, httpcore.ConnectTimeout)
            try:
                return _Stream(self._inner.connect_tcp(address, port, late, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def _addresses(self, host: str, port: int, timeout: float | None) -> Sequence[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass  # a name
        waiting = self._resolvers.submit(self._resolve, host, port)
        try:
            return waiting.result(timeout)
        except TooSlow:
            waiting.cancel()
            raise httpcore.ConnectTimeout("the name of the host was not looked up in time") from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(type(error).__name__) from None
