"""The outbox of notices: a key exists once, so nobody is told twice."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from actions.backends.database import Moment
from actions.backends.tables.columns import metadata

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("payload", Text, nullable=False),  # JSON object of strings, masked
    Column("due_at", Moment, nullable=False),
    Column("told_at", Moment),
    Index("notices_waiting", "told_at", "due_at"),
)
