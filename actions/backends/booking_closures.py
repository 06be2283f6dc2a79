"""Closures: a hall, a session or some windows closed on days. Bookings that lose their place are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from actions.backends.booking_rows import Desk, booking, joined, starts
from actions.backends.database import hold
from actions.backends.notices import post
from actions.backends.ports import Booking, BookingRefused
from actions.backends.ports.bookings import Session
from actions.backends.reminders import when, withdraw_reminders
from actions.backends.slot_rows import capacity, closures_of, day_lock, next_free, of_day
from actions.backends.tables import bookings, closures, slots
from actions.backends.wait_rows import put_first
from actions.backends.waitlist import offer_on, take_back

KIND = "booking_displaced"
LONGEST = 366
"""Days of one closure: each of them is locked while it is written."""


@dataclass(frozen=True, slots=True)
class Closure:
    """`session` "" for all; `windows` 0 for all, else how many of them."""

    id: int
    hall_id: str
    first_day: date
    last_day: date
    session: str
    windows: int
    reason: str


def add_closure(
    desk: Desk,
    *,
    hall_id: str,
    first_day: date,
    last_day: date,
    reason: str,
    session: Session | str = "",
    windows: int = 0,
    actor: str,
) -> tuple[Closure, list[str]]:
    """Close, and tell those who lose their place. Returns the closure and the numbers of their bookings.

    Raises BookingRefused.
    """
    _check(desk, hall_id, first_day, last_day, reason, session, windows)
    row = {
        "hall_id": hall_id,
        "first_day": first_day,
        "last_day": last_day,
        "session": session,
        "windows": windows,
        "reason": reason,
        "created_at": desk.store.clock(),
    }
    with desk.store.begin() as db:
        days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
        hold(db, *(day_lock(hall_id, day) for day in days))
        number = db.execute(insert(closures).values(**row).returning(closures.c.id)).scalar_one()
        opened = _opened(db, hall_id, days)
        # All days first: what is free elsewhere is true only then.
        lost = [one for day in opened for one in settle(desk, db, hall_id, day)]
        for one in lost:
            _tell(desk, db, one, reason, int(number))
        for day in opened:
            offer_on(desk, db, hall_id, day)
        detail = {"hall": hall_id, "days": f"{first_day}..{last_day}", "displaced": str(len(lost))}
        for one in lost:
            desk.note(db, actor, "booking.displaced", f"booking:{one.booking_no}")
        desk.note(db, actor, "closure.added", f"closure:{number}", **detail)
    closed = Closure(int(number), hall_id, first_day, last_day, session, windows, reason)
    return closed, [one.booking_no for one in lost]


def _check(
    desk: Desk, hall_id: str, first_day: date, last_day: date, reason: str, session: str, windows: int
) -> None:
    if hall_id not in desk.plan.rules:
        raise BookingRefused("hall", f"one of {', '.join(desk.plan.rules)}")
    if not 0 <= (last_day - first_day).days < LONGEST:
        raise BookingRefused("last_day", f"first_day or up to {LONGEST - 1} days later")
    sessions = sorted({rule.session for rule in desk.plan.rules[hall_id]})
    if session and session not in sessions:
        raise BookingRefused("session", f"none, or one of {', '.join(sessions)}")
    if not 0 <= windows <= 500:
        raise BookingRefused("windows", "0 for all, or how many are closed")
    if not reason.strip() or len(reason) > 200 or "\0" in reason:
        raise BookingRefused("reason", "1 to 200 characters that citizens are shown")


def remove_closure(desk: Desk, closure_id: int, *, actor: str) -> Closure:
    """Open again what this one closed. Raises BookingRefused.

    Places are offered to those who had lost them and have not moved meanwhile, then to the line.
    """
    with desk.store.begin() as db:
        found = db.execute(select(closures).where(closures.c.id == closure_id)).mappings().first()
        if found is None:
            raise BookingRefused("closure", "the id of one, see `closures list`")
        gone = _closure(found)
        days = [gone.first_day + timedelta(days=n) for n in range((gone.last_day - gone.first_day).days + 1)]
        hold(db, *(day_lock(gone.hall_id, day) for day in days))
        db.execute(delete(closures).where(closures.c.id == closure_id))
        for day in _opened(db, gone.hall_id, days):
            settle(desk, db, gone.hall_id, day)
            offer_on(desk, db, gone.hall_id, day)
        desk.note(db, actor, "closure.removed", f"closure:{closure_id}", hall=gone.hall_id)
    return gone


def list_closures(desk: Desk) -> Sequence[Closure]:
    """Those of today and later, soonest first."""
    today = desk.store.clock().date()
    with desk.store.begin() as db:
        asked = select(closures).where(closures.c.last_day >= today)
        rows = db.execute(asked.order_by(closures.c.first_day, closures.c.id)).mappings()
        return [_closure(row) for row in rows]


def set_windows(desk: Desk, slot_id: str, windows: int, *, actor: str) -> list[str]:
    """Give one slot another number of windows, as for one busy day. The bookings that lost their place.

    Raises BookingRefused.
    """
    with desk.store.begin() as db:
        row = db.execute(select(slots).where(slots.c.id == slot_id)).mappings().first()
        if row is None or not 0 <= windows <= 500:
            raise BookingRefused("slot, windows", "an opened slot of `slots list`, and 0 to 500 windows")
        hold(db, day_lock(row["hall_id"], row["day"]))
        lost = settle(desk, db, row["hall_id"], row["day"], {slot_id: windows})
        for one in lost:
            _tell(desk, db, one, "窗口减少", 0)
        offer_on(desk, db, row["hall_id"], row["day"])
        for one in lost:
            desk.note(db, actor, "booking.displaced", f"booking:{one.booking_no}")
        desk.note(db, actor, "slot.windows", f"slot:{slot_id}", windows=str(windows))
        return [one.booking_no for one in lost]


def settle(
    desk: Desk, db: Connection, hall_id: str, day: date, windows: dict[str, int] | None = None
) -> list[Booking]:
    """Bring the capacities of a day in line with its closures. Under its lock; `offer_on` is to follow.

    Where fewer places are left than taken, the newest offers give way first (they keep their place in line),
    then the newest bookings, which are returned: each has a turn before all others, the oldest first.
    """
    shut = closures_of(db, hall_id, day)
    lost: list[RowMapping] = []
    for row in of_day(db, hall_id, day):
        if starts(row) <= desk.store.clock():
            continue
        wide = (windows or {}).get(row["id"], row["windows"])
        room = capacity(shut, row["session"], wide, row["per_window"])
        surplus = max(0, row["taken"] - room)
        surplus -= take_back(desk, db, hall_id, day, row["id"], surplus)
        lost += _displace(db, row["id"], surplus)
        db.execute(update(slots).where(slots.c.id == row["id"]).values(windows=wide, capacity=room))
    lost.sort(key=lambda row: (row["created_at"], row["booking_no"]))
    gone = [booking(desk, row) for row in lost]
    for row, one in zip(lost, gone, strict=True):
        withdraw_reminders(desk, db, one)
        put_first(desk, db, one, row["sequence"] + 1)
    return gone


def _displace(db: Connection, slot_id: str, most: int) -> list[RowMapping]:
    """The newest bookings of a slot lose their place; the rows as they were."""
    mine = (bookings.c.slot_id == slot_id) & (bookings.c.status == "booked")
    newest = joined().where(mine).order_by(bookings.c.created_at.desc(), bookings.c.booking_no).limit(most)
    lost = list(db.execute(newest).mappings().all())
    those = bookings.c.booking_no.in_([row["booking_no"] for row in lost])
    db.execute(update(bookings).where(those).values(status="displaced", sequence=bookings.c.sequence + 1))
    db.execute(update(slots).where(slots.c.id == slot_id).values(taken=slots.c.taken - len(lost)))
    return lost


def _tell(desk: Desk, db: Connection, lost: Booking, reason: str, closure: int) -> None:
    free = next_free(desk, db, lost.hall.id, lost.day, 3)
    now = desk.store.clock()
    payload = {
        "booking_no": lost.booking_no,
        "item": lost.item,
        "hall": lost.hall.name,
        "when": when(lost.day, f"{lost.start:%H:%M}"),
        "reason": reason,
        "others": "、".join(when(day, start) for day, start in free) or "近期暂无空位",
    }
    key = f"displaced:{lost.booking_no}:{closure}:{now.isoformat()}"
    post(db, key=key, owner=lost.owner, kind=KIND, payload=payload, due_at=now)


def _opened(db: Connection, hall_id: str, days: list[date]) -> list[date]:
    """Those of the days whose slots are in the table."""
    asked = select(slots.c.day).where(slots.c.hall_id == hall_id, slots.c.day.between(days[0], days[-1]))
    return sorted(db.execute(asked.distinct()).scalars())


def _closure(row: RowMapping | dict[str, Any]) -> Closure:
    return Closure(
        row["id"],
        row["hall_id"],
        row["first_day"],
        row["last_day"],
        row["session"],
        row["windows"],
        row["reason"],
    )
