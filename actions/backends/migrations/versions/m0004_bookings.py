"""Bookings: personal data sealed, vouchers, windows and closures, the line for full slots."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    insert,
    select,
    text,
)

from actions.backends.clock import SHANGHAI
from actions.backends.database import Moment
from actions.backends.vault import Vault

revision = "0004"
down_revision = "0003"

CONTEXT = {"key": "bookings.key", "name": "bookings.name", "phone": "bookings.phone"}
KEPT = ("booking_no", "slot_id", "item_id", "item", "status", "owner")


def upgrade() -> None:
    """Rebuild slots and bookings with their rows; create closures and waits."""
    vault = _vault()
    olds = _read(_old_slots(MetaData()))
    old_bookings = _read(_old_bookings(MetaData()))
    op.drop_table("bookings")
    op.drop_table("slots")
    new_slots, new_bookings = _create_new()
    _fill(new_slots, olds, lambda row: {**row, "windows": row["capacity"], "per_window": 1})
    places: set[tuple[str, str]] = set()
    _fill(new_bookings, old_bookings, lambda row: _sealed(vault, row, places))


def downgrade() -> None:
    """Open again what was sealed. States that the old tables lack become 'cancelled'."""
    vault = _vault()
    new_slots, new_bookings = _new_slots(MetaData()), _new_bookings(MetaData())
    slot_rows, booking_rows = _read(new_slots), _read(new_bookings)
    for name in ("waits", "closures", "bookings", "slots"):
        op.drop_table(name)
    old_slots = _old_slots(MetaData())
    old_slots.create(op.get_bind())
    old_bookings = _old_bookings(old_slots.metadata)
    old_bookings.create(op.get_bind())
    names = old_slots.c.keys()
    _fill(old_slots, slot_rows, lambda row: {name: row[name] for name in names})
    _fill(old_bookings, booking_rows, lambda row: _opened(vault, row))


def _vault() -> Vault:
    config = op.get_context().config
    assert config is not None, "migrations run with the vault of `migrate`"
    vault: Vault = config.attributes["vault"]
    return vault


def _read(table: Table) -> list[RowMapping]:
    return list(op.get_bind().execute(select(table)).mappings())


def _fill(table: Table, rows: list[RowMapping], turn: Callable[[RowMapping], dict[str, Any]]) -> None:
    for row in rows:
        op.get_bind().execute(insert(table).values(**turn(row)))


def _sealed(vault: Vault, row: RowMapping, places: set[tuple[str, str]]) -> dict[str, Any]:
    made = datetime.fromisoformat(row["created_at"])
    digits = "".join(c for c in row["phone"] if c in "0123456789")
    phone = vault.digest("phone", digits[2:] if len(digits) == 13 and digits.startswith("861") else digits)
    if row["status"] == "booked" and (row["slot_id"], phone) in places:
        phone = vault.digest("phone", row["phone"])  # the same phone, written in two ways: both stay
    places.add((row["slot_id"], phone) if row["status"] == "booked" else ("", ""))
    return {
        **{name: row[name] for name in KEPT},
        **{name: vault.seal(column, row[name]) for name, column in CONTEXT.items()},
        "key_digest": vault.digest("key", row["key"]),
        "phone_digest": phone,
        "created_at": made if made.tzinfo else made.replace(tzinfo=SHANGHAI),
        "voucher": secrets.token_urlsafe(24),
        "sequence": 0,
    }


def _opened(vault: Vault, row: RowMapping) -> dict[str, Any]:
    old = {name: row[name] for name in KEPT}
    old |= {name: vault.open(column, row[name]) for name, column in CONTEXT.items()}
    old["created_at"] = row["created_at"].isoformat()
    status = {"no_show": "booked", "displaced": "cancelled"}
    old["status"] = status.get(row["status"], row["status"])
    return old


def _create_new() -> tuple[Table, Table]:
    both = MetaData()
    slots, bookings = _new_slots(both), _new_bookings(both)
    both.create_all(op.get_bind())
    op.create_table(
        "closures",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("hall_id", String(24), nullable=False),
        Column("first_day", Date, nullable=False),
        Column("last_day", Date, nullable=False),
        Column("session", String(10), nullable=False),
        Column("windows", Integer, nullable=False),
        Column("reason", Text, nullable=False),
        Column("created_at", Moment, nullable=False),
        CheckConstraint("first_day <= last_day AND windows >= 0", name="closure_in_order"),
        Index("closures_by_hall", "hall_id", "last_day"),
    )
    op.create_table(
        "waits",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("key", Text, nullable=False),
        Column("key_digest", String(64), nullable=False),
        Column("hall_id", String(24), nullable=False),
        Column("day", Date, nullable=False),
        Column("session", String(10), nullable=False),
        Column("slot_id", String(40), nullable=False),
        Column("item_id", String(60), nullable=False),
        Column("item", String(80), nullable=False),
        Column("name", Text, nullable=False),
        Column("phone", Text, nullable=False),
        Column("phone_digest", String(64), nullable=False),
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
            "state <> 'offered' OR (offered_slot IS NOT NULL AND offer_until IS NOT NULL)",
            name="offer_is_whole",
        ),
        Index("wait_key_once", "key_digest", unique=True),
        Index("waits_in_line", "hall_id", "day", "state"),
        Index("waits_by_owner", "owner", "state"),
        Index("waits_by_phone", "phone_digest", "state"),
        Index("waits_by_end_of_offer", "state", "offer_until"),
    )
    return slots, bookings


def _slot_columns() -> list[Column[Any]]:
    return [
        Column("id", String(40), primary_key=True),
        Column("hall_id", String(24), nullable=False),
        Column("day", Date, nullable=False),
        Column("start", String(5), nullable=False),
        Column("end", String(5), nullable=False),
        Column("session", String(10), nullable=False),
    ]


def _old_slots(metadata: MetaData) -> Table:
    return Table(
        "slots",
        metadata,
        *_slot_columns(),
        Column("capacity", Integer, nullable=False),
        Column("taken", Integer, nullable=False),
        CheckConstraint("taken >= 0 AND taken <= capacity", name="slot_never_over_capacity"),
        Index("slots_by_hall_day", "hall_id", "day"),
    )


def _new_slots(metadata: MetaData) -> Table:
    return Table(
        "slots",
        metadata,
        *_slot_columns(),
        Column("windows", Integer, nullable=False),
        Column("per_window", Integer, nullable=False),
        Column("capacity", Integer, nullable=False),
        Column("taken", Integer, nullable=False),
        CheckConstraint("taken >= 0 AND taken <= capacity", name="slot_never_over_capacity"),
        CheckConstraint("capacity <= windows * per_window", name="slot_capacity_of_windows"),
        Index("slots_by_hall_day", "hall_id", "day"),
    )


def _old_bookings(metadata: MetaData) -> Table:
    booked = text("status = 'booked'")
    return Table(
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
            sqlite_where=booked,
            postgresql_where=booked,
        ),
    )


def _new_bookings(metadata: MetaData) -> Table:
    booked = text("status = 'booked'")
    return Table(
        "bookings",
        metadata,
        Column("booking_no", String(16), primary_key=True),
        Column("key", Text, nullable=False),
        Column("key_digest", String(64), nullable=False),
        Column("slot_id", String(40), ForeignKey("slots.id"), nullable=False),
        Column("item_id", String(60), nullable=False),
        Column("item", String(80), nullable=False),
        Column("name", Text, nullable=False),
        Column("phone", Text, nullable=False),
        Column("phone_digest", String(64), nullable=False),
        Column("status", String(12), nullable=False),
        Column("owner", String(64), nullable=False),
        Column("created_at", Moment, nullable=False),
        Column("voucher", String(43), nullable=False),
        Column("sequence", Integer, nullable=False),
        CheckConstraint(
            "status IN ('booked', 'cancelled', 'displaced', 'no_show')", name="booking_status_known"
        ),
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
            sqlite_where=booked,
            postgresql_where=booked,
        ),
    )
