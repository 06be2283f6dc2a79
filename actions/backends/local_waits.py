"""The line for full slots as transactions: join, accept, leave, and what falls due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, RowMapping, func, select

from actions.backends.booking_rows import Desk, Person, insert_booking, known
from actions.backends.booking_rules import (
    check_item,
    check_limits,
    check_same_slot,
    check_suspension,
)
from actions.backends.database import hold
from actions.backends.ports import (
    AlreadyWaiting,
    Booking,
    BookingLimit,
    OfferGone,
    SlotFull,
    Wait,
    WaitNotFound,
)
from actions.backends.reminders import plan_reminders
from actions.backends.slot_rows import bookable, by_id, day_lock, open_day, phone_lock, within_horizon
from actions.backends.tables import bookings, waits
from actions.backends.waitlist import (
    IN_LINE,
    accept,
    days_due,
    end,
    expire,
    join,
    offer_on,
    person,
    view,
    wait_row,
    wants,
)


class LocalWaits:
    """See the line's methods of `BookingSystem`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store

    def join(self, hall_id: str, day: date, session: str, slot_id: str, who: Person) -> Wait:
        """See `BookingSystem.join_waitlist`."""
        desk, digests = self._desk, self._store.vault.digests("key", who.key)
        with self._store.begin() as db:
            hold(db, f"wait-key:{digests[0]}")
            first = db.execute(select(waits).where(waits.c.key_digest.in_(digests))).mappings().first()
            if first:
                return view(desk, db, first)
            if not within_horizon(desk, hall_id, day):
                raise SlotFull
            hold(db, day_lock(hall_id, day), phone_lock(desk, who.phone))
            wish = {"session": session, "slot_id": slot_id}
            fits = [r for r in open_day(desk, db, hall_id, day) if _fits(desk, wish, r)]
            if not fits:
                raise SlotFull
            check_item(desk, hall_id, who.item_id)
            check_suspension(desk, db, who.phone, self._store.clock())
            if slot_id:
                check_same_slot(desk, db, slot_id, who.phone)
            self._check_line(db, hall_id, day, who.phone)
            number = join(desk, db, hall_id=hall_id, day=day, wish=(session, slot_id), who=who)
            offer_on(desk, db, hall_id, day)
            joined = view(desk, db, _there(db, number))
            desk.note(db, who.owner, "wait.joined", f"wait:{number}", hall=hall_id, day=day.isoformat())
        return joined

    def _check_line(self, db: Connection, hall_id: str, day: date, phone: str) -> None:
        """Raises AlreadyWaiting, BookingLimit."""
        mine = waits.c.phone_digest.in_(self._store.vault.digests("phone", phone)) & waits.c.state.in_(
            IN_LINE
        )
        mine &= waits.c.day >= self._store.clock().date()
        same = mine & (waits.c.hall_id == hall_id) & (waits.c.day == day)
        there = db.execute(select(waits.c.id).where(same)).scalar()
        if there is not None:
            raise AlreadyWaiting(there)
        most = self._desk.plan.policy.waits_per_phone
        if int(db.execute(select(func.count()).select_from(waits).where(mine)).scalar_one()) >= most:
            raise BookingLimit(most, "waits")

    def of_owner(self, owner: str) -> Sequence[Wait]:
        """See `BookingSystem.waits`."""
        if "\0" in owner:
            return []
        with self._store.begin() as db:
            mine = (waits.c.owner == owner) & waits.c.state.in_(IN_LINE)
            rows = db.execute(select(waits).where(mine).order_by(waits.c.id)).mappings().all()
            found = [view(self._desk, db, row) for row in rows]
            if found:
                self._desk.note(db, owner, "wait.listed", f"owner:{owner}", n=str(len(found)))
        return found

    def accept(self, wait_id: int, owner: str) -> Booking:
        """See `BookingSystem.accept_offer`."""
        desk = self._desk
        with self._store.begin() as db:
            wait = self._mine(db, wait_id, owner)
            who = person(desk, wait)
            hold(db, day_lock(wait["hall_id"], wait["day"]), phone_lock(desk, who.phone))
            wait = _there(db, wait_id)
            if wait["state"] == "accepted":
                return known(desk, db, bookings.c.booking_no == wait["booking_no"])
            if wait["state"] != "offered" or wait["offer_until"] <= self._store.clock():
                raise OfferGone
            row = by_id(db, wait["offered_slot"])
            assert row is not None, "an offer without its slot"
            check_suspension(desk, db, who.phone, self._store.clock())
            check_same_slot(desk, db, row["id"], who.phone)
            check_limits(desk, db, row, who)
            number = insert_booking(desk, db, row["id"], row["day"], who)
            accept(db, wait, number)
            booked = known(desk, db, bookings.c.booking_no == number)
            plan_reminders(desk, db, booked)
            desk.note(db, owner, "wait.accepted", f"wait:{wait_id}", booking=number)
        return booked

    def leave(self, wait_id: int, owner: str) -> Wait:
        """See `BookingSystem.leave_waitlist`."""
        with self._store.begin() as db:
            wait = self._mine(db, wait_id, owner)
            hold(db, day_lock(wait["hall_id"], wait["day"]))
            wait = _there(db, wait_id)
            if wait["state"] in IN_LINE:
                end(db, wait, "declined" if wait["state"] == "offered" else "left")
                offer_on(self._desk, db, wait["hall_id"], wait["day"])
                gone = view(self._desk, db, _there(db, wait_id))
                self._desk.note(db, owner, f"wait.{gone.state}", f"wait:{wait_id}")
                return gone
            return view(self._desk, db, wait)

    def _mine(self, db: Connection, wait_id: int, owner: str) -> RowMapping:
        """The turn, locked for its owner. Raises WaitNotFound."""
        if not 0 < wait_id < 2**31:  # the column's range
            raise WaitNotFound
        hold(db, f"wait:{wait_id}")
        wait = wait_row(db, wait_id)
        if wait is None or wait["owner"] != owner:
            raise WaitNotFound
        return wait

    def tick(self) -> int:
        """See `BookingSystem.tick`. One transaction a day of a hall: a crash loses none of the others."""
        with self._store.begin() as db:
            due = days_due(db, self._store.clock())
        return sum(self._tick(hall_id, day) for hall_id, day in due)

    def _tick(self, hall_id: str, day: date) -> int:
        with self._store.begin() as db:
            hold(db, day_lock(hall_id, day))
            ended = expire(self._desk, db, hall_id, day)
            offered = offer_on(self._desk, db, hall_id, day)
            for wait_id, state in ended:
                self._desk.note(db, "system", f"wait.{state}", f"wait:{wait_id}")
        return len(ended) + offered


def _fits(desk: Desk, wish: dict[str, str], row: RowMapping) -> bool:
    """A slot that can be waited for: what is wished, not closed, not past its cut-off."""
    return wants(wish, row) and bookable(desk, row, desk.store.clock())


def _there(db: Connection, wait_id: int) -> RowMapping:
    row = wait_row(db, wait_id)
    assert row is not None, "a turn in line vanished inside its own transaction"
    return row
