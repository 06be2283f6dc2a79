"""Tables of the embedded systems, and the engine that opens them.

The rules that must never be broken stand here as constraints: a slot is never over its capacity,
a booking key, a work-order key and a rated subject exist once.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Engine,
    ExceptionContext,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    text,
)

from actions.backends.ports import BackendUnavailable

metadata = MetaData()

cases = Table(
    "cases",
    metadata,
    Column("case_no", String(24), primary_key=True),
    Column("phone_last4", String(4), nullable=False),
    Column("item", String(80), nullable=False),
    Column("applicant", String(40), nullable=False),
    Column("department", String(40), nullable=False),
    Column("status", String(40), nullable=False),
    Column("submitted_on", Date, nullable=False),
    Column("due_on", Date),
    Column("next_step", Text, nullable=False, default=""),
    Column("citizen_must", Text, nullable=False, default=""),
    Column("steps", Text, nullable=False),  # JSON list of {title, at, note, state}
    Column("demo", Boolean, nullable=False),
)

lookup_failures = Table(
    "lookup_failures",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("subject", String(80), nullable=False, index=True),  # "case:NO" or "client:ID"
    Column("at", String(40), nullable=False),
)

slots = Table(
    "slots",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hall_id", String(24), nullable=False),
    Column("day", Date, nullable=False),
    Column("start", String(5), nullable=False),
    Column("end", String(5), nullable=False),
    Column("session", String(10), nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False, default=0),
    CheckConstraint("taken >= 0 AND taken <= capacity", name="slot_never_over_capacity"),
    Index("slots_by_hall_day", "hall_id", "day"),
)

bookings = Table(
    "bookings",
    metadata,
    Column("booking_no", String(16), primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("slot_id", String(40), ForeignKey("slots.id"), nullable=False),
    Column("item_id", String(60), nullable=False),
    Column("item", String(80), nullable=False),
    Column("name", String(40), nullable=False),
    Column("phone", String(20), nullable=False),
    Column("status", String(12), nullable=False),
    Column("owner", String(64), nullable=False, index=True),
    Column("created_at", String(40), nullable=False),
    CheckConstraint("status IN ('booked', 'cancelled')", name="booking_status_known"),
    Index(
        "one_place_per_phone_and_slot",
        "slot_id",
        "phone",
        unique=True,
        sqlite_where=text("status = 'booked'"),
        postgresql_where=text("status = 'booked'"),
    ),
)

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

ratings = Table(
    "ratings",
    metadata,
    Column("subject", String(80), primary_key=True),
    Column("level", Integer, nullable=False),
    Column("reasons", Text, nullable=False),  # JSON list
    Column("comment", Text, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("created_at", String(40), nullable=False),
    Column("rectify_by", String(40)),
    CheckConstraint("level BETWEEN 1 AND 5", name="rating_level_known"),
)


def open_database(path: Path, busy_ms: int = 5000) -> Engine:
    """Open (and create) the SQLite file. WAL: readers never block the writer.

    A database that cannot be used (locked longer than `busy_ms` milliseconds, disk full) raises
    BackendUnavailable. Errors never carry the values of a statement: they are the citizens'.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # we say BEGIN ourselves, below
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in (f"busy_timeout={busy_ms}", "journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _immediate(connection: object) -> None:
        # Take the write lock at once: two bookings can then never deadlock half way.
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    @event.listens_for(engine, "handle_error")
    def _unavailable(context: ExceptionContext) -> None:
        if isinstance(context.original_exception, sqlite3.OperationalError):
            reason = str(context.original_exception)
            raise BackendUnavailable(path.name, reason) from context.original_exception

    metadata.create_all(engine)
    return engine
