"""Removes what `demo_data` made, and nothing else. The audit trail stays: it is never cut."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update

from actions.backends import audit
from actions.backends.booking_closures import settle
from actions.backends.booking_rows import Desk
from actions.backends.database import hold
from actions.backends.demo_orders import CHANNEL
from actions.backends.demo_run import HOLDER, OWNER
from actions.backends.demo_waits import REASON
from actions.backends.halls import load as load_halls
from actions.backends.slot_rows import day_lock
from actions.backends.store import Store
from actions.backends.tables import (
    bookings,
    cases,
    closures,
    metadata,
    notices,
    ratings,
    rectification_steps,
    rectifications,
    slots,
    waits,
    work_orders,
)
from actions.backends.waitlist import offer_on

HOLDS_A_PLACE = ("booked", "no_show")


def clear(store: Store, actor: str) -> dict[str, int]:
    """Delete the demo rows in one transaction; return how many went, by table.

    Raises ValueError while an order of a real citizen is merged into one of the demo.
    """
    gone: Counter[str] = Counter()
    with store.begin() as db:
        rated = select(ratings.c.subject).where(_ours(ratings))
        _delete(db, gone, rectification_steps, rectification_steps.c.subject.in_(rated))
        _delete(db, gone, rectifications, rectifications.c.subject.in_(rated))
        _delete(db, gone, ratings, _ours(ratings))
        _orders(db, gone)
        _bookings(Desk(store, load_halls()), db, gone)
        _delete(db, gone, cases, cases.c.demo & (cases.c.result_where == HOLDER))
        _delete(db, gone, notices, _ours(notices))
        audit.record(
            db,
            store.vault,
            at=store.clock(),
            actor=actor,
            action="demo.clear",
            subject="demo",
            detail={name: str(count) for name, count in sorted(gone.items())},
        )
    return dict(gone)


def _ours(table: Table) -> ColumnElement[bool]:
    return table.c.owner.like(f"{OWNER}%")


def _delete(db: Connection, gone: Counter[str], table: Table, where: ColumnElement[bool]) -> None:
    if count := db.execute(delete(table).where(where)).rowcount:
        gone[table.name] += count


def _orders(db: Connection, gone: Counter[str]) -> None:
    ours = _ours(work_orders) | (work_orders.c.anonymous & (work_orders.c.channel == CHANNEL))
    mine = select(work_orders.c.order_no).where(ours)
    others = select(func.count()).where(work_orders.c.main.in_(mine), ~ours)
    if count := db.execute(others).scalar_one():
        raise ValueError(f"有 {count} 件真实工单并入了演示工单；请先撤出，再清除演示数据")
    for table in reversed(metadata.sorted_tables):
        if "order_no" in table.c and table is not work_orders:
            _delete(db, gone, table, table.c.order_no.in_(mine))
    db.execute(update(work_orders).where(ours).values(main=None))
    _delete(db, gone, work_orders, ours)


def _bookings(desk: Desk, db: Connection, gone: Counter[str]) -> None:
    """Places go back to their slots and on to whoever waits; what was closed for show is open again."""
    held = select(slots.c.hall_id, slots.c.day).join(bookings, bookings.c.slot_id == slots.c.id)
    shut = select(closures.c.hall_id, closures.c.first_day).where(closures.c.reason == REASON)
    turns = select(waits.c.hall_id, waits.c.day).where(_ours(waits))
    days = sorted({tuple(row) for row in db.execute(held.where(_ours(bookings)).union(shut, turns))})
    hold(db, *(day_lock(hall_id, day) for hall_id, day in days))
    taking = _ours(bookings) & bookings.c.status.in_(HOLDS_A_PLACE)
    _give_back(db, bookings.c.slot_id, taking)
    _give_back(db, waits.c.offered_slot, _ours(waits) & (waits.c.state == "offered"))
    _delete(db, gone, waits, _ours(waits))
    _delete(db, gone, bookings, _ours(bookings))
    _delete(db, gone, closures, closures.c.reason == REASON)
    for hall_id, day in days:
        settle(desk, db, hall_id, day)
        offer_on(desk, db, hall_id, day)


def _give_back(db: Connection, slot: ColumnElement[str], holding: ColumnElement[bool]) -> None:
    for slot_id, places in db.execute(select(slot, func.count()).where(holding).group_by(slot)).all():
        db.execute(update(slots).where(slots.c.id == slot_id).values(taken=slots.c.taken - places))
