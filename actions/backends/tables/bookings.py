"""Tables of bookings: a slot is never over its capacity, a booking key exists once."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table, text

from actions.backends.tables.columns import metadata

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
