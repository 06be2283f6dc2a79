"""Which service a phrase such as 居住证 names, for bookings."""

from __future__ import annotations

from typing import Protocol

from knowledge.answerer import Answerer


class ItemFinder(Protocol):
    """Finds the one service that a text names."""

    def find(self, text: str, *, hint: str | None) -> dict[str, str] | None:
        """Return {"id", "name"}, or None when unsure."""
        ...


class GuideItemFinder:
    """Looks among the guides: first the whole text, then the span the entity rules marked."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    def find(self, text: str, *, hint: str | None) -> dict[str, str] | None:
        """See `ItemFinder.find`."""
        for view in (text, hint):
            if not view:
                continue
            hit = self._answerer.find_item(view)
            if hit is not None:
                guide = self._answerer.library.require(hit.guide_id)
                return {"id": guide.id, "name": guide.name}
        return None
