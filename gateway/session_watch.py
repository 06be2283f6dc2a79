"""Closes open desks whose session is over: expired, left alone, or revoked from whichever process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from gateway.database import StorageUnavailable
from gateway.log import digest
from gateway.staff_sessions import TOUCH_S, StaffSessions
from gateway.store import DatabaseThread

log = logging.getLogger(__name__)
SIGNED_OUT = "signed_out"
"""Inner frame type on a session's topic: its sockets close."""
Publish = Callable[[str, Mapping[str, Any]], object]


def session_topic(token: str) -> str:
    """The bus topic of one staff session."""
    return topic_of(digest(token))


def topic_of(token_hash: str) -> str:
    """The same, by the hash of its token."""
    return f"session.{token_hash}"


class SessionWatch:
    """Knows the sessions whose desk is open in this process and looks at them again and again."""

    def __init__(
        self, sessions: StaffSessions, database: DatabaseThread, publish: Publish, poll_s: float
    ) -> None:
        self._sessions, self._database, self._publish = sessions, database, publish
        self._poll_s = poll_s
        self._open: Counter[str] = Counter()
        self._deeds: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def watching(self, token: str) -> Iterator[None]:
        """Watch one session while its socket is open."""
        token_hash = digest(token)
        self._open[token_hash] += 1
        try:
            yield
        finally:
            self._open[token_hash] -= 1
            if self._open[token_hash] <= 0:
                del self._open[token_hash]
                self._deeds.pop(token_hash, None)

    async def deed(self, token: str) -> None:
        """Its owner did something on the socket; written down once in TOUCH_S."""
        token_hash, now = digest(token), asyncio.get_running_loop().time()
        if now - self._deeds.get(token_hash, -TOUCH_S) >= TOUCH_S:
            self._deeds[token_hash] = now
            await self._database(self._sessions.touch, token)

    def close(self, hashes: Iterable[str]) -> None:
        """These sessions are over: their sockets close now, here and on every gateway of the bus."""
        for token_hash in hashes:
            self._publish(topic_of(token_hash), {"type": SIGNED_OUT})

    async def look(self) -> None:
        """Close the desks whose session is over."""
        watched = list(self._open)
        if watched:
            self.close(set(watched) - await self._database(self._sessions.alive, watched))

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        """No longer look."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                await self.look()
            except (SQLAlchemyError, StorageUnavailable) as error:  # the desks of a moment ago stay open
                log.error("sessions cannot be read: %s", type(error).__name__)
