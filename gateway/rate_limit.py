"""Token buckets, one per conversation."""

from __future__ import annotations

import time
from collections.abc import Callable

FORGET_FROM = 1000
"""Buckets kept before the idle ones are swept out."""


class RateLimit:
    """Allows `per_minute` frames a minute with a burst of a third of that."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60
        self._burst = max(1.0, per_minute / 3)
        self._clock = clock
        self._tokens = self._burst
        self._at = clock()

    def allow(self) -> bool:
        """Take one token; False when there is none."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    @property
    def full(self) -> bool:
        """True once it is as good as new."""
        return self._tokens + (self._clock() - self._at) * self._rate >= self._burst


class RateLimits:
    """One bucket per conversation, whatever number of sockets it has; idle ones are forgotten."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, RateLimit] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def allow(self, conversation_id: str) -> bool:
        """Take one token of this conversation; False when there is none."""
        if conversation_id not in self._buckets:
            if len(self._buckets) >= FORGET_FROM:
                self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.full}
            self._buckets[conversation_id] = RateLimit(self._per_minute, self._clock)
        return self._buckets[conversation_id].allow()
