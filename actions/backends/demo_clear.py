"""Removes what `demo_data` made, and nothing else. The audit trail stays: it is never cut."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update

from actions.backends import audit
from actions.backends.database import hold
from actions.backends.demo_run import HOLDER, OWNER
from actions.backends.slot_rows import day_lock
from actions.backends.store import Store
from actions.backends.tables import (
    bookings,
    cases,
    metadata,
    notices,
    ratings,
    rectification_steps,
    rectifications,
    slots,
    work_orders,
)

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
        _bookings(db, gone)
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
    mine = select(work_orders.c.order_no).where(_ours(work_orders))
    others = select(func.count()).where(work_orders.c.main.in_(mine), ~_ours(work_orders))
    if count := db.execute(others).scalar_one():
        raise ValueError(f"有 {count} 件真实工单并入了演示工单；请先撤出，再清除演示数据")
    for table in reversed(metadata.sorted_tables):
        if "order_no" in table.c and table is not work_orders:
            _delete(db, gone, table, table.c.order_no.in_(mine))
    db.execute(update(work_orders).where(_ours(work_orders)).values(main=None))
    _delete(db, gone, work_orders, _ours(work_orders))


def _bookings(db: Connection, gone: Counter[str]) -> None:
    """Places go back to their slots; `tick` then offers them to whoever waits."""
    held = (
        select(slots.c.id, slots.c.hall_id, slots.c.day)
        .join(bookings, bookings.c.slot_id == slots.c.id)
        .where(_ours(bookings))
        .distinct()
    )
    touched = db.execute(held).all()
    hold(db, *(day_lock(row.hall_id, row.day) for row in touched))
    taking = _ours(bookings) & bookings.c.status.in_(HOLDS_A_PLACE)
    for row in touched:
        places = db.execute(select(func.count()).where(taking, bookings.c.slot_id == row.id)).scalar_one()
        db.execute(update(slots).where(slots.c.id == row.id).values(taken=slots.c.taken - places))
    _delete(db, gone, bookings, _ours(bookings))
