"""Work orders: personal data sealed, marks become a history of steps, rounds, deadlines and alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Integer, MetaData, String, Text

from actions.backends.database import Moment
from actions.backends.vault import Vault

revision = "0005"
down_revision = "0004"
PAGE = 500
MARKS = {"urged": "urge", "withdrawn": "withdraw"}
"""Mark of before -> step of now."""


def upgrade() -> None:
    """Copy the old rows aside, create the new tables, and seal every row on its way in."""
    db, vault = op.get_bind(), _vault()
    _aside("work_orders", "work_order_marks")
    orders, steps, _, _, _ = _new_tables()
    old = sa.Table("work_orders_old", MetaData(), *_old_order_columns())
    marks = sa.Table("work_order_marks_old", MetaData(), *_old_mark_columns())

    def order(row: dict[str, Any]) -> dict[str, Any]:
        found = _marks_of(db, marks, row["order_no"])
        withdrawn = any(m["mark"] == "withdrawn" for m in found)
        phone = "".join(c for c in row["phone"] if c.isdigit())
        return {
            "order_no": row["order_no"],
            "key": row["key"],
            "kind": row["kind"],
            "urgency": "normal",
            "channel": "portal",
            "text": vault.seal("work_orders.text", row["text"]),
            "place": "",
            "place_digest": "",
            "contact": vault.seal("work_orders.contact", row["contact"]),
            "phone": vault.seal("work_orders.phone", row["phone"]),
            "phone_digest": vault.digest("phone", phone) if phone else "",
            "answer": "",
            "code": "",
            "anonymous": False,
            "confidential": False,
            "state": "withdrawn" if withdrawn else row["state"],
            "round": 1,
            "main": None,
            "department": "",
            "proposal": "",
            "confirmed_by": "",
            "topic": "",
            "district": "",
            "emergency_number": "",
            "created_at": datetime.fromisoformat(row["created_at"]),
            "due_on": row["due_on"],
            "answered_at": None,
            "closed_at": None,
            "returns": 0,
            "urged": sum(m["mark"] == "urged" for m in found),
            "level": None,
            "owner": row["owner"],
        }

    def history(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
        state = row["state"]
        same = {"order_no": row["order_no"], "round": 1, "department": "", "until": None, "reason": ""}
        accept = {
            "step": "accept",
            "from_state": "",
            "to_state": state,
            "note": "",
            "key": None,
            "once": None,
        }
        at = datetime.fromisoformat(row["created_at"])
        yield {**same, **accept, "seq": 1, "actor": row["owner"], "at": at}
        for seq, mark in enumerate(_marks_of(db, marks, row["order_no"]), 2):
            to = "withdrawn" if mark["mark"] == "withdrawn" else state
            yield {
                **same,
                "seq": seq,
                "step": MARKS[mark["mark"]],
                "from_state": state,
                "to_state": to,
                "actor": row["owner"],
                "note": vault.seal("order_steps.note", mark["note"]),
                "at": datetime.fromisoformat(mark["at"]),
                "key": mark["key"],
                "once": None,
            }
            state = to

    for page in _pages(db, old):
        db.execute(orders.insert(), [order(row) for row in page])
        db.execute(steps.insert(), [step for row in page for step in history(row)])
    op.drop_table("work_order_marks_old")
    op.drop_table("work_orders_old")
    _indexes()


def downgrade() -> None:
    """Open every row into the old shape. Steps that the old shape does not know are lost."""
    db, vault = op.get_bind(), _vault()
    for name in ("order_failures", "order_alerts", "order_attachments"):
        op.drop_table(name)
    _aside("work_orders", "order_steps")
    old, marks = _old_tables()
    orders = sa.Table("work_orders_old", MetaData(), *_new_order_columns())
    steps = sa.Table("order_steps_old", MetaData(), *_new_step_columns())
    for page in _pages(db, orders):
        db.execute(old.insert(), [_plain(row, vault.open) for row in page])
    kept = steps.c.step.in_(MARKS.values()) & steps.c.key.is_not(None)
    names = {step: mark for mark, step in MARKS.items()}
    for page in _batches(db.execute(sa.select(steps).where(kept).order_by(steps.c.id)).mappings()):
        db.execute(
            marks.insert(),
            [
                {
                    "key": row["key"],
                    "order_no": row["order_no"],
                    "mark": names[row["step"]],
                    "note": vault.open("order_steps.note", row["note"]),
                    "at": row["at"].isoformat(),
                }
                for row in page
            ],
        )
    op.drop_table("order_steps_old")
    op.drop_table("work_orders_old")
    op.create_index("ix_work_orders_owner", "work_orders", ["owner"])
    op.create_index("ix_work_order_marks_order_no", "work_order_marks", ["order_no"])


def _vault() -> Vault:
    config = op.get_context().config
    assert config is not None
    vault: Vault = config.attributes["vault"]
    return vault


def _plain(row: dict[str, Any], opened: Callable[[str, str], str]) -> dict[str, Any]:
    kind = row["kind"] if row["kind"] in ("call_back", "complaint") else "complaint"
    return {
        "order_no": row["order_no"],
        "key": row["key"],
        "kind": kind,
        "text": opened("work_orders.text", row["text"]),
        "contact": opened("work_orders.contact", row["contact"]),
        "phone": opened("work_orders.phone", row["phone"]),
        "state": "accepted",
        "created_at": row["created_at"].isoformat(),
        "due_on": row["due_on"],
        "owner": row["owner"],
    }


def _aside(*names: str) -> None:
    """Copy tables without their constraints, so that the new ones can have the old names."""
    for name in names:
        op.execute(f"CREATE TABLE {name}_old AS SELECT * FROM {name}")
    for name in reversed(names):
        op.drop_table(name)


def _pages(db: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    last = ""
    while True:
        rows = (
            db.execute(sa.select(table).where(table.c.order_no > last).order_by(table.c.order_no).limit(PAGE))
            .mappings()
            .all()
        )
        if not rows:
            return
        yield [dict(row) for row in rows]
        last = rows[-1]["order_no"]


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    waiting = iter(rows)
    while page := list(islice(waiting, PAGE)):
        yield page


def _marks_of(db: sa.Connection, marks: sa.Table, order_no: str) -> list[Any]:
    found = sa.select(marks).where(marks.c.order_no == order_no).order_by(marks.c.at, marks.c.mark)
    return list(db.execute(found).mappings())


def _old_order_columns() -> list[Any]:
    return [
        Column("order_no", String(20), primary_key=True),
        Column("key", String(200), nullable=False, unique=True),
        Column("kind", String(12), nullable=False),
        Column("text", Text, nullable=False),
        Column("contact", String(40), nullable=False),
        Column("phone", String(20), nullable=False),
        Column("state", String(12), nullable=False),
        Column("created_at", String(40), nullable=False),
        Column("due_on", Date, nullable=False),
        Column("owner", String(64), nullable=False),
    ]


def _old_mark_columns() -> list[Any]:
    return [
        Column("key", String(200), primary_key=True),
        Column("order_no", String(20), nullable=False),
        Column("mark", String(12), nullable=False),
        Column("note", Text, nullable=False),
        Column("at", String(40), nullable=False),
    ]


def _old_tables() -> tuple[sa.Table, sa.Table]:
    orders = op.create_table("work_orders", *_old_order_columns())
    columns = _old_mark_columns()
    columns[1] = Column("order_no", String(20), ForeignKey("work_orders.order_no"), nullable=False)
    known = CheckConstraint("mark IN ('urged', 'withdrawn')", name="work_order_mark_known")
    return orders, op.create_table("work_order_marks", *columns, known)


def _new_order_columns() -> list[Any]:
    return [
        Column("order_no", String(20), primary_key=True),
        Column("key", String(200), nullable=False, unique=True),
        Column("kind", String(20), nullable=False),
        Column("urgency", String(8), nullable=False),
        Column("channel", String(20), nullable=False),
        Column("text", Text, nullable=False),
        Column("place", Text, nullable=False),
        Column("place_digest", String(64), nullable=False),
        Column("contact", Text, nullable=False),
        Column("phone", Text, nullable=False),
        Column("phone_digest", String(64), nullable=False),
        Column("answer", Text, nullable=False),
        Column("code", Text, nullable=False),
        Column("anonymous", Boolean, nullable=False),
        Column("confidential", Boolean, nullable=False),
        Column("state", String(12), nullable=False),
        Column("round", Integer, nullable=False),
        Column("main", String(20), ForeignKey("work_orders.order_no")),
        Column("department", String(60), nullable=False),
        Column("proposal", Text, nullable=False),
        Column("confirmed_by", String(64), nullable=False),
        Column("topic", String(60), nullable=False),
        Column("district", String(20), nullable=False),
        Column("emergency_number", String(8), nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("due_on", Date, nullable=False),
        Column("answered_at", Moment),
        Column("closed_at", Moment),
        Column("returns", Integer, nullable=False),
        Column("urged", Integer, nullable=False),
        Column("level", Integer),
        Column("owner", String(64), nullable=False),
    ]


def _new_step_columns() -> list[Any]:
    return [
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("order_no", String(20), ForeignKey("work_orders.order_no"), nullable=False),
        Column("seq", Integer, nullable=False),
        Column("round", Integer, nullable=False),
        Column("step", String(12), nullable=False),
        Column("from_state", String(12), nullable=False),
        Column("to_state", String(12), nullable=False),
        Column("actor", String(64), nullable=False),
        Column("department", String(60), nullable=False),
        Column("until", Date),
        Column("reason", Text, nullable=False),
        Column("note", Text, nullable=False),
        Column("at", Moment, nullable=False),
        Column("key", String(200), unique=True),
        Column("once", String(60), unique=True),
        sa.UniqueConstraint("order_no", "seq", name="order_steps_in_order"),
    ]


def _new_tables() -> tuple[sa.Table, ...]:
    orders = op.create_table("work_orders", *_new_order_columns())
    steps = op.create_table("order_steps", *_new_step_columns())
    attachments = op.create_table(
        "order_attachments",
        Column("order_no", String(20), ForeignKey("work_orders.order_no"), primary_key=True),
        Column("id", String(64), primary_key=True),
        Column("media_type", String(60), nullable=False),
        Column("size", Integer, nullable=False),
        Column("sha256", String(64), nullable=False),
        Column("at", Moment, nullable=False),
    )
    alerts = op.create_table(
        "order_alerts",
        Column("key", String(80), primary_key=True),
        Column("order_no", String(20), ForeignKey("work_orders.order_no"), nullable=False),
        Column("kind", String(12), nullable=False),
        Column("due_on", Date, nullable=False),
        Column("at", Moment, nullable=False),
    )
    failures = op.create_table(
        "order_failures",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("subject", String(80), nullable=False),
        Column("at", Moment, nullable=False),
    )
    return orders, steps, attachments, alerts, failures


def _indexes() -> None:
    for column in ("place_digest", "phone_digest", "main", "owner"):
        op.create_index(f"ix_work_orders_{column}", "work_orders", [column])
    op.create_index("work_orders_due", "work_orders", ["state", "due_on"])
    op.create_index("work_orders_created", "work_orders", ["created_at"])
    op.create_index("work_orders_topic", "work_orders", ["topic", "created_at"])
    op.create_index("ix_order_alerts_order_no", "order_alerts", ["order_no"])
    op.create_index("order_failures_recent", "order_failures", ["subject", "at"])
