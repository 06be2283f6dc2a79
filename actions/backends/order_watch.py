"""Reminders before a deadline and escalations after it: one row of order_alerts each, given once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, and_, or_, select

from actions.backends.database import insert_new
from actions.backends.order_deadlines import cutoffs
from actions.backends.order_policy import OrderPolicy
from actions.backends.order_states import UNANSWERED
from actions.backends.ports import OrderAlert
from actions.backends.tables import order_alerts, work_orders

UNRESOLVED = "unresolved"
CALLED_BACK = ("called_back", "rated")
GRAVEST = {"referred": 1000, UNRESOLVED: 900}
PAGE = 500
"""Orders that are read at a time."""


def watch(db: Connection, policy: OrderPolicy, now: datetime) -> int:
    """Give every alert that is due; return how many were new."""
    new = 0
    for kind, latest in cutoffs(policy, now.date()).items():
        while page := _lacking(db, kind, latest):
            rows = [_alert(number, kind, due, now) for number, due in page]
            new += insert_new(db, order_alerts, rows)
    return new


def note_referred(db: Connection, order_no: str, due: date, now: datetime) -> None:
    """Somebody shall see that a citizen in danger wrote to us."""
    insert_new(db, order_alerts, [_alert(order_no, "referred", due, now)])


def note_unresolved(db: Connection, order_no: str, due: date, now: datetime) -> None:
    """The supervisor shall see that a citizen said a second time that it is not solved."""
    insert_new(db, order_alerts, [_alert(order_no, UNRESOLVED, due, now)])


def is_unresolved(db: Connection, order_no: str) -> bool:
    """True if the order is on the supervisor's list."""
    mine = (order_alerts.c.order_no == order_no) & (order_alerts.c.kind == UNRESOLVED)
    return db.execute(select(order_alerts.c.key).where(mine)).first() is not None


def waiting(db: Connection, limit: int) -> Sequence[OrderAlert]:
    """The gravest alert of every order that still waits, for its present deadline; the gravest first."""
    alerts, orders = order_alerts.c, work_orders.c
    rows = db.execute(
        select(alerts.order_no, alerts.kind, orders.state, orders.department, alerts.due_on, alerts.at)
        .join(work_orders, orders.order_no == alerts.order_no)
        .where(
            or_(
                and_(orders.state.in_((*UNANSWERED, "referred")), alerts.due_on == orders.due_on),
                and_(alerts.kind == UNRESOLVED, orders.state.in_(CALLED_BACK)),
            )
        )
    )
    gravest: dict[str, OrderAlert] = {}
    for row in rows:
        one = OrderAlert(*row)
        other = gravest.get(one.order_no)
        if other is None or _gravity(one.kind) > _gravity(other.kind):
            gravest[one.order_no] = one
    return sorted(gravest.values(), key=lambda a: (-_gravity(a.kind), a.due_on, a.order_no))[:limit]


def _gravity(kind: str) -> int:
    if kind in GRAVEST:
        return GRAVEST[kind]
    return int(kind.partition("_")[2] or 0)


def _lacking(db: Connection, kind: str, latest: date) -> Sequence[tuple[str, date]]:
    """Some of the orders due by `latest` that never had this alert for their present deadline."""
    orders, alerts = work_orders.c, order_alerts.c
    given = select(alerts.key).where(
        alerts.order_no == orders.order_no, alerts.due_on == orders.due_on, alerts.kind == kind
    )
    found = db.execute(
        select(orders.order_no, orders.due_on)
        .where(orders.state.in_(UNANSWERED), orders.due_on <= latest, ~given.exists())
        .limit(PAGE)
    )
    return [(row.order_no, row.due_on) for row in found]


def _alert(order_no: str, kind: str, due: date, now: datetime) -> dict[str, object]:
    key = f"{kind}:{order_no}:{due.isoformat()}"
    return {"key": key, "order_no": order_no, "kind": kind, "due_on": due, "at": now}
