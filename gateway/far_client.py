"""A kept connection to a far service: one HTTP session, one deadline per call."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import aiohttp


@runtime_checkable
class Reachable(Protocol):
    """A far service that can be asked whether it is there."""

    async def reachable(self) -> None:
        """Return if it is. Raises aiohttp.ClientError."""
        ...


class FarClient:
    """Base of the gateway's clients. `open` and `close` run inside the loop that uses it."""

    def __init__(self, base_url: str, deadline_s: float) -> None:
        self._base = base_url
        self._deadline_s = deadline_s
        self._opened: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Create the HTTP session."""
        self._opened = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._deadline_s))

    async def close(self) -> None:
        """Close the HTTP session."""
        if self._opened is not None:
            await self._opened.close()

    async def reachable(self) -> None:
        """Return if anything answers at that address, whatever it says. Raises aiohttp.ClientError."""
        async with self._session.get(f"{self._base}/health"):
            return

    @property
    def _session(self) -> aiohttp.ClientSession:
        assert self._opened is not None, f"{type(self).__name__}.open() first"
        return self._opened
