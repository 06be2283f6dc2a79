"""The embedded booking system: slots by rule, capacity by constraint, places that fall free by turn.

Locks, so that no two transactions ever wait for each other: first at most one of a key, a booking or a turn;
then days and phones in one call; the audit trail last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, RowMapping, update

from actions.backends.booking_lists import MOVABLE, BookingLists
from actions.backends.booking_proof import Proof
from actions.backends.booking_rows import Desk, Person, booking, insert_booking, known, row_of, there
from actions.backends.booking_rules import (
    check_cut_off,
    check_item,
    check_key_owner,
    check_limits,
    check_same_slot,
    check_suspension,
    check_time,
)
from actions.backends.case_locks import prune
from actions.backends.database import hold
from actions.backends.local_waits import LocalWaits
from actions.backends.ports import Booking, BookingNotFound, Hall, Slot, Voucher, Wait
from actions.backends.ports.bookings import Wish
from actions.backends.reminders import plan_reminders, withdraw_reminders
from actions.backends.slot_plan import HallPlan
from actions.backends.slot_rows import (
    bookable,
    capacity,
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
from actions.backends.tables import bookings
from actions.backends.waitlist import end_of_booking, offer_on


class LocalBookings:
    """Extended-hours bookings in the services database. See `BookingSystem`."""

    def __init__(self, store: Store, plan: HallPlan) -> None:
        self._store = store
        self._desk = Desk(store, plan)
        self._waits = LocalWaits(self._desk)
        self._proof = Proof(self._desk)
        self._lists = BookingLists(self._desk, self._proof)

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
        if hall_id not in self._desk.plan.rules:
            return ""
        planned = list(self._desk.plan.slots(hall_id, day))
        with self._store.begin() as db:
            shut = closures_of(db, hall_id, day)
        # One window of several, or a session that does not run that day anyway, is no reason.
        closed = {p.session for p in planned if not capacity(shut, p.session, p.windows, p.per_window)}
        told = closed | {""} if closed else closed
        reasons = [row["reason"] for row in shut if row["session"] in told]
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
                check_key_owner(first, who)
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
        return self._lists.of_owner(owner)

    def by_phone(self, *, phone: str, booking_no: str, owner: str) -> Sequence[Booking]:
        """See `BookingSystem.by_phone`."""
        return self._lists.of_phone(phone, booking_no, owner)

    def find(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """See `BookingSystem.find`."""
        return self._lists.one(booking_no, owner, phone_last4)

    def change(self, booking_no: str, slot_id: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """See `BookingSystem.change`."""
        desk, now, mine = self._desk, self._store.clock(), bookings.c.booking_no == booking_no
        self._proof.last4(booking_no, phone_last4, owner)
        with self._store.begin() as db:
            hold(db, f"booking:{booking_no}")
            before = there(db, booking_no)
            after = slot_row(db, slot_id) if before["status"] in MOVABLE else before
            here = day_lock(before["hall_id"], before["day"])
            phone = self._store.vault.open("bookings.phone", before["phone"])
            hold(db, here, day_lock(after["hall_id"], after["day"]), phone_lock(desk, phone))
            before = there(db, booking_no)  # a closure may have come first
            if before["status"] not in MOVABLE:
                raise BookingNotFound
            if before["status"] == "booked" and before["slot_id"] == slot_id:
                return booking(desk, before)
            lost, old = before["status"] == "displaced", booking(desk, before)
            if not lost:
                check_cut_off(desk, before, now)
            self._check(db, slot_row(db, slot_id), _person(old), ~mine)
            check_limits(desk, db, after, _person(old), ~mine, anew=lost)
            if lost:  # the place that is held for it may be the very one that is wanted
                end_of_booking(db, before["hall_id"], before["day"], booking_no)
            take_place(db, slot_id)
            withdraw_reminders(desk, db, old)
            values = {"slot_id": slot_id, "status": "booked", "sequence": bookings.c.sequence + 1}
            db.execute(update(bookings).where(mine).values(**values))
            moved = known(desk, db, mine)
            plan_reminders(desk, db, moved)
            if not lost:
                give_back(db, before["slot_id"])
            offer_on(desk, db, before["hall_id"], before["day"])
            desk.note(db, owner, "booking.changed", f"booking:{booking_no}", slot=slot_id)
        return moved

    def cancel(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Booking:
        """See `BookingSystem.cancel`."""
        desk, mine = self._desk, bookings.c.booking_no == booking_no
        self._proof.last4(booking_no, phone_last4, owner)
        with self._store.begin() as db:
            hold(db, f"booking:{booking_no}")
            row = there(db, booking_no)
            hold(db, day_lock(row["hall_id"], row["day"]))
            row = there(db, booking_no)
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
            else:
                end_of_booking(db, row["hall_id"], row["day"], booking_no)
            offer_on(desk, db, row["hall_id"], row["day"])
            cancelled = known(desk, db, mine)
            desk.note(db, owner, "booking.cancelled", f"booking:{booking_no}")
        return cancelled

    def voucher(self, booking_no: str, *, owner: str, phone_last4: str | None = None) -> Voucher:
        """See `BookingSystem.voucher`."""
        return self._lists.voucher(booking_no, owner, phone_last4)

    def voucher_by_token(self, token: str) -> Voucher:
        """See `BookingSystem.voucher_by_token`."""
        return self._lists.voucher_by_token(token)

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
        """See `BookingSystem.join_waitlist`."""
        who = Person(item_id, item, name, phone, owner, key).checked()
        return self._waits.join(hall_id, day, session, slot_id, who)

    def waits(self, owner: str) -> Sequence[Wait]:
        """See `BookingSystem.waits`."""
        return self._waits.of_owner(owner)

    def join_again(self, wait_id: int, *, owner: str, key: str) -> Wait:
        """See `BookingSystem.join_again`."""
        return self._waits.again(wait_id, owner, key)

    def accept_offer(self, wait_id: int, *, owner: str) -> Booking:
        """See `BookingSystem.accept_offer`."""
        return self._waits.accept(wait_id, owner)

    def leave_waitlist(self, wait_id: int, *, owner: str) -> Wait:
        """See `BookingSystem.leave_waitlist`."""
        return self._waits.leave(wait_id, owner)

    def tick(self) -> int:
        """See `BookingSystem.tick`."""
        done = self._waits.tick()
        with self._store.begin() as db:  # guesses at bookings, also where cases are another system's
            prune(db, self._store.clock())
        return done


def _person(booked: Booking) -> Person:
    return Person(booked.item_id, booked.item, booked.name, booked.phone, booked.owner, "")
