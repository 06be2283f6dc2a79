"""What policy refuses, checked in the transaction that books, before a place is taken."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, select, true

from actions.backends.booking_rows import (
    Desk,
    Person,
    active_of_phone,
    count,
    joined,
    plain_name,
    row_of,
    starts,
)
from actions.backends.ports import (
    BookingLimit,
    BookingRefused,
    BookingSuspended,
    BookingTooLate,
    DuplicateBooking,
    ItemNotBookable,
    Missed,
    SlotFull,
)
from actions.backends.tables import bookings, slots


def check_time(desk: Desk, slot: RowMapping, now: datetime) -> None:
    """Raises SlotFull for a slot that has begun or is too far ahead, BookingTooLate after the cut-off."""
    ahead = (slot["day"] - now.date()).days
    if starts(slot) <= now or ahead > desk.plan.horizon_days:
        raise SlotFull
    check_cut_off(desk, slot, now)


def check_cut_off(desk: Desk, slot: RowMapping, now: datetime) -> None:
    """Raises BookingTooLate."""
    minutes = desk.plan.policy.cut_off_minutes
    if starts(slot) - timedelta(minutes=minutes) <= now:
        raise BookingTooLate(minutes)


def check_key_owner(first: RowMapping, who: Person) -> None:
    """Raises BookingRefused for the key of another owner's deed: nobody is handed what is not theirs."""
    if first["owner"] != who.owner:
        raise BookingRefused("key", "one that this owner used, or a new one")


def check_item(desk: Desk, hall_id: str, item_id: str) -> None:
    """Raises ItemNotBookable."""
    items = desk.hall(hall_id).items
    if items and item_id not in items:
        raise ItemNotBookable


def check_suspension(desk: Desk, db: Connection, phone: str, now: datetime) -> None:
    """Raises BookingSuspended for a phone with too many bookings that nobody came to."""
    until = desk.plan.policy.suspended_until(_missed_days(desk, db, phone))
    if until is not None and now.date() < until:
        raise BookingSuspended(until.isoformat())


def missed(desk: Desk, db: Connection, phone: str, now: datetime) -> Missed:
    """How the no-show rule stands for a phone."""
    policy, today, days = desk.plan.policy, now.date(), _missed_days(desk, db, phone)
    until = policy.suspended_until(days)
    return Missed(
        count=sum((today - day).days <= policy.no_show_days for day in days),
        limit=policy.no_shows,
        days=policy.no_show_days,
        barred_days=policy.suspension_days,
        until=until if until is not None and today < until else None,
    )


def _missed_days(desk: Desk, db: Connection, phone: str) -> list[date]:
    """Days of the bookings that nobody came to, newest first."""
    found = db.execute(
        select(slots.c.day)
        .join(bookings, bookings.c.slot_id == slots.c.id)
        .where(
            bookings.c.phone_digest.in_(desk.store.vault.digests("phone", phone)),
            bookings.c.status == "no_show",
        )
        .order_by(slots.c.day.desc())
    ).scalars()
    return list(found)


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
    desk: Desk,
    db: Connection,
    slot: RowMapping,
    person: Person,
    but: ColumnElement[bool] | None = None,
    *,
    anew: bool = True,
) -> None:
    """Raises BookingLimit: one phone's bookings to come, and those of one person for one service on one day.

    A person is a phone and a name: with one phone one may book for oneself and for a parent. `but`: leaves
    the booking that moves out of account. `anew`: it takes a place more than before, as a displaced one does.
    """
    policy = desk.plan.policy
    mine = active_of_phone(desk, person.phone) & (true() if but is None else but)
    that_day = mine & (bookings.c.item_id == person.item_id) & (slots.c.day == slot["day"])
    names = [row["name"] for row in db.execute(joined().where(that_day)).mappings()]
    wanted = plain_name(person.name)
    same = sum(plain_name(desk.store.vault.open("bookings.name", name)) == wanted for name in names)
    if same >= policy.per_item_and_day:
        raise BookingLimit(policy.per_item_and_day, "item_day")
    if anew and count(db, mine) >= policy.active_per_phone:
        raise BookingLimit(policy.active_per_phone)
