"""Knowledge for the desk: suggestions and guides, from the action server's process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiohttp

from gateway.far_client import FarClient

GUIDE_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


class KnowledgeUnavailable(Exception):
    """The action server did not answer in time."""


class Knowledge(Protocol):
    """What the desk asks of the guides."""

    async def suggest(self, text: str, *, guide_id: str | None, k: int) -> Sequence[Mapping[str, Any]]:
        """Up to `k` suggestions, best first. Raises KnowledgeUnavailable, as the others do."""
        ...

    async def guides(self, query: str) -> Sequence[Mapping[str, Any]]:
        """Guides that match, best first."""
        ...

    async def guide(self, guide_id: str) -> Mapping[str, Any] | None:
        """One guide's card, or None."""
        ...

    async def assist(self, texts: Sequence[str]) -> Mapping[str, Any] | None:
        """The card that a citizen's words lead to, cut to their situation; None when to none."""
        ...

    async def check(self, text: str, guide_id: str) -> Sequence[Mapping[str, Any]]:
        """What in an officer's words contradicts the guide."""
        ...


class HttpKnowledge(FarClient):
    """`Knowledge` over HTTP; see actions/knowledge_routes.py."""

    async def _ask(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        try:
            async with self._session.request(method, f"{self._base}{path}", **kwargs) as response:
                return response.status, await response.json()
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise KnowledgeUnavailable(f"{type(error).__name__} from {self._base}{path}") from error

    async def suggest(self, text: str, *, guide_id: str | None, k: int) -> Sequence[Mapping[str, Any]]:
        """Up to `k` suggestions, best first; [] when nothing fits."""
        body = {"text": text, "guide_id": guide_id, "k": k}
        return self._listed(*await self._ask("POST", "/knowledge/suggest", json=body), "suggestions")

    async def guides(self, query: str) -> Sequence[Mapping[str, Any]]:
        """Guides that match the officer's search, best first."""
        return self._listed(*await self._ask("GET", "/knowledge/guides", params={"q": query}), "guides")

    @staticmethod
    def _listed(status: int, found: Any, key: str) -> list[Mapping[str, Any]]:
        listed = found.get(key) if isinstance(found, dict) else None
        if status != 200 or not isinstance(listed, list):
            raise KnowledgeUnavailable(f"HTTP {status}, expected 200 with a list under {key!r}")
        return listed

    async def guide(self, guide_id: str) -> Mapping[str, Any] | None:
        """One guide's card, or None if there is no such guide."""
        if not GUIDE_ID.fullmatch(guide_id):
            return None
        status, found = await self._ask("GET", f"/knowledge/guides/{guide_id}")
        if status == 404:
            return None
        if status != 200 or not isinstance(found, dict):
            raise KnowledgeUnavailable(f"HTTP {status}, expected 200 with a card")
        return found

    async def assist(self, texts: Sequence[str]) -> Mapping[str, Any] | None:
        """See `Knowledge.assist`."""
        status, found = await self._ask("POST", "/knowledge/assist", json={"texts": list(texts)})
        if status != 200 or not isinstance(found, dict):
            raise KnowledgeUnavailable(f"HTTP {status}, expected 200 with a card or null")
        card = found.get("card")
        return card if isinstance(card, dict) else None

    async def check(self, text: str, guide_id: str) -> Sequence[Mapping[str, Any]]:
        """See `Knowledge.check`."""
        body = {"text": text, "guide_id": guide_id}
        return self._listed(*await self._ask("POST", "/knowledge/check", json=body), "warnings")
