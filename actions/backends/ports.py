"""Ports to the systems behind the assistant. One Protocol per system, plain dataclasses across.

All methods are synchronous and short (one transaction); async callers use `asyncio.to_thread`.
Times are timezone-aware, Asia/Shanghai. Every method may raise `BackendUnavailable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal, Protocol


class BackendError(Exception):
    """Base of all expected refusals of a backend."""


@dataclass
class BackendUnavailable(BackendError):
    """The system did not answer. `retryable`: the same call may succeed later."""

    system: str
    reason: str
    retryable: bool = True


class CaseNotFound(BackendError):
    """No case has this number together with these digits. Never says which half was wrong."""


class TooManyAttempts(BackendError):
    """Look-ups are locked for this client or number; try again after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"locked, retry after {retry_after_s} s")
        self.retry_after_s = retry_after_s


class SlotFull(BackendError):
    """The slot has no place left, or is closed or past."""


class DuplicateBooking(BackendError):
    """The same phone already holds a place in this slot; `booking_no` is the existing one."""

    def __init__(self, booking_no: str) -> None:
        super().__init__(f"already booked as {booking_no}")
        self.booking_no = booking_no


class BookingNotFound(BackendError):
    """No active booking has this number for this owner."""


class WorkOrderNotFound(BackendError):
    """No work order has this number for this owner. Never says which half was wrong."""


class AlreadyRated(BackendError):
    """A service is rated once (一事一评), and this one has been."""


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


@dataclass(frozen=True, slots=True)
class Hall:
    """A service hall. Addresses nobody could check carry `address_verified=False`."""

    id: str
    name: str
    names: tuple[str, ...]
    district: str
    address: str
    address_verified: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """One bookable half hour or session of a hall. `free` is places left, 0 or more."""

    id: str
    hall_id: str
    day: date
    start: time
    end: time
    session: Literal["noon", "evening", "weekend"]
    capacity: int
    free: int


@dataclass(frozen=True, slots=True)
class Booking:
    """One place in a slot, held or given back."""

    booking_no: str
    item_id: str
    item: str
    hall: Hall
    day: date
    start: time
    end: time
    name: str
    phone: str
    status: Literal["booked", "cancelled"]
    owner: str
    demo: bool


class BookingSystem(Protocol):
    """Where extended-hours slots are booked."""

    def halls(self) -> Sequence[Hall]:
        """All halls, in the order to show them."""
        ...

    def free_slots(self, hall_id: str, day: date) -> Sequence[Slot]:
        """Slots of that day, full ones included (free == 0), in order of time; past ones left out."""
        ...

    def book(
        self, slot_id: str, *, item_id: str, item: str, name: str, phone: str, owner: str, key: str
    ) -> Booking:
        """Take one place. `key`: idempotency; the same key returns the first booking again.

        Raises SlotFull, DuplicateBooking.
        """
        ...

    def bookings(self, owner: str) -> Sequence[Booking]:
        """Active bookings made by `owner` (a conversation), soonest first."""
        ...

    def find(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """An active booking, for its owner or for whoever knows the phone's last four digits.

        Raises BookingNotFound.
        """
        ...

    def change(self, booking_no: str, slot_id: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """Move an active booking to another slot; it keeps its number and never holds two places.

        Moving it to where it already is changes nothing. Raises BookingNotFound, SlotFull,
        DuplicateBooking; after each of them the booking stands as it was.
        """
        ...

    def cancel(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """Cancel and give the place back. Cancelling twice returns the same cancelled booking.

        Allowed for the owner, or for whoever knows the phone's last four digits. Raises BookingNotFound.
        """
        ...


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A 12345 work order. `due_on`: the day by which somebody answers."""

    order_no: str
    kind: Literal["call_back", "complaint"]
    text: str
    contact: str
    phone: str
    state: Literal["accepted", "withdrawn"]
    created_at: datetime
    due_on: date
    owner: str
    urged: int = 0
    """How often the citizen has urged it (催办)."""


class WorkOrderSystem(Protocol):
    """Where 12345 work orders are filed."""

    def create(
        self,
        *,
        kind: Literal["call_back", "complaint"],
        text: str,
        contact: str,
        phone: str,
        owner: str,
        key: str,
    ) -> WorkOrder:
        """File a work order. The same `key` returns the first one again."""
        ...

    def orders(self, owner: str) -> Sequence[WorkOrder]:
        """Work orders filed by `owner` (a conversation), newest first."""
        ...

    def find(self, order_no: str, *, owner: str, phone_last4: str | None = None) -> WorkOrder:
        """One work order, for its owner or for whoever knows the phone's last four digits.

        Raises WorkOrderNotFound.
        """
        ...

    def urge(self, order_no: str, *, owner: str, key: str, phone_last4: str | None = None) -> WorkOrder:
        """Record that the citizen urges it; the same `key` counts once. A withdrawn one stays as it is.

        Raises WorkOrderNotFound.
        """
        ...

    def withdraw(
        self, order_no: str, *, owner: str, reason: str, phone_last4: str | None = None
    ) -> WorkOrder:
        """Take it back. Withdrawing twice returns the same withdrawn order. Raises WorkOrderNotFound."""
        ...


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
