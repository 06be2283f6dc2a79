"""Citizens who sign in: sessions with the person sealed, whose conversation it is, tickets that were used."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, ForeignKey, String, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nobody has signed in before."""
    op.create_table(
        "citizen_sessions",
        Column("token_hash", String(64), primary_key=True),
        Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
        Column("person", Text, nullable=False),
        Column("id_token", Text),
        Column("how", String(10), nullable=False),
        Column("created_at", Float, nullable=False),
        Column("seen_at", Float, nullable=False),
        Column("expires_at", Float, nullable=False),
    )
    op.create_index("citizen_sessions_by_end", "citizen_sessions", ["expires_at"])
    op.create_table(
        "citizen_talks",
        Column("conversation_id", String(32), ForeignKey("conversations.id"), primary_key=True),
        Column("subject_hash", String(64), nullable=False),
        Column("at", Float, nullable=False),
    )
    op.create_index("citizen_talks_by_subject", "citizen_talks", ["subject_hash", "at"])
    op.create_table(
        "conversation_keys",
        Column("secret_hash", String(64), primary_key=True),
        Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
        Column("expires_at", Float, nullable=False),
    )
    op.create_index("conversation_keys_by_conversation", "conversation_keys", ["conversation_id"])
    op.create_table(
        "join_codes",
        Column("code_hash", String(64), primary_key=True),
        Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
        Column("expires_at", Float, nullable=False),
    )
    op.create_index("join_codes_by_conversation", "join_codes", ["conversation_id"])
    op.create_table(
        "used_tickets",
        Column("ticket_hash", String(64), primary_key=True),
        Column("expires_at", Float, nullable=False),
    )


def downgrade() -> None:
    """Everybody is signed out."""
    for name in ("used_tickets", "join_codes", "conversation_keys", "citizen_talks", "citizen_sessions"):
        op.drop_table(name)
