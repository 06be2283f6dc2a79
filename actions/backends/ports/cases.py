"""Cases (办件): where their status is looked up, and where changes of it are delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

StepState = Literal["done", "current", "next"]
ResultWay = Literal["", "collect", "post", "electronic"]
"""How the result reaches the citizen; "": not known."""


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One step of a case's course; `at` is None for a step still to come."""

    title: str
    at: datetime | None
    note: str
    state: StepState


@dataclass(frozen=True, slots=True)
class CasePause:
    """Days that do not count towards the time limit; `until` is None while it still stands."""

    reason: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class CaseStatus:
    """One case as its system shows it at `as_of`."""

    case_no: str
    item: str
    applicant: str
    """Masked: 王*明."""
    department: str
    status: str
    submitted_on: date
    due_on: date | None
    """The promised deadline, else the statutory one; None while the time limit stands still."""
    steps: tuple[CaseStep, ...]
    next_step: str
    citizen_must: str
    as_of: datetime
    source: str
    demo: bool
    holder_department: str = ""
    """Who has it now."""
    holder: str = ""
    """The person or window there; "" if the source does not say."""
    statutory_days: int | None = None
    """Working days."""
    statutory_due: date | None = None
    promised_days: int | None = None
    promised_due: date | None = None
    pauses: tuple[CasePause, ...] = ()
    materials: tuple[str, ...] = ()
    """What is missing (补正材料)."""
    result: str = ""
    result_way: ResultWay = ""
    result_where: str = ""
    """The hall to collect it at, the carrier and tracking number, or where the electronic licence is."""


class CaseSystem(Protocol):
    """Where cases (办件) are looked up."""

    def status(self, case_no: str, *, phone_last4: str, client: str) -> CaseStatus:
        """Return the case; from now on `client` is told of its changes.

        Raises CaseNotFound, and TooManyAttempts for a client that failed too often or a number that was
        guessed at too often (then only for clients that never had it right).
        """
        ...

    def mine(self, identity: str, *, client: str) -> Sequence[CaseStatus]:
        """The cases of a person who is logged in, the newest first, 50 at most.

        `identity` is what the login vouches for, such as an ID number; never something that was typed in.
        """
        ...

    def tick(self) -> int:
        """Forget failed look-ups and followers that no longer matter; return how many rows went."""
        ...


@dataclass(frozen=True, slots=True)
class FeedReceipt:
    """What became of a delivered event.

    `late`: it is in the course of the case, whose state is newer. `repeated`: it was delivered before.
    """

    event_id: str
    outcome: Literal["applied", "late", "repeated"]
    told: int
    """Conversations that will be told."""


class CaseFeed(Protocol):
    """Where the systems of the departments deliver changes of cases."""

    def deliver(self, body: bytes, *, signature: str, timestamp: str) -> FeedReceipt:
        """Take one event. Same event again: same effect, once.

        Args:
            body: UTF-8 JSON, see docs/cases.md.
            signature: hex HMAC-SHA256 of the timestamp's characters followed by the body.
            timestamp: seconds since 1970, at most five minutes from now.

        Raises FeedUnsigned, FeedMalformed, FeedUnknownCase, FeedConflict.
        """
        ...
