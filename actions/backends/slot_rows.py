"""Slots as rows: opened by rule, narrowed by closures, their places counted by the database itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection, RowMapping, select, update

from actions.backends.booking_rows import Desk, starts
from actions.backends.database import hold, insert_new
from actions.backends.ports import Slot, SlotFull
from actions.backends.slot_plan import PlannedSlot
from actions.backends.tables import closures, slots


def day_lock(hall_id: str, day: date) -> str:
    """Name of the critical section of one hall's day: its slots, bookings, line and closures."""
    return f"day:{hall_id}:{day.isoformat()}"


def phone_lock(desk: Desk, phone: str) -> str:
    """Name of the critical section of one phone's limits."""
    return f"phone:{desk.store.vault.digest('phone', phone)}"


def within_horizon(desk: Desk, hall_id: str, day: date) -> bool:
    """True for a day of a known hall that can be booked now."""
    ahead = (day - desk.store.clock().date()).days
    return hall_id in desk.plan.rules and 0 <= ahead <= desk.plan.horizon_days


def of_day(db: Connection, hall_id: str, day: date) -> Sequence[RowMapping]:
    """The day's opened slots, in order of time."""
    asked = select(slots).where(slots.c.hall_id == hall_id, slots.c.day == day).order_by(slots.c.start)
    return db.execute(asked).mappings().all()


def slot_row(db: Connection, slot_id: str) -> RowMapping:
    """One slot. Raises SlotFull for an unknown one."""
    row = None if "\0" in slot_id else by_id(db, slot_id)
    if row is None:
        raise SlotFull
    return row


def by_id(db: Connection, slot_id: str) -> RowMapping | None:
    """One slot, if it is there."""
    return db.execute(select(slots).where(slots.c.id == slot_id)).mappings().first()


def open_day(desk: Desk, db: Connection, hall_id: str, day: date) -> Sequence[RowMapping]:
    """The day's slots, opened on first sight. Takes the day's lock only then."""
    planned = list(desk.plan.slots(hall_id, day))
    there = of_day(db, hall_id, day)
    if {p.id for p in planned} <= {row["id"] for row in there}:
        return there
    hold(db, day_lock(hall_id, day))
    shut = closures_of(db, hall_id, day)
    insert_new(
        db,
        slots,
        (
            {
                "id": p.id,
                "hall_id": hall_id,
                "day": day,
                "start": f"{p.start:%H:%M}",
                "end": f"{p.end:%H:%M}",
                "session": p.session,
                "windows": p.windows,
                "per_window": p.per_window,
                "capacity": capacity(shut, p.session, p.windows, p.per_window),
                "taken": 0,
            }
            for p in planned
        ),
    )
    return of_day(db, hall_id, day)


def closures_of(db: Connection, hall_id: str, day: date) -> Sequence[RowMapping]:
    """What is closed in a hall on a day."""
    asked = select(closures).where(
        closures.c.hall_id == hall_id, closures.c.first_day <= day, closures.c.last_day >= day
    )
    return db.execute(asked.order_by(closures.c.id)).mappings().all()


def capacity(shut: Sequence[RowMapping], session: str, windows: int, per_window: int) -> int:
    """Places that closures leave: none where all windows are closed, else those of the others."""
    mine = [c["windows"] for c in shut if c["session"] in ("", session)]
    left = 0 if 0 in mine else max(0, windows - sum(mine))
    return left * per_window


def bookable(desk: Desk, row: RowMapping, now: datetime) -> bool:
    """True before the cut-off of a slot that is not closed."""
    minutes = desk.plan.policy.cut_off_minutes
    return row["capacity"] > 0 and starts(row) - timedelta(minutes=minutes) > now


def take_place(db: Connection, slot_id: str) -> None:
    """One more place taken. Raises SlotFull."""
    took = db.execute(
        update(slots)
        .where(slots.c.id == slot_id, slots.c.taken < slots.c.capacity)
        .values(taken=slots.c.taken + 1)
    )
    if took.rowcount != 1:
        raise SlotFull


def give_back(db: Connection, slot_id: str) -> None:
    """One place free again."""
    db.execute(update(slots).where(slots.c.id == slot_id).values(taken=slots.c.taken - 1))


def slot(row: RowMapping) -> Slot:
    """A row as a slot."""
    return Slot(
        id=row["id"],
        hall_id=row["hall_id"],
        day=row["day"],
        start=time.fromisoformat(row["start"]),
        end=time.fromisoformat(row["end"]),
        session=row["session"],
        capacity=row["capacity"],
        free=row["capacity"] - row["taken"],
    )


def next_free(desk: Desk, db: Connection, hall_id: str, after: date, most: int) -> list[tuple[date, str]]:
    """(day, start) of up to `most` places that are free from `after` on, one a day; opens nothing."""
    now = desk.store.clock()
    last = now.date() + timedelta(days=desk.plan.horizon_days)
    found: list[tuple[date, str]] = []
    day = max(after, now.date())
    while day <= last and len(found) < most:
        start = next(_free_starts(desk, db, hall_id, day, now), None)
        if start:
            found.append((day, start))
        day += timedelta(days=1)
    return found


def _free_starts(desk: Desk, db: Connection, hall_id: str, day: date, now: datetime) -> Iterator[str]:
    rows = of_day(db, hall_id, day)
    if rows:
        for row in rows:
            if bookable(desk, row, now) and row["taken"] < row["capacity"]:
                yield row["start"]
        return
    shut = closures_of(db, hall_id, day)
    planned: list[PlannedSlot] = sorted(desk.plan.slots(hall_id, day), key=lambda p: p.start)
    for p in planned:
        if capacity(shut, p.session, p.windows, p.per_window) and day > now.date():
            yield f"{p.start:%H:%M}"
