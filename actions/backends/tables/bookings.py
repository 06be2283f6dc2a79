"""Tables of bookings: a slot is never over its capacity, a key exists once, a phone once per slot."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table, Text, text

from actions.backends.database import Moment
from actions.backends.tables.columns import digest, metadata, sealed

slots = Table(
    "slots",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hall_id", String(24), nullable=False),
    Column("day", Date, nullable=False),
    Column("start", String(5), nullable=False),
    Column("end", String(5), nullable=False),
    Column("session", String(10), nullable=False),
    Column("windows", Integer, nullable=False),
    Column("per_window", Integer, nullable=False),
    # What the closures leave of windows x per_window.
    Column("capacity", Integer, nullable=False),
    # Places of bookings (booked, no_show) and of offers that are held.
    Column("taken", Integer, nullable=False, default=0),
    CheckConstraint("taken >= 0 AND taken <= capacity", name="slot_never_over_capacity"),
    CheckConstraint("capacity <= windows * per_window", name="slot_capacity_of_windows"),
    Index("slots_by_hall_day", "hall_id", "day"),
)

closures = Table(
    "closures",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("hall_id", String(24), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("session", String(10), nullable=False, default=""),  # "" for all
    Column("windows", Integer, nullable=False, default=0),  # how many are closed; 0 for all
    Column("reason", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("first_day <= last_day AND windows >= 0", name="closure_in_order"),
    Index("closures_by_hall", "hall_id", "last_day"),
)

_BOOKED = text("status = 'booked'")

bookings = Table(
    "bookings",
    metadata,
    Column("booking_no", String(16), primary_key=True),
    sealed("key"),  # callers put a phone into it before keys were sealed
    digest("key_digest", of="key", kind="key", index=False),
    Column("slot_id", String(40), ForeignKey("slots.id"), nullable=False),
    Column("item_id", String(60), nullable=False),
    Column("item", String(80), nullable=False),
    sealed("name"),
    sealed("phone"),
    digest("phone_digest", of="phone", kind="phone", index=False),
    Column("status", String(12), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("voucher", String(43), nullable=False),
    Column("sequence", Integer, nullable=False, default=0),  # of the calendar entry
    CheckConstraint("status IN ('booked', 'cancelled', 'displaced', 'no_show')", name="booking_status_known"),
    Index("booking_key_once", "key_digest", unique=True),
    Index("booking_voucher_once", "voucher", unique=True),
    Index("bookings_by_owner", "owner", "status"),
    Index("bookings_by_phone", "phone_digest", "status"),
    Index("bookings_by_slot", "slot_id", "status"),
    Index(
        "one_place_per_phone_and_slot",
        "slot_id",
        "phone_digest",
        unique=True,
        sqlite_where=_BOOKED,
        postgresql_where=_BOOKED,
    ),
)

waits = Table(
    "waits",
    metadata,
    # The order of the line. Never used again, so that nobody slips in where somebody left.
    Column("id", Integer, primary_key=True, autoincrement=True),
    sealed("key"),
    digest("key_digest", of="key", kind="key", index=False),
    Column("hall_id", String(24), nullable=False),
    Column("day", Date, nullable=False),
    Column("session", String(10), nullable=False, default=""),
    Column("slot_id", String(40), nullable=False, default=""),
    Column("item_id", String(60), nullable=False),
    Column("item", String(80), nullable=False),
    sealed("name"),
    sealed("phone"),
    digest("phone_digest", of="phone", kind="phone", index=False),
    Column("state", String(12), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("offered_slot", String(40), ForeignKey("slots.id")),
    Column("offered_at", Moment),
    Column("offer_until", Moment),
    Column("booking_no", String(16), ForeignKey("bookings.booking_no")),
    CheckConstraint(
        "state IN ('waiting', 'offered', 'accepted', 'declined', 'expired', 'left', 'lapsed')",
        name="wait_state_known",
    ),
    CheckConstraint(
        "state <> 'offered' OR (offered_slot IS NOT NULL AND offer_until IS NOT NULL)", name="offer_is_whole"
    ),
    Index("wait_key_once", "key_digest", unique=True),
    Index("waits_in_line", "hall_id", "day", "state"),
    Index("waits_by_owner", "owner", "state"),
    Index("waits_by_phone", "phone_digest", "state"),
    Index("waits_by_end_of_offer", "state", "offer_until"),
)
