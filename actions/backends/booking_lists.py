"""Bookings as their owner sees them: lists, one by its number, vouchers. Every look is on the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping

from actions.backends.booking_proof import Proof
from actions.backends.booking_rows import Desk, booking, joined, phone_digits, row_of, there
from actions.backends.booking_rules import missed
from actions.backends.ports import Booking, BookingNotFound, Voucher
from actions.backends.tables import bookings, slots
from actions.backends.vouchers import voucher

MOVABLE = ("booked", "displaced")
"""Statuses in which a booking can still be moved or given back."""
LOST_SHOWN = timedelta(days=14)
"""How long after its day a displaced booking that nobody moved is still shown."""


class BookingLists:
    """See the reading methods of `BookingSystem`."""

    def __init__(self, desk: Desk, proof: Proof) -> None:
        self._desk = desk
        self._store = desk.store
        self._proof = proof

    def of_owner(self, owner: str) -> Sequence[Booking]:
        """See `BookingSystem.bookings`."""
        if "\0" in owner:
            return []
        return self._listed(bookings.c.owner == owner, owner, f"owner:{owner}")

    def of_phone(self, phone: str, booking_no: str, owner: str) -> Sequence[Booking]:
        """See `BookingSystem.by_phone`."""
        digits = phone_digits(phone)
        self._proof.phone(booking_no, digits, owner)
        digests = self._store.vault.digests("phone", digits)
        return self._listed(bookings.c.phone_digest.in_(digests), owner, f"booking:{booking_no}")

    def _listed(self, whose: ColumnElement[bool], actor: str, subject: str) -> Sequence[Booking]:
        today, c = self._store.clock().date(), bookings.c
        counted = today - timedelta(days=self._desk.plan.policy.no_show_days)
        shown = (c.status == "booked") & (slots.c.day >= today)
        shown |= (c.status == "displaced") & (slots.c.day >= today - LOST_SHOWN)
        shown |= (c.status == "no_show") & (slots.c.day >= counted)
        with self._store.begin() as db:
            asked = joined().where(whose, shown).order_by(slots.c.day, slots.c.start)
            found = [self._seen(db, row) for row in db.execute(asked).mappings().all()]
            if found:
                self._desk.note(db, actor, "booking.listed", subject, n=str(len(found)))
        return found

    def _seen(self, db: Connection, row: RowMapping) -> Booking:
        """A row as it is listed: of a booking that nobody came to, what the rule says."""
        if row["status"] != "no_show":
            return booking(self._desk, row)
        phone = self._store.vault.open("bookings.phone", row["phone"])
        return booking(self._desk, row, missed(self._desk, db, phone, self._store.clock()))

    def one(self, booking_no: str, owner: str, phone_last4: str | None) -> Booking:
        """See `BookingSystem.find`."""
        self._proof.last4(booking_no, phone_last4, owner)
        with self._store.begin() as db:
            row = there(db, booking_no)
            if row["status"] not in MOVABLE:
                raise BookingNotFound
            self._desk.note(db, owner, "booking.seen", f"booking:{booking_no}")
        return booking(self._desk, row)

    def voucher(self, booking_no: str, owner: str, phone_last4: str | None) -> Voucher:
        """See `BookingSystem.voucher`."""
        self._proof.last4(booking_no, phone_last4, owner)
        with self._store.begin() as db:
            row = there(db, booking_no)
            self._desk.note(db, owner, "booking.voucher", f"booking:{booking_no}")
        return self._voucher(row)

    def voucher_by_token(self, token: str) -> Voucher:
        """See `BookingSystem.voucher_by_token`."""
        with self._store.begin() as db:
            row = None if "\0" in token or not token else row_of(db, bookings.c.voucher == token)
            if row is None:
                raise BookingNotFound
            self._desk.note(db, "link", "booking.voucher", f"booking:{row['booking_no']}")
        return self._voucher(row)

    def _voucher(self, row: RowMapping) -> Voucher:
        booked = booking(self._desk, row)
        return voucher(booked, sequence=row["sequence"], at=self._store.clock())
