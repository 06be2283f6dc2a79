"""Bookings that nobody came to, marked by the hall's staff; policy counts them."""

from __future__ import annotations

from sqlalchemy import update

from actions.backends.booking_rows import Desk, booking, row_of, starts
from actions.backends.database import hold
from actions.backends.ports import Booking, BookingNotFound, BookingRefused
from actions.backends.tables import bookings


def mark_no_show(desk: Desk, booking_no: str, *, actor: str, came: bool = False) -> Booking:
    """Mark that nobody came; `came=True` takes the mark back. Marking twice changes nothing.

    Raises BookingNotFound, BookingRefused (the slot has not begun, or the booking was given back).
    """
    status = "booked" if came else "no_show"
    with desk.store.begin() as db:
        hold(db, f"booking:{booking_no}")
        row = None if "\0" in booking_no else row_of(db, bookings.c.booking_no == booking_no)
        if row is None:
            raise BookingNotFound
        if row["status"] not in ("booked", "no_show") or starts(row) > desk.store.clock():
            raise BookingRefused("booking_no", "a booking that was kept and whose slot has begun")
        if row["status"] == status:
            return booking(desk, row)
        db.execute(update(bookings).where(bookings.c.booking_no == booking_no).values(status=status))
        after = row_of(db, bookings.c.booking_no == booking_no)
        assert after is not None, "a booking vanished inside its own transaction"
        desk.note(db, actor, f"booking.{'came' if came else 'no_show'}", f"booking:{booking_no}")
        return booking(desk, after)
