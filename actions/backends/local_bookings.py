"""The embedded booking system: slots by rule, capacity by constraint, places that fall free by turn.

Locks, so that no two transactions ever wait for each other: first at most one of a key, a booking or a turn;
then days and phones in one call; the audit trail last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, update

from actions.backends.booking_rows import (
    Desk,
    Person,
    allowed,
    booking,
    insert_booking,
    joined,
    known,
    phone_digits,
    row_of,
)
from actions.backends.booking_rules import (
    check_cut_off,
    check_item,
    check_limits,
    check_same_slot,
    check_suspension,
    check_time,
)
from actions.backends.database import hold
from actions.backends.local_waits import LocalWaits
from actions.backends.ports import Booking, BookingNotFound, Hall, Slot, Voucher, Wait
from actions.backends.reminders import plan_reminders, withdraw_reminders
from actions.backends.slot_plan import HallPlan
from actions.backends.slot_rows import (
    bookable,
    closures_of,
    day_lock,
    give_back,
    open_day,
    phone_lock,
    slot,
    slot_row,
    take_place,
    within_horizon,
)
from actions.backends.store import Store
from actions.backends.tables import bookings, slots
from actions.backends.vouchers import voucher
from actions.backends.waitlist import offer_on

SHOWN = ("booked", "displaced")
"""Statuses in which a booking can still be moved or given back."""


class LocalBookings:
    """Extended-hours bookings in the services database. See `BookingSystem`."""

    def __init__(self, store: Store, plan: HallPlan) -> None:
        self._store = store
        self._desk = Desk(store, plan)
        self._waits = LocalWaits(self._desk)

    @property
    def desk(self) -> Desk:
        """For the staff's commands: closures, windows, no-shows."""
        return self._desk

    def halls(self) -> Sequence[Hall]:
        """See `BookingSystem.halls`."""
        return self._desk.plan.halls

    def free_slots(self, hall_id: str, day: date) -> Sequence[Slot]:
        """See `BookingSystem.free_slots`. Opens the day's slots on first sight."""
        if not within_horizon(self._desk, hall_id, day):
            return []
        now = self._store.clock()
        with self._store.begin() as db:
            rows = open_day(self._desk, db, hall_id, day)
        return [slot(row) for row in rows if bookable(self._desk, row, now)]

    def closed_because(self, hall_id: str, day: date) -> str:
        """See `BookingSystem.closed_because`."""
        if "\0" in hall_id:
            return ""
        with self._store.begin() as db:
            reasons = [row["reason"] for row in closures_of(db, hall_id, day)]
        return "；".join(dict.fromkeys(reasons))

    def book(
        self, slot_id: str, *, item_id: str, item: str, name: str, phone: str, owner: str, key: str
    ) -> Booking:
        """See `BookingSystem.book`."""
        desk, who = self._desk, Person(item_id, item, name, phone, owner, key).checked()
        digests = self._store.vault.digests("key", key)
        with self._store.begin() as db:
            hold(db, f"booking-key:{digests[0]}")
            first = row_of(db, bookings.c.key_digest.in_(digests))
            if first:
                return booking(desk, first)
            row = slot_row(db, slot_id)
            hold(db, day_lock(row["hall_id"], row["day"]), phone_lock(desk, who.phone))
            self._check(db, row, who)
            check_suspension(desk, db, who.phone, self._store.clock())
            check_limits(desk, db, row, who)
            take_place(db, slot_id)
            number = insert_booking(desk, db, slot_id, row["day"], who)
            booked = known(desk, db, bookings.c.booking_no == number)
            plan_reminders(desk, db, booked)
            desk.note(db, owner, "booking.made", f"booking:{number}", slot=slot_id)
        return booked

    def _check(
        self, db: Connection, row: RowMapping, who: Person, but: ColumnElement[bool] | None = None
    ) -> None:
        """What holds for a new booking and for one that moves."""
        check_time(self._desk, row, self._store.clock())
        check_item(self._desk, row["hall_id"], who.item_id)
        check_same_slot(self._desk, db, row["id"], who.phone, but)

    def bookings(self, owner: str) -> Sequence[Booking]:
        """See `BookingSystem.bookings`."""
        if "\0" in owner:
            return []
        return self._listed(bookings.c.owner == owner, owner, f"owner:{owner}")

    def by_phone(self, *, phone: str, booking_no: str, owner: str) -> Sequence[Booking]:
        """See `BookingSystem.by_phone`."""
        digests = self._store.vault.digests("phone", phone_digits(phone))
        with self._store.begin() as db:
            mine = (bookings.c.booking_no == booking_no) & bookings.c.phone_digest.in_(digests)
            if "\0" in booking_no or row_of(db, mine) is None:
                raise BookingNotFound
        return self._listed(bookings.c.phone_digest.in_(digests), owner, f"booking:{booking_no}")

    def _listed(self, whose: ColumnElement[bool], actor: str, subject: str) -> Sequence[Booking]:
        today = self._store.clock().date()
        with self._store.begin() as db:
            asked = joined().where(whose, bookings.c.status.in_(SHOWN), slots.c.day >= today)
            rows = db.execute(asked.order_by(slots.c.day, slots.c.start)).mappings()
            found = [booking(self._desk, row) for row in rows]
            if found:
                self._desk.note(db, actor, "booking.listed", subject, n=str(len(found)))
        return found

    def find(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """See `BookingSystem.find`."""
        with self._store.begin() as db:
            row = allowed(self._desk, db, booking_no, owner, phone_last4)
            if row["status"] not in SHOWN:
                raise BookingNotFound
            self._desk.note(db, owner, "booking.seen", f"booking:{booking_no}")
        return booking(self._desk, row)

    def change(self, booking_no: str, slot_id: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """See `BookingSystem.change`."""
        desk, now, mine = self._desk, self._store.clock(), bookings.c.booking_no == booking_no
        with self._store.begin() as db:
            hold(db, f"booking:{booking_no}")
            before = allowed(desk, db, booking_no, owner, phone_last4)
            after = slot_row(db, slot_id) if before["status"] in SHOWN else before
            here = day_lock(before["hall_id"], before["day"])
            phone = self._store.vault.open("bookings.phone", before["phone"])
            hold(db, here, day_lock(after["hall_id"], after["day"]), phone_lock(desk, phone))
            before = allowed(desk, db, booking_no, owner, phone_last4)  # a closure may have come first
            if before["status"] not in SHOWN:
                raise BookingNotFound
            if before["status"] == "booked" and before["slot_id"] == slot_id:
                return booking(desk, before)
            if before["status"] == "booked":
                check_cut_off(desk, before, now)
            old = booking(desk, before)
            self._check(db, slot_row(db, slot_id), _person(old), ~mine)
            check_limits(desk, db, after, _person(old), ~mine)
            take_place(db, slot_id)
            withdraw_reminders(desk, db, old)
            values = {"slot_id": slot_id, "status": "booked", "sequence": bookings.c.sequence + 1}
            db.execute(update(bookings).where(mine).values(**values))
            moved = known(desk, db, mine)
            plan_reminders(desk, db, moved)
            if before["status"] == "booked":
                give_back(db, before["slot_id"])
                offer_on(desk, db, before["hall_id"], before["day"])
            desk.note(db, owner, "booking.changed", f"booking:{booking_no}", slot=slot_id)
        return moved

    def cancel(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """See `BookingSystem.cancel`."""
        desk, mine = self._desk, bookings.c.booking_no == booking_no
        with self._store.begin() as db:
            hold(db, f"booking:{booking_no}")
            row = allowed(desk, db, booking_no, owner, phone_last4)
            hold(db, day_lock(row["hall_id"], row["day"]))
            row = allowed(desk, db, booking_no, owner, phone_last4)
            if row["status"] == "cancelled":
                return booking(desk, row)
            if row["status"] == "no_show":
                raise BookingNotFound
            if row["status"] == "booked":
                check_cut_off(desk, row, self._store.clock())
            withdraw_reminders(desk, db, booking(desk, row))
            values = {"status": "cancelled", "sequence": bookings.c.sequence + 1}
            db.execute(update(bookings).where(mine).values(**values))
            if row["status"] == "booked":
                give_back(db, row["slot_id"])
                offer_on(desk, db, row["hall_id"], row["day"])
            cancelled = known(desk, db, mine)
            desk.note(db, owner, "booking.cancelled", f"booking:{booking_no}")
        return cancelled

    def voucher(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Voucher:
        """See `BookingSystem.voucher`."""
        with self._store.begin() as db:
            row = allowed(self._desk, db, booking_no, owner, phone_last4)
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

    def join_waitlist(
        self,
        *,
        hall_id: str,
        day: date,
        session: Literal["", "noon", "evening", "weekend"] = "",
        slot_id: str = "",
        item_id: str,
        item: str,
        name: str,
        phone: str,
        owner: str,
        key: str,
    ) -> Wait:
        """See `BookingSystem.join_waitlist`."""
        who = Person(item_id, item, name, phone, owner, key).checked()
        return self._waits.join(hall_id, day, session, slot_id, who)

    def waits(self, owner: str) -> Sequence[Wait]:
        """See `BookingSystem.waits`."""
        return self._waits.of_owner(owner)

    def accept_offer(self, wait_id: int, *, owner: str) -> Booking:
        """See `BookingSystem.accept_offer`."""
        return self._waits.accept(wait_id, owner)

    def leave_waitlist(self, wait_id: int, *, owner: str) -> Wait:
        """See `BookingSystem.leave_waitlist`."""
        return self._waits.leave(wait_id, owner)

    def tick(self) -> int:
        """See `BookingSystem.tick`."""
        return self._waits.tick()


def _person(booked: Booking) -> Person:
    return Person(booked.item_id, booked.item, booked.name, booked.phone, booked.owner, "")
