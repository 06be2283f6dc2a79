"""Tables of ratings: a subject is rated once."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, String, Table, Text

from actions.backends.tables.columns import metadata

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
