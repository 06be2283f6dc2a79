"""Ratings of services (好差评), and putting right what was rated badly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

RectificationState = Literal[
    "opened", "assigned", "verified", "unfounded", "rectified", "called_back", "closed"
]
"""opened → assigned → verified → rectified, or assigned → unfounded; then called_back where the citizen
left a phone; then closed."""
Advance = Literal["verified", "unfounded", "rectified", "called_back", "closed"]
Stage = Literal["", "due_soon", "overdue"]


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating as it was given."""

    subject: str
    """What was rated: "booking:NO", "case:NO:CONVERSATION", "work_order:NO" (what became of it) or
    "work_order:NO:filing" (how it was taken in), "handoff:ID", "guide:ID:CONVERSATION"."""
    level: int
    """5 非常满意, 4 满意, 3 基本满意, 2 不满意, 1 非常不满意"""
    reasons: tuple[str, ...]
    comment: str
    channel: str
    owner: str
    """The conversation; of an anonymous work order only a keyed hash."""
    created_at: datetime
    rectify_by: datetime | None
    """For levels 1 and 2: the same time of the next working day."""
    phone: str = ""
    """Where to call back; "" for an anonymous rating."""
    department: str = ""
    item: str = ""


@dataclass(frozen=True, slots=True)
class Rectification:
    """How far a bad rating has been put right. Holds nothing personal of the citizen."""

    subject: str
    level: int
    channel: str
    item: str
    state: RectificationState
    named: bool
    """The citizen left a phone: exactly one call-back is owed before closing."""
    department: str
    officer: str
    verdict: Literal["", "founded", "unfounded"]
    stage: Stage
    """How far it was escalated: two working hours before the deadline, then at it."""
    evidence: int
    """How many pieces of evidence there are."""
    opened_at: datetime
    due_at: datetime
    done_at: datetime | None
    """When it was put right, or found to be untrue."""
    called_back_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RectificationStep:
    """One thing that happened to a rectification."""

    what: str
    """A state, "evidence", "due_soon" or "overdue"."""
    state: RectificationState
    """The state after it."""
    actor: str
    at: datetime
    department: str
    officer: str
    note: str
    """The reason, or the evidence in words."""
    attachments: tuple[str, ...]
    """SHA-256 of the attached files, hex."""


@dataclass(frozen=True, slots=True)
class RatingFigure:
    """Rates of one group. Shares are 0..1, None where there is nothing to divide by."""

    group: str
    count: int
    satisfied: float | None
    """(非常满意 + 满意 + 基本满意) / (count - unfounded)"""
    bad: int
    unfounded: int
    """Bad ratings that were found to be untrue, with evidence; they do not count against anybody."""
    rectified_in_time: float | None
    """Of the bad ones that are done or past their deadline: done by the deadline."""


class RatingSystem(Protocol):
    """Where 好差评 ratings are kept and bad ones put right. A text with a NUL character is a ValueError."""

    def rate(
        self,
        *,
        subject: str,
        level: int,
        reasons: Sequence[str],
        comment: str,
        channel: str,
        owner: str,
        phone: str = "",
        department: str = "",
        item: str = "",
        key: str = "",
    ) -> Rating:
        """Store the rating of one service; a bad one (1, 2) opens its rectification.

        `department` and `item` are taken from the rated record where they are not given. The same `key`
        returns the first rating again; without one, or with another, a second rating of the subject raises
        AlreadyRated. A work order that is kept in the same system takes the rating over: at once, or after
        its call-back where that is still to come. ValueError for a level outside 1..5.
        """
        ...

    def explain(self, subject: str, *, reasons: Sequence[str], comment: str, owner: str) -> Rating | None:
        """Add the reason to a rating that `owner` gave without one.

        None when there is no such rating; one that has a reason already is returned unchanged.
        """
        ...

    def rating(self, subject: str, *, actor: str = "system") -> Rating | None:
        """The rating of one service, its words and phone opened; None while it has none."""
        ...

    def rectification(self, subject: str) -> Rectification:
        """Raises RectificationNotFound."""
        ...

    def rectification_steps(self, subject: str, *, actor: str) -> Sequence[RectificationStep]:
        """What happened to it, oldest first. Raises RectificationNotFound."""
        ...

    def rectifications(
        self, *, only: Literal["open", "due_soon", "overdue", "closed", "all"] = "open", limit: int = 200
    ) -> Sequence[Rectification]:
        """The nearest deadline first. "due_soon" and "overdue" are those not yet put right, by the clock."""
        ...

    def assign(
        self, subject: str, *, department: str, officer: str, actor: str, reason: str, key: str
    ) -> Rectification:
        """Give it to a department and an officer (a staff login), or to others while it is not verified.

        The same `key` returns the first result again. Raises RectificationNotFound, IllegalRectification.
        """
        ...

    def add_evidence(
        self, subject: str, *, text: str, attachments: Sequence[str], actor: str, key: str
    ) -> Rectification:
        """Add evidence: words, and the SHA-256 (64 hex digits) of attached files.

        The same `key` returns the first result again. Raises EvidenceMissing for neither words nor files,
        ValueError for an attachment that is no SHA-256, RectificationNotFound, IllegalRectification.
        """
        ...

    def advance(self, subject: str, *, to: Advance, actor: str, reason: str, key: str) -> Rectification:
        """Verify it (or find it untrue), put it right, call the citizen back, close it.

        "unfounded", "rectified" and "closed" need evidence; "called_back" is for ratings with a phone, once.
        The same `key` returns the first result again. Raises EvidenceMissing, IllegalRectification,
        RectificationNotFound.
        """
        ...

    def figures(
        self,
        *,
        by: Literal["channel", "department", "item", "level", "month"],
        since: date,
        until: date,
    ) -> Sequence[RatingFigure]:
        """Rates of the ratings given from `since` to `until`, both included, by group."""
        ...

    def tick(self) -> int:
        """Escalate what is due now, each stage once; return how many were."""
        ...
