"""A token bucket per conversation."""

from __future__ import annotations

import time
from collections.abc import Callable


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
