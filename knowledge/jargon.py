"""Officialese and what it means: shown beside the text that uses it; unexplained, it is a fault."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from knowledge.guide import Fact, Guide
from knowledge.wording import data


@cache
def _terms() -> dict[str, str]:
    return {str(term): str(plain or "") for term, plain in data("terms").items()}


def terms_in(texts: Iterable[str]) -> dict[str, str]:
    """Known terms that stand in the texts without an explanation in brackets, with plain words.

    A term inside a longer one that is known does not count (电子证照 in 电子证照库).
    """
    left = "\n".join(texts)
    found = {}
    for term in sorted(_terms(), key=len, reverse=True):
        if term in left and not re.search(re.escape(term) + r"[”》]?[（(]", left):
            found[term] = _terms()[term]
        left = left.replace(term, " ")
    return found


def jargon_faults(guide: Guide) -> list[str]:
    """Terms a citizen would not know and nobody explained."""
    return [
        f"jargon: “{term}” has no plain explanation; write one in knowledge/data/terms.yaml or in brackets"
        for term, plain in terms_in(guide_texts(guide)).items()
        if not plain
    ]


def guide_texts(guide: Guide) -> list[str]:
    """Everything a citizen may read of a guide."""
    found = [guide.summary, guide.visits.note, guide.fee.summary]
    for part in guide.parts():
        found += [part.text] if isinstance(part, Fact) else [part.name, part.note]
    return found
