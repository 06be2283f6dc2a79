"""The audit log: rows are only added; triggers of the migration refuse changing and deleting."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from actions.backends.database import Moment
from actions.backends.tables.columns import metadata

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 ... without a gap
    Column("at", Moment, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(120), nullable=False, index=True),
    Column("detail", Text, nullable=False),  # JSON object of strings, masked
    Column("key_id", String(24), nullable=False),
    Column("chain", String(64), nullable=False),
)
