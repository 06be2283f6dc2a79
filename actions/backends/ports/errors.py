"""What a system behind the assistant may refuse. Every expected refusal is one of these."""

from __future__ import annotations

from collections.abc import Sequence
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


class RectificationNotFound(BackendError):
    """No bad rating of such a service."""


class EvidenceMissing(BackendError):
    """A rectification or a work order is not ended without the evidence that it needs."""


class IllegalRectification(BackendError):
    """The rectification is in `state`; `wanted` is not one of the steps `allowed` from there."""

    def __init__(self, state: str, wanted: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{state}: {wanted} refused, allowed {', '.join(allowed) or 'nothing'}")
        self.state = state
        self.wanted = wanted
        self.allowed = tuple(allowed)


class BookingTooLate(BackendError):
    """So shortly (`minutes`) before its beginning a slot is neither booked nor changed nor cancelled."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"less than {minutes} minutes before the slot begins")
        self.minutes = minutes


class BookingLimit(BackendError):
    """One phone has `limit` already. `per`: "phone" (active bookings), "item_day", "waits"."""

    def __init__(self, limit: int, per: str = "phone") -> None:
        super().__init__(f"limit of {limit} per {per} is reached")
        self.limit = limit
        self.per = per


class BookingSuspended(BackendError):
    """After too many bookings that nobody came to, this phone books again from `until` (YYYY-MM-DD)."""

    def __init__(self, until: str) -> None:
        super().__init__(f"no booking before {until}")
        self.until = until


class ItemNotBookable(BackendError):
    """The hall takes no bookings for the service."""


class BookingRefused(BackendError):
    """A value of the booking cannot be: `field` names which, `expected` says what would do."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


class AlreadyWaiting(BackendError):
    """The phone stands in line for the hall and day already, as `wait_id`."""

    def __init__(self, wait_id: int) -> None:
        super().__init__(f"already in line as {wait_id}")
        self.wait_id = wait_id


class WaitNotFound(BackendError):
    """No turn in line has this id for this owner."""


class OfferGone(BackendError):
    """The offer has expired, was declined, or was taken back by a closure."""


class IllegalTransition(BackendError):
    """A work order in `from_state` takes no step `to`; `allowed` names the steps that it takes."""

    def __init__(self, from_state: str, to: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{from_state}: {to} refused, allowed {', '.join(allowed) or 'nothing'}")
        self.from_state = from_state
        self.to = to
        self.allowed = tuple(allowed)


class OrderRefused(BackendError):
    """A value of a work order cannot be: `field` names which, `expected` says what would do."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


class DepartmentNotConfirmed(BackendError):
    """No person has confirmed a department for this order yet; `proposed` is the machine's guess or ""."""

    def __init__(self, proposed: str) -> None:
        super().__init__(f"no department confirmed, proposed {proposed or 'none'}")
        self.proposed = proposed


class RevealNotPermitted(BackendError):
    """Only `needed` may see who filed this order."""

    def __init__(self, needed: str) -> None:
        super().__init__(f"only {needed} may see this")
        self.needed = needed


class FeedUnsigned(BackendError):
    """The delivery is not signed with our secret, or not now. Never says which."""


class FeedMalformed(BackendError):
    """`field` of the delivered event is not what it must be; "" for the whole body."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field or 'body'}: expected {expected}")
        self.field = field
        self.expected = expected


class FeedUnknownCase(BackendError):
    """No case has the number of this event; import the case, then deliver again."""


class FeedConflict(BackendError):
    """Another event was delivered under this id before."""
