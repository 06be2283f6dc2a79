"""Bookings of extended-hours slots (延时错时预约)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Literal, Protocol


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
