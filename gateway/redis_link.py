"""The connection to Redis. What lies there may be lost: while it is away, its users do without."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
T = TypeVar("T")
PATIENCE_S = 1.0
"""How long one call may take."""
REST_S = 1.0
"""After a failure nobody asks for so long, so that no citizen's frame waits for a server that is away."""
FAULTS = (RedisError, OSError, asyncio.TimeoutError)


class RedisAway(Exception):
    """Redis cannot be asked now: do without."""


class RedisLink:
    """One client for calls, one for listening; runs what its users need beside them."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # One retry: after a restart of the server every kept connection fails once.
        again = Retry(NoBackoff(), 1)
        self._client: Redis = Redis.from_url(
            url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S, retry=again
        )
        self.listening: Redis = Redis.from_url(
            url, socket_timeout=None, socket_connect_timeout=PATIENCE_S, retry=Retry(NoBackoff(), 0)
        )
        """For subscriptions alone: it may wait for hours."""
        self._rest_until = 0.0
        self._away = False
        self._work: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def beside(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `work` from `open` to `close`; it must look after its own errors."""
        self._work.append(work)

    async def open(self) -> None:
        """Begin; a Redis that is away is waited for, beside everything else."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(work()) for work in self._work]

    async def close(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in (self._client, self.listening):
            with contextlib.suppress(*FAULTS):
                await client.aclose()

    async def ask(self, call: Callable[[Redis], Awaitable[T]]) -> T:
        """Return what `call(client)` brings. Raises RedisAway."""
        if self._clock() < self._rest_until:
            raise RedisAway
        try:
            async with asyncio.timeout(2 * PATIENCE_S):
                found = await call(self._client)
        except FAULTS as error:
            self._rest_until = self._clock() + REST_S
            if not self._away:  # once an outage
                log.error("redis is away: %s", type(error).__name__)
            self._away = True
            raise RedisAway from error
        if self._away:
            log.warning("redis is back")
            self._away = False
        return found

    async def ping(self) -> None:
        """Return if it answers. Raises RedisAway."""
        await self.ask(lambda client: client.ping())
