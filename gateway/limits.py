"""Limits that hold for a conversation over all gateways: the port, and the one of a single process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from gateway.rate_limit import RateLimits


class Limits(Protocol):
    """One allowance per key, whatever number of sockets or gateways asks."""

    async def allow(self, key: str) -> bool:
        """Take one token of this key; False when there is none."""
        ...


class OwnLimits:
    """`Limits` of this process."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = RateLimits(per_minute, clock)

    async def allow(self, key: str) -> bool:
        """See `Limits.allow`."""
        return self._limits.allow(key)
