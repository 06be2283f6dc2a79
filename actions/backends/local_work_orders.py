"""The embedded 12345 work orders: filed once per key, with a day by which somebody answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine, RowMapping, insert, select
from sqlalchemy.exc import IntegrityError

from actions.backends.clock import Clock, add_workdays
from actions.backends.numbers import WORK_ORDER, new_number
from actions.backends.ports import WorkOrder
from actions.backends.schema import work_orders

DUE_WORKDAYS = {"call_back": 1, "complaint": 5}
"""Working days until an answer is due; the city's own rule replaces this table."""


class LocalWorkOrders:
    """Work orders in the services database. See `WorkOrderSystem`."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def create(
        self,
        *,
        kind: Literal["call_back", "complaint"],
        text: str,
        contact: str,
        phone: str,
        owner: str,
        key: str,
    ) -> WorkOrder:
        """See `WorkOrderSystem.create`."""
        now = self._clock()
        values = {
            "key": key,
            "kind": kind,
            "text": text,
            "contact": contact,
            "phone": phone,
            "state": "accepted",
            "created_at": now.isoformat(),
            "due_on": add_workdays(now.date(), DUE_WORKDAYS[kind]),
            "owner": owner,
        }
        with self._engine.begin() as db:
            first = db.execute(select(work_orders).where(work_orders.c.key == key)).mappings().first()
            if first:
                return _order(first)
            for _ in range(20):
                number = new_number(WORK_ORDER, now.date())
                try:
                    with db.begin_nested():
                        db.execute(insert(work_orders).values(order_no=number, **values))
                    break
                except IntegrityError as clash:
                    if "order_no" not in str(clash.orig):
                        raise
            else:
                raise RuntimeError("no free work-order number after 20 tries; widen the number")
            row = db.execute(select(work_orders).where(work_orders.c.order_no == number)).mappings().one()
            return _order(row)

    def orders(self, owner: str) -> Sequence[WorkOrder]:
        """See `WorkOrderSystem.orders`."""
        with self._engine.begin() as db:
            rows = db.execute(
                select(work_orders)
                .where(work_orders.c.owner == owner)
                .order_by(work_orders.c.created_at.desc())
            ).mappings()
            return [_order(row) for row in rows]


def _order(row: RowMapping) -> WorkOrder:
    return WorkOrder(
        order_no=row["order_no"],
        kind=row["kind"],
        text=row["text"],
        contact=row["contact"],
        phone=row["phone"],
        state=row["state"],
        created_at=datetime.fromisoformat(row["created_at"]),
        due_on=row["due_on"],
        owner=row["owner"],
    )
