"""Which service a phrase such as 居住证 names, for bookings."""

from __future__ import annotations

import re
from typing import Protocol

from knowledge.answer_source import AnswerSource

PARTS = re.compile(r"[\s,，。;；、]+")
NOT_AT_A_COUNTER = frozenset({"政数", "12345热线办"})
"""Departments whose guides are about this service itself (booking, hotline, look-up): nobody books a window
for them."""


class ItemFinder(Protocol):
    """Finds the one service that a text names."""

    def find(self, text: str, *, hint: str | None) -> dict[str, str] | None:
        """Return {"id", "name"}, or None when unsure or when it is no service of a counter."""
        ...

    def under_discussion(self, guide_id: str | None, *, hint: str | None) -> dict[str, str] | None:
        """The guide that was just talked about, as an item; None when `hint` names another service."""
        ...


class GuideItemFinder:
    """Looks among the guides: first the whole text, then the span the entity rules marked."""

    def __init__(self, source: AnswerSource) -> None:
        self._source = source

    def find(self, text: str, *, hint: str | None) -> dict[str, str] | None:
        """See `ItemFinder.find`."""
        answerer = self._source.current
        parts = [part for part in PARTS.split(text) if hint and hint in part and part != text]
        for view in (text, *parts, hint):
            hit = answerer.find_item(view) if view else None
            if hit is not None and hit.department not in NOT_AT_A_COUNTER:
                return {"id": hit.guide_id, "name": hit.name}
        return None

    def under_discussion(self, guide_id: str | None, *, hint: str | None) -> dict[str, str] | None:
        """See `ItemFinder.under_discussion`. Naming the booking service itself (约延时服务) names no item."""
        answerer = self._source.current
        guide = answerer.library.get(guide_id) if guide_id else None
        if guide is None or guide.department in NOT_AT_A_COUNTER:
            return None
        if hint:
            named = answerer.find_item(hint)
            if named is None or named.department not in NOT_AT_A_COUNTER:
                return None
        return {"id": guide.id, "name": guide.name}
