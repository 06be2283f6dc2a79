"""Ratings of services (好差评)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating as it was given."""

    subject: str
    """What was rated: "booking:NO", "case:NO:CONVERSATION", "work_order:NO", "handoff:ID",
    "guide:ID:CONVERSATION"."""
    level: int
    """5 非常满意 ... 1 非常不满意"""
    reasons: tuple[str, ...]
    comment: str
    channel: str
    owner: str
    created_at: datetime
    rectify_by: datetime | None
    """For levels 1 and 2: one working day after the rating."""


class RatingSystem(Protocol):
    """Where 好差评 ratings are kept."""

    def rate(
        self,
        *,
        subject: str,
        level: int,
        reasons: Sequence[str],
        comment: str,
        channel: str,
        owner: str,
    ) -> Rating:
        """Store the rating of one service. Raises AlreadyRated; ValueError for a level outside 1..5."""
        ...

    def explain(self, subject: str, *, reasons: Sequence[str], comment: str, owner: str) -> Rating | None:
        """Add the reason to a rating that `owner` gave without one.

        None when there is no such rating; one that has a reason already is returned unchanged.
        """
        ...

    def rating(self, subject: str) -> Rating | None:
        """The rating of one service; None while it has none."""
        ...
