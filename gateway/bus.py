"""Live fan-out inside one process. The log is the truth; a slow or lost reader reads the log again."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

Frame = Mapping[str, Any]
LIMIT = 256


class BusOverflow(Exception):
    """The reader fell too far behind: close the socket, it will resume from its last seq."""


class Subscription:
    """A bounded queue of frames. Leave with `close()`."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue(LIMIT)
        self.topics: set[str] = set()
        self.overflowed = False

    def add(self, topic: str) -> None:
        """Hear `topic` from now on."""
        self.topics.add(topic)
        self._bus._readers[topic].add(self)

    def drop(self, topic: str) -> None:
        """Hear `topic` no longer."""
        self.topics.discard(topic)
        self._bus._readers[topic].discard(self)

    def offer(self, frame: Frame) -> None:
        """Queue one frame, or mark the reader as lost."""
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.overflowed = True

    async def next(self) -> Frame:
        """Return the next frame. Raises BusOverflow once frames were lost."""
        if self.overflowed:
            raise BusOverflow
        frame = await self._frames.get()
        if frame is None:
            raise BusOverflow
        return frame

    def close(self) -> None:
        """Leave all topics."""
        for topic in list(self.topics):
            self.drop(topic)


class Bus:
    """Topics: `conversation.<id>` (events and state) and `desk` (queue changes)."""

    def __init__(self) -> None:
        self._readers: defaultdict[str, set[Subscription]] = defaultdict(set)

    def subscribe(self, *topics: str) -> Subscription:
        """Return a new subscription to `topics`."""
        subscription = Subscription(self)
        for topic in topics:
            subscription.add(topic)
        return subscription

    def publish(self, topic: str, frame: Frame) -> None:
        """Hand `frame` to every reader of `topic`; never blocks."""
        for reader in list(self._readers.get(topic, ())):
            reader.offer(frame)
