"""Demo bookings that lost their place, and a line for a full slot with an offer at its head."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import func, select

from actions.backends.booking_closures import add_closure
from actions.backends.demo_run import ACTOR, ITEMS, OWNER, PHONES, Filling
from actions.backends.local_bookings import LocalBookings
from actions.backends.ports import Booking, Hall, Slot, SlotFull
from actions.backends.tables import bookings, closures, slots, waits

REASON = "演示：窗口设备检修"
"""Of closures that are demo data; `demo_clear` finds them by it."""
WAITING = 3
"""Turns in the demo line."""


def make_displaced(run: Filling, system: LocalBookings) -> None:
    """Close one session in which nobody but invented citizens has a place; once."""
    run.clock.at = run.today
    found = _demo_only(run)
    if found is None:
        return
    hall_id, day, session = found
    _, lost = add_closure(
        system.desk,
        hall_id=hall_id,
        first_day=day,
        last_day=day,
        session=session,
        reason=REASON,
        actor=ACTOR,
    )
    run.made["bookings.booked"] -= len(lost)
    run.made["bookings.displaced"] += len(lost)


def _demo_only(run: Filling) -> tuple[str, date, str] | None:
    """(hall, day, session) to close; None where real citizens are everywhere, or one is closed already."""
    theirs = ~bookings.c.owner.like(f"{OWNER}%")
    real = (
        select(slots.c.hall_id, slots.c.day)
        .join(bookings, bookings.c.slot_id == slots.c.id)
        .where(theirs, slots.c.day > run.today.date())
        .union(select(waits.c.hall_id, waits.c.day).where(~waits.c.owner.like(f"{OWNER}%")))
    )
    with run.store.begin() as db:
        if db.execute(select(func.count()).where(closures.c.reason == REASON)).scalar_one():
            return None
        taken = {(row.hall_id, row.day) for row in db.execute(real)}
        asked = (
            select(slots.c.hall_id, slots.c.day, slots.c.session)
            .join(bookings, bookings.c.slot_id == slots.c.id)
            .where(bookings.c.owner.like(f"{OWNER}{run.seed}:%"), bookings.c.status == "booked")
            .where(slots.c.day > run.today.date())
            .order_by(slots.c.day, slots.c.hall_id, slots.c.session)
        )
        rows = db.execute(asked).all()
    free = [(row.hall_id, row.day, row.session) for row in rows if (row.hall_id, row.day) not in taken]
    return free[0] if free else None


def make_line(run: Filling, system: LocalBookings) -> list[str]:
    """Fill a slot, let three wait for it, and give one place back. The numbers of the bookings."""
    run.clock.at = run.today
    found = _slot(run, system)
    if found is None:
        return []
    hall, slot = found
    made: list[Booking] = []
    people = [run.person(PHONES - 1 - n) for n in range(slot.capacity + WAITING)]
    for name, phone, owner in people[: slot.capacity]:
        try:
            made.append(
                system.book(
                    slot.id,
                    item_id=ITEMS[0][0],
                    item=ITEMS[0][1],
                    name=name,
                    phone=phone,
                    owner=owner,
                    key=f"{owner}:line",
                )
            )
        except SlotFull:
            break
    for name, phone, owner in people[slot.capacity :]:
        system.join_waitlist(
            hall_id=hall.id,
            day=slot.day,
            slot_id=slot.id,
            item_id=ITEMS[0][0],
            item=ITEMS[0][1],
            name=name,
            phone=phone,
            owner=owner,
            key=f"{owner}:wait",
        )
    if made:
        gone = system.cancel(made[0].booking_no, owner=made[0].owner)
        run.made["bookings.cancelled"] += 1
        run.made["bookings.booked"] += len(made) - 1
        made[0] = gone
    for _, _, owner in people[slot.capacity :]:
        for wait in system.waits(owner):
            run.made[f"waits.{wait.state}"] += 1
    return [one.booking_no for one in made]


def _slot(run: Filling, system: LocalBookings) -> tuple[Hall, Slot] | None:
    """The slot of this seed: the first of a day in the second week, in a hall that takes the service."""
    halls = [hall for hall in system.halls() if not hall.items or ITEMS[0][0] in hall.items]
    dice = run.dice("line")
    dice.shuffle(halls)
    for hall in halls:
        for ahead in range(8, 15):
            found = system.free_slots(hall.id, run.today.date() + timedelta(days=ahead))
            if found:
                return hall, found[0]
    return None
