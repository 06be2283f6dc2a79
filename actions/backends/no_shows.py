"""Bookings that nobody came to, marked by the hall's staff; policy counts them."""

from __future__ import annotations

from sqlalchemy import Connection, update

from actions.backends.booking_rows import Desk, booking, row_of, starts, there
from actions.backends.booking_rules import missed
from actions.backends.database import hold
from actions.backends.notices import post, withdraw
from actions.backends.ports import Booking, BookingNotFound, BookingRefused
from actions.backends.reminders import day_words, when
from actions.backends.slot_rows import day_lock
from actions.backends.tables import bookings

MISSED, BARRED = "booking_missed", "booking_barred"


def mark_no_show(desk: Desk, booking_no: str, *, actor: str, came: bool = False) -> Booking:
    """Mark that nobody came, and tell them what that means; `came=True` takes the mark back.

    Marking twice changes nothing.

    Raises BookingNotFound, BookingRefused (the slot has not begun, or the booking was given back).
    """
    status = "booked" if came else "no_show"
    with desk.store.begin() as db:
        hold(db, f"booking:{booking_no}")
        row = None if "\0" in booking_no else row_of(db, bookings.c.booking_no == booking_no)
        if row is None:
            raise BookingNotFound
        hold(db, day_lock(row["hall_id"], row["day"]))
        row = there(db, booking_no)  # a closure or a cancellation may have come first
        if row["status"] not in ("booked", "no_show") or starts(row) > desk.store.clock():
            raise BookingRefused("booking_no", "a booking that was kept and whose slot has begun")
        if row["status"] == status:
            return booking(desk, row)
        db.execute(update(bookings).where(bookings.c.booking_no == booking_no).values(status=status))
        after = row_of(db, bookings.c.booking_no == booking_no)
        assert after is not None, "a booking vanished inside its own transaction"
        marked = booking(desk, after)
        if came:
            withdraw(db, _key(booking_no))
        else:
            _tell(desk, db, marked)
        desk.note(db, actor, f"booking.{'came' if came else 'no_show'}", f"booking:{booking_no}")
        return marked


def _tell(desk: Desk, db: Connection, one: Booking) -> None:
    """Once for a booking: what was marked, and the rule as it stands for the phone now."""
    now = desk.store.clock()
    rule = missed(desk, db, one.phone, now)
    payload = {
        "booking_no": one.booking_no,
        "item": one.item,
        "hall": one.hall.name,
        "when": when(one.day, f"{one.start:%H:%M}"),
        "n": str(rule.count),
        "limit": str(rule.limit),
        "days": str(rule.days),
        "barred_days": str(rule.barred_days),
        "until": day_words(rule.until) if rule.until else "",
    }
    kind = BARRED if rule.until else MISSED
    post(db, key=_key(one.booking_no), owner=one.owner, kind=kind, payload=payload, due_at=now)


def _key(booking_no: str) -> str:
    return f"missed:{booking_no}"
