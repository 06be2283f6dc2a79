"""Place names must not cut through a word: 西湖 is a district in 我去西湖, and none in 江西湖口."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Protocol

GUARDED = frozenset({"hall", "district", "department"})
"""Entities whose short names turn up inside other words."""


class Span(Protocol):
    """A token of jieba's: half-open character span."""

    start: int
    end: int


def cuts_a_word(start: int, end: int, tokens: Iterable[Span], known: Container[tuple[int, int]] = ()) -> bool:
    """True if the span [start, end) begins or ends strictly inside a token.

    The user dictionary (nlu_data/dict) makes our own names tokens, so that real mentions line up. A token
    that is itself one of the phrases found (`known` spans: 东湖区大厅) may hold a shorter one (东湖区).
    """
    return any(
        t.start < edge < t.end for t in tokens if (t.start, t.end) not in known for edge in (start, end)
    )
