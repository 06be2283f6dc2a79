"""One bot turn per conversation at a time: the lock of a single process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class TurnLocks:
    """Locks by conversation, first come first served.

    `gateway.redis_locks.RedisTurnLocks` holds them over all gateways.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def busy(self, conversation_id: str) -> bool:
        """True if this process holds the lock now."""
        lock = self._locks.get(conversation_id)
        return lock is not None and lock.locked()

    @asynccontextmanager
    async def hold(self, conversation_id: str) -> AsyncIterator[bool]:
        """Be alone with the conversation; yields True if that took waiting."""
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        waited = lock.locked()
        async with lock:
            yield waited
