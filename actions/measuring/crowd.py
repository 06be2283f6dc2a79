"""Many cases and work orders, made from one that the systems made: sealed values come from a pool."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    null,
    select,
    true,
)

from actions.backends.local_work_orders import LocalWorkOrders
from actions.backends.numbers import CASE, WORK_ORDER, check_digit
from actions.backends.seed import seed_demo_cases
from actions.backends.store import Store
from actions.backends.tables import cases, order_steps, work_orders

POOL, BATCH = 5_000, 20_000
"""Sealed phones that are made beforehand; rows of one transaction."""
MODEL = "measure"
_new = MetaData()
fresh = Table(
    "measure_numbers",
    _new,
    Column("case_no", String(24), primary_key=True),
    Column("order_no", String(20), nullable=False),
    Column("key", String(40), nullable=False),
    Column("case_phone", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)


def case_no(store: Store, number: int) -> str:
    """The number of the case that is made as the n-th, a million a day."""
    day = store.clock().date() - timedelta(days=400 + number // 1_000_000)
    digits = f"{day:%Y%m%d}{number % 1_000_000:06}"
    return f"{CASE}{digits}{check_digit(digits)}"


def order_no(store: Store, number: int) -> str:
    """The same for work orders, a hundred thousand a day."""
    day = store.clock().date() - timedelta(days=400 + number // 100_000)
    digits = f"{day:%Y%m%d}{number % 100_000:05}"
    return f"{WORK_ORDER}{digits}{check_digit(digits)}"


def last4(number: int) -> str:
    """The last four digits of the phone of the n-th row."""
    return f"{number % POOL:04}"


def grow(store: Store, first: int, last: int) -> None:
    """Add the cases and the work orders from number `first` to the one before `last`, in batches.

    Only the numbers come from here; the database itself copies the rest of each row from a model.
    """
    pool = _pool(store)
    _models(store)
    _new.create_all(store.engine, checkfirst=True)
    for start in range(first, last, BATCH):
        rows = [_row(store, pool, n) for n in range(start, min(last, start + BATCH))]
        with store.begin() as db:
            db.execute(insert(fresh), rows)
            for table, model, given in _copies():
                _copy(db, table, model, given)
            db.execute(delete(fresh))
    _new.drop_all(store.engine)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("ANALYZE")


def _pool(store: Store) -> list[dict[str, str]]:
    vault = store.vault
    return [
        {
            "case_phone": vault.seal("cases.phone_last4", last4(n)),
            "phone": vault.seal("work_orders.phone", f"1990000{last4(n)}"),
            "digest": vault.digest("phone", f"1990000{last4(n)}"),
        }
        for n in range(POOL)
    ]


def _row(store: Store, pool: list[dict[str, str]], n: int) -> dict[str, str]:
    return {
        "case_no": case_no(store, n),
        "order_no": order_no(store, n),
        "key": f"measure:{n}",
        **pool[n % POOL],
    }


def _models(store: Store) -> None:
    seed_demo_cases(store)
    LocalWorkOrders(store).create(
        kind="complaint",
        text="路灯坏了（演示测量）",
        contact="演示测量",
        phone="19900009999",
        owner=MODEL,
        key=MODEL,
    )


def _copies() -> list[tuple[Table, FromClause, dict[str, ColumnElement[Any]]]]:
    """(table, the row to copy, what differs)."""
    number = select(work_orders.c.order_no).where(work_orders.c.owner == MODEL).scalar_subquery()
    case = select(cases).where(cases.c.demo).order_by(cases.c.case_no).limit(1).subquery()
    order = select(work_orders).where(work_orders.c.owner == MODEL).subquery()
    step = select(order_steps).where(order_steps.c.order_no == number).order_by(order_steps.c.seq).limit(1)
    new = fresh.c
    return [
        (cases, case, {"case_no": new.case_no, "phone_last4": new.case_phone}),
        (
            work_orders,
            order,
            {
                "order_no": new.order_no,
                "key": new.key,
                "owner": new.key,
                "phone": new.phone,
                "phone_digest": new.digest,
            },
        ),
        (order_steps, step.subquery(), {"order_no": new.order_no, "key": null(), "once": null()}),
    ]


def _copy(db: Connection, table: Table, model: FromClause, given: dict[str, ColumnElement[Any]]) -> None:
    names = [c.name for c in table.columns if not (c.name == "id" and c.autoincrement is True)]
    values = [given.get(name, model.c[name]) for name in names]
    db.execute(insert(table).from_select(names, select(*values).select_from(fresh.join(model, true()))))
