"""Tables of cases."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Integer, String, Table, Text

from actions.backends.tables.columns import metadata

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
