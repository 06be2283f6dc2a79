"""The tables as they were before migrations existed. Databases of that time are taken as being here."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Text, text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "cases",
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
        Column("steps", Text, nullable=False),
        Column("demo", Boolean, nullable=False),
    )
    op.create_table(
        "lookup_failures",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("subject", String(80), nullable=False, index=True),
        Column("at", String(40), nullable=False),
    )
    op.create_table(
        "slots",
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
    op.create_table(
        "bookings",
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
    op.create_table(
        "work_orders",
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
    op.create_table(
        "work_order_marks",
        Column("key", String(200), primary_key=True),
        Column("order_no", String(20), ForeignKey("work_orders.order_no"), nullable=False, index=True),
        Column("mark", String(12), nullable=False),
        Column("note", Text, nullable=False, default=""),
        Column("at", String(40), nullable=False),
        CheckConstraint("mark IN ('urged', 'withdrawn')", name="work_order_mark_known"),
    )
    op.create_table(
        "ratings",
        Column("subject", String(80), primary_key=True),
        Column("level", Integer, nullable=False),
        Column("reasons", Text, nullable=False),
        Column("comment", Text, nullable=False),
        Column("channel", String(20), nullable=False),
        Column("owner", String(64), nullable=False),
        Column("created_at", String(40), nullable=False),
        Column("rectify_by", String(40)),
        CheckConstraint("level BETWEEN 1 AND 5", name="rating_level_known"),
    )


def downgrade() -> None:
    """Drop them."""
    for name in (
        "ratings",
        "work_order_marks",
        "work_orders",
        "bookings",
        "slots",
        "lookup_failures",
        "cases",
    ):
        op.drop_table(name)
