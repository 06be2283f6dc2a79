"""The tables as they were before migrations existed. Databases of that time are taken as being here."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

revision = "0001"
down_revision = None

before = MetaData()
"""As they were: never edit; a later step changes them."""

Table(
    "conversations",
    before,
    Column("id", String(32), primary_key=True),
    Column("secret_hash", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("mode", String(10), nullable=False),
    Column("agent_id", String(40)),
    Column("last_seq", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("waiting_since", Float),
    Column("handoff_id", Integer),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("facts", Text, nullable=False, server_default="{}"),
    Column("preview", Text, nullable=False, server_default=""),
    CheckConstraint("mode IN ('bot', 'waiting', 'agent', 'closed')", name="mode_known"),
    CheckConstraint("(mode = 'agent') = (agent_id IS NOT NULL)", name="only_an_agent_mode_has_an_agent"),
    Index("conversations_by_mode", "mode", "waiting_since"),
)
Table(
    "events",
    before,
    Column("conversation_id", String(32), ForeignKey("conversations.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("client_id", String(80)),
    Column("payload", Text, nullable=False),
    Index("one_event_per_client_id", "conversation_id", "client_id", unique=True),
)
Table(
    "handoffs",
    before,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
    Column("requested_at", Float, nullable=False),
    Column("accepted_at", Float),
    Column("first_reply_at", Float),
    Column("ended_at", Float),
    Column("ended_seq", Integer),
    Column("preview", Text, nullable=False, server_default=""),
    Column("agent_id", String(40)),
    Column("outcome", String(12)),
    Index("handoffs_by_agent", "agent_id", "ended_at"),
)
Table(
    "staff",
    before,
    Column("username", String(40), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", Float, nullable=False, server_default="0"),
)
Table(
    "staff_sessions",
    before,
    Column("token_hash", String(64), primary_key=True),
    Column("username", String(40), ForeignKey("staff.username"), nullable=False),
    Column("expires_at", Float, nullable=False),
)
Table(
    "switch_changes",
    before,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(40), nullable=False),
    Column("value", String(200), nullable=False),
    Column("by", String(80), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("at", String(32), nullable=False),
    Index("switch_changes_by_name", "name", "id"),
)


def upgrade() -> None:
    """Create them; those that are there already (a database of that time) stay as they are."""
    before.create_all(op.get_bind())


def downgrade() -> None:
    """Drop them."""
    before.drop_all(op.get_bind())
