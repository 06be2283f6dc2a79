"""Cases (办件): where their status is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

StepState = Literal["done", "current", "next"]


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One step of a case's course; `at` is None for a step still to come."""

    title: str
    at: datetime | None
    note: str
    state: StepState


@dataclass(frozen=True, slots=True)
class CaseStatus:
    """One case as its system shows it at `as_of`."""

    case_no: str
    item: str
    applicant: str
    department: str
    status: str
    submitted_on: date
    due_on: date | None
    steps: tuple[CaseStep, ...]
    next_step: str
    citizen_must: str
    as_of: datetime
    source: str
    demo: bool


class CaseSystem(Protocol):
    """Where cases (办件) are looked up."""

    def status(self, case_no: str, *, phone_last4: str, client: str) -> CaseStatus:
        """Return the case. Raises CaseNotFound, TooManyAttempts (counts per number and per client)."""
        ...
