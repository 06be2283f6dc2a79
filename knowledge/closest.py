"""The one point of a guide that a specific question is about: a common question or a fact very near it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import numpy as np

from knowledge.encode import Encoder
from knowledge.guide import Fact, Guide
from knowledge.lead import point_sentence
from knowledge.situations import contradicted
from knowledge.wording import data, phrase

OPEN_FIELDS = ("", "conditions")
"""Fields that leave open which point is asked for."""


@cache
def _specific() -> re.Pattern[str]:
    return re.compile(data("fields")["specific"])


class ClosestPoint:
    """Read-only, thread-safe."""

    def __init__(self, vectors: Mapping[str, Mapping[str, np.ndarray]], encoder: Encoder) -> None:
        """`vectors`: guide id -> text of a fact or common question -> (dim,) passage vector."""
        self._vectors, self._encoder = vectors, encoder
        self._limits = data("thresholds")["closest"]

    def lead(self, guide: Guide, facts: Mapping[str, str], text: str, field: str) -> str | None:
        """What to say first; None when the question is not specific or nothing is near enough.

        Args:
            guide: the guide that answers.
            facts: known situation facts; points they rule out are not said.
            text: the question without fillers.
            field: the asked field.
        """
        if field not in OPEN_FIELDS or not _specific().search(text):
            return None
        points = self._points(guide, facts)
        if not points:
            return None
        query = self._encoder.queries([text])[0]
        scored = sorted(((float(self._vectors[guide.id][key] @ query), key) for key in points), reverse=True)
        best, key = scored[0]
        question, fact = points[key]
        if question:
            return (
                phrase("lead.faq", question=question, answer=fact.text)
                if best >= self._limits["faq"]
                else None
            )
        ahead = best - next((score for score, other in scored if points[other][1] is not fact), 0.0)
        near = best >= self._limits["fact"] and ahead >= self._limits["lead"]
        return point_sentence(guide, facts, fact) if near else None

    def _points(self, guide: Guide, facts: Mapping[str, str]) -> dict[str, tuple[str, Fact]]:
        """Text that is compared -> (common question or "", what is said). Fees are left to the field fee."""
        answers = {id(faq.answer) for faq in guide.faq}
        plain = [
            p
            for p in guide.parts()
            if isinstance(p, Fact) and p not in guide.fee.facts and id(p) not in answers
        ]
        found = {fact.text: ("", fact) for fact in plain} | {
            faq.question: (faq.question, faq.answer) for faq in guide.faq
        }
        return {
            key: point
            for key, point in found.items()
            if key in self._vectors.get(guide.id, {}) and not contradicted(point[1].when, facts)
        }
