"""The line for full slots. A place that falls free is held for the first in line, in the same transaction.

So a place is never free while somebody who wants it waits, and nobody is passed over: every step (offer,
expiry, next offer) is one transaction under the day's lock. Who is first stands in `wait_rows`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Connection, RowMapping, select

from actions.backends.booking_rows import Desk, starts
from actions.backends.booking_rules import check_same_slot
from actions.backends.ports import DuplicateBooking
from actions.backends.slot_rows import bookable, give_back, of_day, take_place
from actions.backends.tables import bookings, slots, waits
from actions.backends.wait_notices import (
    tell_in_vain,
    tell_offer,
    tell_ran_out,
    tell_taken_back,
    withdraw_offer,
)
from actions.backends.wait_rows import IN_LINE, line, set_turn, wants


def offer_on(desk: Desk, db: Connection, hall_id: str, day: date) -> int:
    """Offer every free place of the day to the first in line who wants it. Under the day's lock."""
    queue = line(db, hall_id, day)
    if not queue:
        return 0
    now, made = desk.store.clock(), 0
    rows = [row for row in of_day(db, hall_id, day) if bookable(desk, row, now)]
    left = {row["id"]: row["capacity"] - row["taken"] for row in rows}
    for wait in queue:
        fits = [r for r in rows if left[r["id"]] > 0 and wants(wait, r)]
        fits = [r for r in fits if not _holds(desk, db, r["id"], wait)]
        if fits:
            best = _best(db, wait, fits)
            _offer(desk, db, wait, best, now)
            left[best["id"]] -= 1
            made += 1
    return made


def _best(db: Connection, wait: RowMapping, fits: list[RowMapping]) -> RowMapping:
    """The earliest; for a displaced booking the nearest to the time that it had."""
    if not wait["booking_no"]:
        return fits[0]
    own = select(slots.c.start).join(bookings, bookings.c.slot_id == slots.c.id)
    had = db.execute(own.where(bookings.c.booking_no == wait["booking_no"])).scalar_one()
    return min(fits, key=lambda row: abs(_minutes(row["start"]) - _minutes(had)))


def _minutes(start: str) -> int:
    return int(start[:2]) * 60 + int(start[3:])


def _holds(desk: Desk, db: Connection, slot_id: str, wait: RowMapping) -> bool:
    """True when the phone has a place there already: it needs no second one, and keeps its turn."""
    try:
        check_same_slot(desk, db, slot_id, desk.store.vault.open("waits.phone", wait["phone"]))
    except DuplicateBooking:
        return True
    return False


def _offer(desk: Desk, db: Connection, wait: RowMapping, row: RowMapping, now: datetime) -> None:
    policy = desk.plan.policy
    last = starts(row) - timedelta(minutes=policy.cut_off_minutes)
    tell, until = policy.offer_hours.clock(now, policy.offer_minutes)
    if last <= tell:  # over before the morning: told at once, or nobody could take it
        tell = now
    until = min(until, last)
    take_place(db, row["id"])
    set_turn(db, wait["id"], state="offered", offered_slot=row["id"], offered_at=now, offer_until=until)
    tell_offer(desk, db, wait, row, made=now, tell=tell, until=until)


def accept(db: Connection, wait: RowMapping, booking_no: str) -> None:
    """The held place is the booking's from now on."""
    withdraw_offer(db, wait)
    set_turn(db, wait["id"], state="accepted", booking_no=booking_no)


def end(db: Connection, wait: RowMapping, state: str) -> None:
    """End a turn, giving the held place back; a turn taken back (state "waiting") keeps its place in line."""
    if wait["state"] == "offered":
        withdraw_offer(db, wait)
        give_back(db, wait["offered_slot"])
    set_turn(db, wait["id"], state=state, offered_slot=None, offered_at=None, offer_until=None)


def end_of_booking(db: Connection, hall_id: str, day: date, booking_no: str) -> None:
    """The displaced booking was moved or given up: its turn is needed no more. Under the day's lock."""
    for state in IN_LINE:
        for wait in line(db, hall_id, day, state):
            if wait["booking_no"] == booking_no:
                end(db, wait, "left")


def take_back(desk: Desk, db: Connection, hall_id: str, day: date, slot_id: str, most: int) -> int:
    """Take up to `most` offers of a slot back, newest first, those of displaced bookings last. How many."""
    held = [w for w in line(db, hall_id, day, "offered") if w["offered_slot"] == slot_id]
    held.sort(key=lambda w: (w["booking_no"] is None, w["offered_at"], w["id"]), reverse=True)
    for wait in held[:most]:
        tell_taken_back(desk, db, wait)
        end(db, wait, "waiting")
    return len(held[:most])


def expire(desk: Desk, db: Connection, hall_id: str, day: date) -> list[tuple[int, str]]:
    """End offers that nobody took in time, and turns for which no slot is left. [(id, new state)]."""
    now, done = desk.store.clock(), []
    for wait in line(db, hall_id, day, "offered"):
        if wait["offer_until"] <= now:
            tell_ran_out(desk, db, wait)
            end(db, wait, "expired")
            done.append((wait["id"], "expired"))
    if day > now.date():
        return done
    open_rows = [r for r in of_day(db, hall_id, day) if _to_come(desk, r, now)]
    for wait in line(db, hall_id, day):
        if not any(wants(wait, row) for row in open_rows):
            tell_in_vain(desk, db, wait)
            end(db, wait, "lapsed")
            done.append((wait["id"], "lapsed"))
    return done


def _to_come(desk: Desk, row: RowMapping, now: datetime) -> bool:
    """Before its cut-off; a closed one may be opened again."""
    return starts(row) - timedelta(minutes=desk.plan.policy.cut_off_minutes) > now


def days_due(db: Connection, now: datetime) -> list[tuple[str, date]]:
    """(hall, day) where `expire` or `offer_on` may have something to do."""
    late = (waits.c.state == "offered") & (waits.c.offer_until <= now)
    over = (waits.c.state == "waiting") & (waits.c.day <= now.date())
    asked = select(waits.c.hall_id, waits.c.day).where(late | over).distinct()
    return sorted((row.hall_id, row.day) for row in db.execute(asked))
