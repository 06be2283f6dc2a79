"""Bookings while many want the same places."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import select, update

from actions.backends.halls import load as load_halls
from actions.backends.local_bookings import LocalBookings
from actions.backends.ports import BackendUnavailable, SlotFull
from actions.backends.store import Store
from actions.backends.tables import bookings, slots
from actions.measuring.figures import Figure, percentile

ITEM = "residence-permit"


def contention(store: Store, attempts: int, threads: int, places: int | None) -> list[Figure]:
    """All at one slot with `places` places, or (None) spread over the slots of three weeks.

    Raises ValueError if a place was given out twice or lost: then no speed matters.
    """
    system = LocalBookings(store, load_halls())
    wanted = _slots(store, system, places)
    outcomes: Counter[str] = Counter()
    lock, times = threading.Lock(), []

    def attempt(number: int) -> None:
        began = time.perf_counter()
        try:
            system.book(
                wanted[number % len(wanted)],
                item_id=ITEM,
                item="居住证申领",
                name="演示测量",
                phone=f"1990000{number:04}" if places else f"1990001{number:04}",
                owner=f"measure:{number}",
                key=f"measure:{places}:{number}",
            )
            outcome = "booked"
        except SlotFull:
            outcome = "full"
        except BackendUnavailable:
            outcome = "busy"
        took = time.perf_counter() - began
        with lock:
            outcomes[outcome] += 1
            times.append(took)

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(attempt, number) for number in range(attempts)]:
            done.result()
    elapsed = time.perf_counter() - began
    _right(store, wanted, outcomes, places)
    kind = store.engine.dialect.name
    title = f"{attempts} attempts, {threads} threads, " + (
        f"{places} places in one slot" if places else f"over {len(wanted)} slots"
    )
    return [
        Figure(kind, f"{title}: booked", outcomes["booked"], "bookings"),
        Figure(kind, f"{title}: busy (may be tried again)", outcomes["busy"], "attempts"),
        Figure(kind, f"{title}: attempts", attempts / elapsed, "1/s"),
        Figure(kind, f"{title}: bookings", outcomes["booked"] / elapsed, "1/s"),
        Figure(kind, f"{title}: p95", percentile(times, 0.95), "ms"),
    ]


def _slots(store: Store, system: LocalBookings, places: int | None) -> list[str]:
    today = store.clock().date()
    found = [
        slot.id
        for hall in system.halls()
        if not hall.items or ITEM in hall.items
        for ahead in range(1, 22)
        for slot in system.free_slots(hall.id, today + timedelta(days=ahead))
    ]
    if not places:
        return found[1:]
    with store.begin() as db:
        one = slots.c.id == found[0]
        db.execute(update(slots).where(one).values(windows=1, per_window=places, capacity=places))
    return found[:1]


def _right(store: Store, wanted: list[str], outcomes: Counter[str], places: int | None) -> None:
    with store.engine.connect() as db:
        held = db.execute(
            select(bookings.c.slot_id).where(bookings.c.status == "booked", bookings.c.slot_id.in_(wanted))
        ).all()
        taken = sum(db.execute(select(slots.c.taken).where(slots.c.id.in_(wanted))).scalars())
    if not len(held) == taken == outcomes["booked"] or (places and taken > places):
        raise ValueError(f"{outcomes['booked']} booked, {len(held)} rows, {taken} places taken: must agree")
