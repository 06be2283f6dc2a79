"""The outbox of notices and the audit trail, which nobody may change or cut."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Index, Integer, String, Text

from actions.backends.database import Moment

revision = "0002"
down_revision = "0001"

REFUSE = "audit_log is append-only"


def upgrade() -> None:
    """Create both, and the triggers that guard the trail."""
    op.create_table(
        "notices",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("key", String(200), nullable=False, unique=True),
        Column("owner", String(64), nullable=False, index=True),
        Column("kind", String(40), nullable=False),
        Column("payload", Text, nullable=False),
        Column("due_at", Moment, nullable=False),
        Column("told_at", Moment),
        Index("notices_waiting", "told_at", "due_at"),
    )
    op.create_table(
        "audit_log",
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("at", Moment, nullable=False),
        Column("actor", String(64), nullable=False),
        Column("action", String(60), nullable=False),
        Column("subject", String(120), nullable=False, index=True),
        Column("detail", Text, nullable=False),
        Column("key_id", String(24), nullable=False),
        Column("chain", String(64), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"""CREATE FUNCTION audit_log_guard() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '{REFUSE}'; END $$"""
        )
        op.execute(
            """CREATE TRIGGER audit_log_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
            FOR EACH STATEMENT EXECUTE FUNCTION audit_log_guard()"""
        )
    else:
        for word in ("UPDATE", "DELETE"):
            op.execute(
                f"""CREATE TRIGGER audit_log_no_{word.lower()} BEFORE {word} ON audit_log
                BEGIN SELECT RAISE(ABORT, '{REFUSE}'); END"""
            )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("audit_log")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_log_guard()")
    op.drop_table("notices")
