"""What a system behind the assistant may refuse. Every expected refusal is one of these."""

from __future__ import annotations

from dataclasses import dataclass


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
