"""Runs the synchronous log in threads, so that the event loop never waits for a disk or a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import TimeoutError as NoConnectionFree

from gateway.database import StorageUnavailable

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThread:
    """`await database(log.append, ...)`. With one thread calls run one after the other, in order.

    With more threads (PostgreSQL) only what is awaited in order runs in order: one conversation's calls are.
    """

    def __init__(self, threads: int = 1) -> None:
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="database")

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one call in a thread; its result or exception comes back here. Raises StorageUnavailable."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, partial(function, *args, **kwargs))
        except NoConnectionFree as error:
            raise StorageUnavailable("no connection was free in time") from error

    def close(self) -> None:
        """Finish what was begun."""
        self._pool.shutdown(wait=True)
