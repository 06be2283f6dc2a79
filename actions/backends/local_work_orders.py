"""The embedded 12345 work orders: filed once per key, with a day by which somebody answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, func, insert, select
from sqlalchemy.exc import IntegrityError

from actions.backends.clock import add_workdays
from actions.backends.database import hold, insert_new
from actions.backends.numbers import WORK_ORDER, new_number
from actions.backends.ports import WorkOrder, WorkOrderNotFound
from actions.backends.store import Store
from actions.backends.tables import work_order_marks, work_orders

DUE_WORKDAYS = {"call_back": 1, "complaint": 5}
"""Working days until an answer is due; the city's own rule replaces this table."""


class LocalWorkOrders:
    """Work orders in the services database. See `WorkOrderSystem`."""

    def __init__(self, store: Store) -> None:
        self._store = store

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
        now = self._store.clock()
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
        with self._store.begin() as db:
            hold(db, f"work-order-key:{key}")
            first = db.execute(select(work_orders).where(work_orders.c.key == key)).mappings().first()
            if first:
                return _order(db, first)
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
            return _order(db, row)

    def orders(self, owner: str) -> Sequence[WorkOrder]:
        """See `WorkOrderSystem.orders`."""
        with self._store.begin() as db:
            rows = db.execute(
                select(work_orders)
                .where(work_orders.c.owner == owner)
                .order_by(work_orders.c.created_at.desc())
            ).mappings()
            return [_order(db, row) for row in rows]

    def find(self, order_no: str, *, owner: str, phone_last4: str | None = None) -> WorkOrder:
        """See `WorkOrderSystem.find`."""
        with self._store.begin() as db:
            return self._allowed(db, order_no, owner, phone_last4)

    def urge(self, order_no: str, *, owner: str, key: str, phone_last4: str | None = None) -> WorkOrder:
        """See `WorkOrderSystem.urge`."""
        with self._store.begin() as db:
            order = self._allowed(db, order_no, owner, phone_last4)
            if order.state == "accepted":
                self._mark(db, order_no, "urged", f"urge:{order_no}:{key}", "")
            return self._allowed(db, order_no, owner, phone_last4)

    def withdraw(
        self, order_no: str, *, owner: str, reason: str, phone_last4: str | None = None
    ) -> WorkOrder:
        """See `WorkOrderSystem.withdraw`."""
        with self._store.begin() as db:
            self._allowed(db, order_no, owner, phone_last4)
            self._mark(db, order_no, "withdrawn", f"withdraw:{order_no}", reason)
            return self._allowed(db, order_no, owner, phone_last4)

    @staticmethod
    def _allowed(db: Connection, order_no: str, owner: str, phone_last4: str | None) -> WorkOrder:
        row = db.execute(select(work_orders).where(work_orders.c.order_no == order_no)).mappings().first()
        known = row is not None and phone_last4 is not None and row["phone"][-4:] == phone_last4
        if row is None or not (row["owner"] == owner or known):
            raise WorkOrderNotFound
        return _order(db, row)

    def _mark(self, db: Connection, order_no: str, mark: str, key: str, note: str) -> None:
        at = self._store.clock().isoformat()
        values = {"key": key, "order_no": order_no, "mark": mark, "note": note, "at": at}
        insert_new(db, work_order_marks, [values])


def _order(db: Connection, row: RowMapping) -> WorkOrder:
    counted = db.execute(
        select(work_order_marks.c.mark, func.count())
        .where(work_order_marks.c.order_no == row["order_no"])
        .group_by(work_order_marks.c.mark)
    )
    marks: dict[str, int] = {mark: count for mark, count in counted}
    return WorkOrder(
        order_no=row["order_no"],
        kind=row["kind"],
        text=row["text"],
        contact=row["contact"],
        phone=row["phone"],
        state="withdrawn" if "withdrawn" in marks else row["state"],
        created_at=datetime.fromisoformat(row["created_at"]),
        due_on=row["due_on"],
        owner=row["owner"],
        urged=marks.get("urged", 0),
    )
