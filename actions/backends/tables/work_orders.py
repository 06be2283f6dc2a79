"""Tables of work orders: a key exists once."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, String, Table, Text

from actions.backends.tables.columns import metadata

work_orders = Table(
    "work_orders",
    metadata,
    Column("order_no", String(20), primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),
    Column("text", Text, nullable=False),
    Column("contact", String(40), nullable=False),
    Column("phone", String(20), nullable=False),
    Column("state", String(12), nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("owner", String(64), nullable=False, index=True),
)

work_order_marks = Table(
    "work_order_marks",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("order_no", String(20), ForeignKey("work_orders.order_no"), nullable=False, index=True),
    Column("mark", String(12), nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("at", String(40), nullable=False),
    CheckConstraint("mark IN ('urged', 'withdrawn')", name="work_order_mark_known"),
)
