"""Which message waits for which gateway's answer, since when a wait counts, and which gateways live."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, Integer, String, text

revision = "0001b"
down_revision = "0001"


def upgrade() -> None:
    """Messages that nobody has answered yet get an owner who is dead: they are owned up to at once."""
    op.add_column("conversations", Column("queued_at", Float))
    op.add_column("conversations", Column("turn_seq", Integer))
    op.add_column("conversations", Column("turn_at", Float))
    op.add_column("conversations", Column("turn_owner", String(32)))
    op.create_table(
        "gateways",
        Column("id", String(32), primary_key=True),
        Column("beats", Integer, nullable=False),
    )
    op.execute(text("UPDATE conversations SET queued_at = waiting_since WHERE mode = 'waiting'"))
    op.execute(
        text(
            "UPDATE conversations SET turn_seq = last_seq, turn_at = 0, turn_owner = '' WHERE mode = 'bot'"
            " AND EXISTS (SELECT 1 FROM events WHERE events.conversation_id = conversations.id"
            " AND events.seq = conversations.last_seq AND events.kind = 'citizen_said')"
        )
    )
    only_open = text("turn_at IS NOT NULL")
    op.create_index(
        "conversations_by_turn",
        "conversations",
        ["turn_at"],
        sqlite_where=only_open,
        postgresql_where=only_open,
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_index("conversations_by_turn", "conversations")
    op.drop_table("gateways")
    for name in ("turn_owner", "turn_at", "turn_seq", "queued_at"):
        op.drop_column("conversations", name)
