"""Bookings of extended-hours slots (延时错时预约): slots, bookings, the line for full slots, vouchers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal, Protocol

Session = Literal["noon", "evening", "weekend"]
BookingStatus = Literal["booked", "cancelled", "displaced", "no_show"]
WaitState = Literal["waiting", "offered", "accepted", "declined", "expired", "left", "lapsed"]
Wish = Literal["", "noon", "evening", "weekend"]


@dataclass(frozen=True, slots=True)
class Hall:
    """A service hall. Addresses nobody could check carry `address_verified=False`."""

    id: str
    name: str
    names: tuple[str, ...]
    district: str
    address: str
    address_verified: bool
    items: tuple[str, ...] = ()
    """Ids of the guides that may be booked here; empty: all."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One bookable half hour or session of a hall. `free` is places left, 0 or more."""

    id: str
    hall_id: str
    day: date
    start: time
    end: time
    session: Session
    capacity: int
    free: int


@dataclass(frozen=True, slots=True)
class Missed:
    """The no-show rule as it stands for one phone: `count` of `limit` within `days` days."""

    count: int
    limit: int
    days: int
    barred_days: int
    """How long booking is closed once `limit` is reached."""
    until: date | None = None
    """Booking is closed before this day; None: it is open."""


@dataclass(frozen=True, slots=True)
class Booking:
    """One place in a slot: held, given back, taken away by a closure (displaced), or not used (no_show)."""

    booking_no: str
    item_id: str
    item: str
    hall: Hall
    day: date
    start: time
    end: time
    name: str
    phone: str
    status: BookingStatus
    owner: str
    demo: bool
    voucher: str = ""
    """Unguessable token of the voucher's links."""
    missed: Missed | None = None
    """With status no_show, where bookings are listed: what the rule says."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A turn in the line for a day, a session or a slot of a hall; `offered` is held until `until`.

    A booking that a closure displaced has a turn for its day by itself, before all others.
    """

    id: int
    hall: Hall
    day: date
    session: Wish
    """"" for any session of the day."""
    slot_id: str
    """"" for any slot of the day or session."""
    item_id: str
    item: str
    state: WaitState
    place: int
    """1 for the next in line for what is wished; 0 when not waiting."""
    owner: str
    offered: Slot | None = None
    until: datetime | None = None
    booking_no: str = ""
    """The booking that an accepted offer became; from the start the displaced one that accepting moves."""


@dataclass(frozen=True, slots=True)
class Voucher:
    """What the citizen keeps: lines to read, a QR code of the number, a calendar entry (RFC 5545)."""

    booking_no: str
    token: str
    lines: tuple[tuple[str, str], ...]
    """(label, value) in Chinese; the name is masked, the phone is left out."""
    ics: str
    qr_svg: str


class BookingSystem(Protocol):
    """Where extended-hours slots are booked."""

    def halls(self) -> Sequence[Hall]:
        """All halls, in the order to show them."""
        ...

    def free_slots(self, hall_id: str, day: date) -> Sequence[Slot]:
        """Slots of that day, full ones included (free == 0), in order of time.

        Left out: slots whose cut-off has passed and closed ones.
        """
        ...

    def closed_because(self, hall_id: str, day: date) -> str:
        """Why the hall or a session is closed that day, in words for citizens; "" when nothing is."""
        ...

    def book(
        self, slot_id: str, *, item_id: str, item: str, name: str, phone: str, owner: str, key: str
    ) -> Booking:
        """Take one place. `key`: idempotency; the same key returns the first booking again.

        Raises SlotFull, BookingTooLate, DuplicateBooking, BookingLimit, BookingSuspended, ItemNotBookable,
        BookingRefused.
        """
        ...

    def bookings(self, owner: str) -> Sequence[Booking]:
        """Bookings made by `owner` (a conversation), soonest first.

        Active and displaced ones, and those that nobody came to while the rule still counts them.
        """
        ...

    def by_phone(self, *, phone: str, booking_no: str, owner: str) -> Sequence[Booking]:
        """The same for a phone, for whoever (`owner`) knows it and the number of one of its bookings.

        Raises BookingNotFound, TooManyAttempts.
        """
        ...

    def find(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """An active or displaced booking, for its owner or who knows the phone's last four digits.

        An unknown number and wrong digits are refused alike and take the same time; wrong guesses are counted
        by number and by `owner`. Raises BookingNotFound, TooManyAttempts.
        """
        ...

    def change(self, booking_no: str, slot_id: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """Move a booking to another slot; it keeps its number and never holds two places.

        Moving it to where it already is changes nothing. Raises BookingNotFound, SlotFull, BookingTooLate,
        DuplicateBooking, BookingLimit, ItemNotBookable, TooManyAttempts; after each of them the booking
        stands as it was.
        """
        ...

    def cancel(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """Cancel and give the place back. Cancelling twice returns the same cancelled booking.

        Allowed for the owner, or for whoever knows the phone's last four digits. Raises BookingNotFound,
        BookingTooLate, TooManyAttempts.
        """
        ...

    def voucher(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Voucher:
        """The voucher of a booking, a cancelled one included. Raises BookingNotFound, TooManyAttempts."""
        ...

    def voucher_by_token(self, token: str) -> Voucher:
        """The voucher of an unguessable token (`Booking.voucher`). Raises BookingNotFound."""
        ...

    def join_waitlist(
        self,
        *,
        hall_id: str,
        day: date,
        session: Wish = "",
        slot_id: str = "",
        item_id: str,
        item: str,
        name: str,
        phone: str,
        owner: str,
        key: str,
    ) -> Wait:
        """Join the line; where a place is free and nobody is before, it is offered at once.

        `key`: idempotency. Raises SlotFull (nothing to wait for), AlreadyWaiting, DuplicateBooking,
        BookingLimit, BookingSuspended, ItemNotBookable, BookingRefused.
        """
        ...

    def waits(self, owner: str) -> Sequence[Wait]:
        """Turns of `owner` that wait or have an offer, oldest first.

        Then those whose offer ran out (expired) and that `join_again` can renew.
        """
        ...

    def join_again(self, wait_id: int, *, owner: str, key: str) -> Wait:
        """Join the end of the line again, after an offer ran out, for the same wish and person.

        `key`: idempotency. Raises WaitNotFound (also for a turn that did not run out), SlotFull,
        AlreadyWaiting, DuplicateBooking, BookingLimit, BookingSuspended, ItemNotBookable, BookingRefused.
        """
        ...

    def accept_offer(self, wait_id: int, *, owner: str) -> Booking:
        """Turn an offer into a booking, or move the displaced booking there. Twice returns the same booking.

        Raises WaitNotFound, OfferGone, BookingLimit, BookingSuspended, DuplicateBooking; after the last three
        the offer stands.
        """
        ...

    def leave_waitlist(self, wait_id: int, *, owner: str) -> Wait:
        """Leave the line, or decline the offer: the next in line gets it. Leaving twice changes nothing.

        Raises WaitNotFound.
        """
        ...

    def tick(self) -> int:
        """Do what is due: expire offers and offer the places on, end turns that lapsed. How many.

        Whoever's offer ran out, or waited in vain, is told.
        """
        ...
