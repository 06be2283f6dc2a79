"""The line for full slots as transactions: join, accept, leave, and what falls due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, RowMapping, func, select, update

from actions.backends.booking_rows import Desk, Person, insert_booking, known
from actions.backends.booking_rules import (
    check_item,
    check_key_owner,
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
from actions.backends.wait_rows import IN_LINE, add_turn, known_turn, of_owner, person, turn_row, view, wants
from actions.backends.waitlist import accept, days_due, end, expire, offer_on


class LocalWaits:
    """See the line's methods of `BookingSystem`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store

    def join(self, hall_id: str, day: date, session: str, slot_id: str, who: Person, moves: str = "") -> Wait:
        """See `BookingSystem.join_waitlist`. `moves`: the displaced booking that the turn is for."""
        desk, digests = self._desk, self._store.vault.digests("key", who.key)
        with self._store.begin() as db:
            hold(db, f"wait-key:{digests[0]}")
            first = db.execute(select(waits).where(waits.c.key_digest.in_(digests))).mappings().first()
            if first:
                check_key_owner(first, who)
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
            self._check_line(db, hall_id, day, who.phone, moves)
            number = add_turn(
                desk, db, hall_id=hall_id, day=day, wish=(session, slot_id), who=who, moves=moves
            )
            offer_on(desk, db, hall_id, day)
            joined = view(desk, db, known_turn(db, number))
            desk.note(db, who.owner, "wait.joined", f"wait:{number}", hall=hall_id, day=day.isoformat())
        return joined

    def _check_line(self, db: Connection, hall_id: str, day: date, phone: str, moves: str) -> None:
        """Raises AlreadyWaiting, BookingLimit; WaitNotFound for a booking that is displaced no more.

        Turns of displaced bookings, which nobody asked for, are no limit.
        """
        if moves:
            return _check_displaced(db, moves)
        mine = waits.c.phone_digest.in_(self._store.vault.digests("phone", phone)) & waits.c.state.in_(
            IN_LINE
        )
        mine &= (waits.c.day >= self._store.clock().date()) & waits.c.booking_no.is_(None)
        same = mine & (waits.c.hall_id == hall_id) & (waits.c.day == day)
        there = db.execute(select(waits.c.id).where(same)).scalar()
        if there is not None:
            raise AlreadyWaiting(there)
        most = self._desk.plan.policy.waits_per_phone
        if int(db.execute(select(func.count()).select_from(waits).where(mine)).scalar_one()) >= most:
            raise BookingLimit(most, "waits")
        return None

    def of_owner(self, owner: str) -> Sequence[Wait]:
        """See `BookingSystem.waits`."""
        if "\0" in owner:
            return []
        with self._store.begin() as db:
            rows = of_owner(db, owner, self._store.clock().date())
            found = [view(self._desk, db, row) for row in rows]
            if found:
                self._desk.note(db, owner, "wait.listed", f"owner:{owner}", n=str(len(found)))
        return found

    def again(self, wait_id: int, owner: str, key: str) -> Wait:
        """See `BookingSystem.join_again`."""
        digests = self._store.vault.digests("key", key)
        with self._store.begin() as db:
            wait = self._mine(db, wait_id, owner)
            done = db.execute(select(waits.c.id).where(waits.c.key_digest.in_(digests))).scalar()
            if wait["state"] != "expired" and done is None:
                raise WaitNotFound
            who = person(self._desk, wait, key).checked()
        return self.join(
            wait["hall_id"], wait["day"], wait["session"], wait["slot_id"], who, wait["booking_no"] or ""
        )

    def accept(self, wait_id: int, owner: str) -> Booking:
        """See `BookingSystem.accept_offer`."""
        desk = self._desk
        with self._store.begin() as db:
            wait = self._mine(db, wait_id, owner)
            who = person(desk, wait)
            hold(db, day_lock(wait["hall_id"], wait["day"]), phone_lock(desk, who.phone))
            wait = known_turn(db, wait_id)
            if wait["state"] == "accepted":
                return known(desk, db, bookings.c.booking_no == wait["booking_no"])
            if wait["state"] != "offered" or wait["offer_until"] <= self._store.clock():
                raise OfferGone
            row = by_id(db, wait["offered_slot"])
            assert row is not None, "an offer without its slot"
            check_same_slot(desk, db, row["id"], who.phone)
            check_limits(desk, db, row, who)
            if wait["booking_no"]:
                number = self._put_back(db, wait)
            else:
                check_suspension(desk, db, who.phone, self._store.clock())
                number = insert_booking(desk, db, row["id"], row["day"], who)
            accept(db, wait, number)
            booked = known(desk, db, bookings.c.booking_no == number)
            plan_reminders(desk, db, booked)
            desk.note(db, owner, "wait.accepted", f"wait:{wait_id}", booking=number)
        return booked

    def _put_back(self, db: Connection, wait: RowMapping) -> str:
        """The displaced booking takes the held place. Its status changes under the day's lock only."""
        mine = (bookings.c.booking_no == wait["booking_no"]) & (bookings.c.status == "displaced")
        values = {"slot_id": wait["offered_slot"], "status": "booked", "sequence": bookings.c.sequence + 1}
        if db.execute(update(bookings).where(mine).values(**values)).rowcount != 1:
            raise OfferGone
        return str(wait["booking_no"])

    def leave(self, wait_id: int, owner: str) -> Wait:
        """See `BookingSystem.leave_waitlist`."""
        with self._store.begin() as db:
            wait = self._mine(db, wait_id, owner)
            hold(db, day_lock(wait["hall_id"], wait["day"]))
            wait = known_turn(db, wait_id)
            if wait["state"] in IN_LINE:
                end(db, wait, "declined" if wait["state"] == "offered" else "left")
                offer_on(self._desk, db, wait["hall_id"], wait["day"])
                gone = view(self._desk, db, known_turn(db, wait_id))
                self._desk.note(db, owner, f"wait.{gone.state}", f"wait:{wait_id}")
                return gone
            return view(self._desk, db, wait)

    def _mine(self, db: Connection, wait_id: int, owner: str) -> RowMapping:
        """The turn, locked for its owner. Raises WaitNotFound."""
        if not 0 < wait_id < 2**31:  # the column's range
            raise WaitNotFound
        hold(db, f"wait:{wait_id}")
        wait = turn_row(db, wait_id)
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


def _check_displaced(db: Connection, booking_no: str) -> None:
    mine = (bookings.c.booking_no == booking_no) & (bookings.c.status == "displaced")
    if db.execute(select(bookings.c.booking_no).where(mine)).first() is None:
        raise WaitNotFound
    turn = (waits.c.booking_no == booking_no) & waits.c.state.in_(IN_LINE)
    there = db.execute(select(waits.c.id).where(turn)).scalar()
    if there is not None:
        raise AlreadyWaiting(there)
