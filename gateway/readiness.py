"""Whether this process can serve: what stands, what is away, and what that means."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

Check = Callable[[], Awaitable[None]]
"""Raises when the part is away."""
PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """`status`: ready; degraded (people are served, with less); unready (nothing can be stored)."""

    status: str
    parts: Mapping[str, str]
    """Part -> ok, or the kind of error."""


async def readiness(checks: Mapping[str, Check], needed: frozenset[str]) -> Readiness:
    """Ask every part at once; one that takes longer than PATIENCE_S counts as away.

    Args:
        checks: part -> how to ask it.
        needed: parts without which nothing can be promised.

    """

    async def ask(check: Check) -> str:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await check()
        except Exception as error:
            return type(error).__name__
        return "ok"

    found = await asyncio.gather(*(ask(check) for check in checks.values()))
    parts = dict(zip(checks, found, strict=True))
    away = {name for name, state in parts.items() if state != "ok"}
    status = "unready" if away & needed else "degraded" if away else "ready"
    return Readiness(status, parts)
