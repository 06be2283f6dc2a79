"""Tables of work orders: a key exists once, a step of a round exists once, an alert exists once."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from actions.backends.database import Moment
from actions.backends.tables.columns import digest, metadata, sealed

FIGURES = (
    "department", "topic", "district", "state", "due_on", "answered_on", "answer_workdays", "returns",
    "reopens", "level",
)  # fmt: skip
"""Columns that the figures read: one index holds them all, so that no row is touched."""

work_orders = Table(
    "work_orders",
    metadata,
    Column("order_no", String(20), primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("urgency", String(8), nullable=False),
    Column("channel", String(20), nullable=False),
    sealed("text"),
    sealed("place"),
    digest("place_digest", of="place", kind="place"),
    sealed("contact"),
    sealed("phone"),
    digest("phone_digest", of="phone", kind="phone"),
    sealed("answer"),
    sealed("code"),
    Column("anonymous", Boolean, nullable=False),
    Column("confidential", Boolean, nullable=False),
    Column("state", String(12), nullable=False),
    Column("round", Integer, nullable=False),
    Column("main", String(20), ForeignKey("work_orders.order_no"), index=True),
    Column("department", String(60), nullable=False),
    Column("proposal", Text, nullable=False),  # JSON of ids and shares, no words of the citizen
    Column("confirmed_by", String(64), nullable=False),
    Column("topic", String(60), nullable=False),
    Column("district", String(20), nullable=False),
    Column("emergency_number", String(8), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("answered_at", Moment),
    Column("answered_on", Date),  # its day in Nanchang and the working days that it took, for the figures
    Column("answer_workdays", Integer),
    Column("closed_at", Moment),
    Column("returns", Integer, nullable=False),
    Column("reopens", Integer, nullable=False, default=0),  # 退回重办 after the call-back, once
    Column("urged", Integer, nullable=False),
    Column("level", Integer),
    Column("owner", String(64), nullable=False, index=True),
    Index("work_orders_due", "state", "due_on"),
    Index("work_orders_figures", "created_at", *FIGURES),
    Index("work_orders_topic", "topic", "created_at"),
    CheckConstraint("reopens <= 1", name="work_order_reopened_once"),
)

order_steps = Table(
    "order_steps",
    metadata,
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
    sealed("reason"),
    sealed("note"),
    Column("at", Moment, nullable=False),
    Column("key", String(200), unique=True),
    Column("once", String(60), unique=True),
    UniqueConstraint("order_no", "seq", name="order_steps_in_order"),
)

order_attachments = Table(
    "order_attachments",
    metadata,
    Column("order_no", String(20), ForeignKey("work_orders.order_no"), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("round", Integer, nullable=False, default=0),  # 0: the citizen's; else evidence of that round
    Column("media_type", String(60), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)

order_alerts = Table(
    "order_alerts",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("order_no", String(20), ForeignKey("work_orders.order_no"), nullable=False, index=True),
    Column("kind", String(12), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("at", Moment, nullable=False),
)

order_failures = Table(
    "order_failures",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("subject", String(80), nullable=False),
    Column("at", Moment, nullable=False),
    Index("order_failures_recent", "subject", "at"),
)
