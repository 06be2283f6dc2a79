"""What policy refuses, checked in the transaction that books, before a place is taken."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, select, true

from actions.backends.booking_rows import Desk, Person, active_of_phone, count, row_of, starts
from actions.backends.ports import (
    BookingLimit,
    BookingSuspended,
    BookingTooLate,
    DuplicateBooking,
    ItemNotBookable,
    SlotFull,
)
from actions.backends.tables import bookings, slots


def check_time(desk: Desk, slot: RowMapping, now: datetime) -> None:
    """Raises SlotFull for a slot that has begun, BookingTooLate for one after its cut-off."""
    if starts(slot) <= now:
        raise SlotFull
    check_cut_off(desk, slot, now)


def check_cut_off(desk: Desk, slot: RowMapping, now: datetime) -> None:
    """Raises BookingTooLate."""
    minutes = desk.plan.policy.cut_off_minutes
    if starts(slot) - timedelta(minutes=minutes) <= now:
        raise BookingTooLate(minutes)


def check_item(desk: Desk, hall_id: str, item_id: str) -> None:
    """Raises ItemNotBookable."""
    items = desk.hall(hall_id).items
    if items and item_id not in items:
        raise ItemNotBookable


def check_suspension(desk: Desk, db: Connection, phone: str, now: datetime) -> None:
    """Raises BookingSuspended for a phone with too many bookings that nobody came to."""
    missed = db.execute(
        select(slots.c.day)
        .join(bookings, bookings.c.slot_id == slots.c.id)
        .where(
            bookings.c.phone_digest.in_(desk.store.vault.digests("phone", phone)),
            bookings.c.status == "no_show",
        )
        .order_by(slots.c.day.desc())
    ).scalars()
    until = desk.plan.policy.suspended_until(list(missed))
    if until is not None and now.date() < until:
        raise BookingSuspended(until.isoformat())


def check_same_slot(
    desk: Desk, db: Connection, slot_id: str, phone: str, but: ColumnElement[bool] | None = None
) -> None:
    """Raises DuplicateBooking. `but`: leaves a booking out of account."""
    same = row_of(
        db,
        (bookings.c.slot_id == slot_id)
        & bookings.c.phone_digest.in_(desk.store.vault.digests("phone", phone))
        & (bookings.c.status == "booked")
        & (true() if but is None else but),
    )
    if same:
        raise DuplicateBooking(same["booking_no"])


def check_limits(
    desk: Desk, db: Connection, slot: RowMapping, person: Person, but: ColumnElement[bool] | None = None
) -> None:
    """Raises BookingLimit: one phone's bookings to come, and those for one service on one day.

    `but`: the booking that moves, which is no second one.
    """
    policy = desk.plan.policy
    mine = active_of_phone(desk, person.phone) & (true() if but is None else but)
    that_day = mine & (bookings.c.item_id == person.item_id) & (slots.c.day == slot["day"])
    if count(db, that_day) >= policy.per_item_and_day:
        raise BookingLimit(policy.per_item_and_day, "item_day")
    if but is None and count(db, mine) >= policy.active_per_phone:
        raise BookingLimit(policy.active_per_phone)
