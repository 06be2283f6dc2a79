"""Live fan-out to the sockets. The log is the truth; a slow or lost reader reads the log again."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

Frame = Mapping[str, Any]
Positions = Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]
"""Conversation ids -> the last number of each in the log."""
LIMIT = 256
LOOK_AGAIN: Frame = {"type": "look_again"}
"""Inner frame: something may have been missed, so read the log from where you are."""
HERE_ONLY = frozenset({"everyone"})
"""Topics that concern the sockets of this process alone, such as its good-bye."""


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
        readers = self._bus._readers.get(topic)
        if readers is not None:
            readers.discard(self)
            if not readers:
                self._bus._forget(topic)

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
    """Topics: `conversation.<id>` (events and state), `desk` (queue changes), `everyone` (of this process).

    This one reaches the sockets of its own process; `gateway.redis_bus.RedisBus` those of all gateways.
    """

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

    def look_in(self, positions: Positions) -> None:
        """Where to see what grew while frames of other gateways cannot be heard; here there are none."""

    def _forget(self, topic: str) -> None:
        """The last reader of a topic left."""
        del self._readers[topic]
