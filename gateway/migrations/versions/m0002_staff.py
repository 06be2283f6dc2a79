"""Staff: states, one-time codes, sessions that tell where, the trail, sign-ins at a provider."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, ForeignKey, Integer, String, Text, text

revision = "0002"
down_revision = "0001b"

def upgrade() -> None:
    """Until now the two demo officers were the only accounts there could be; everybody signs in anew."""
    for name in ("demo", "must_change", "totp_on", "totp_step"):
        op.add_column("staff", Column(name, Integer, nullable=False, server_default="0"))
    op.add_column("staff", Column("state", String(10), nullable=False, server_default="active"))
    op.add_column("staff", Column("source", String(10), nullable=False, server_default="local"))
    op.add_column("staff", Column("subject_hash", String(64)))
    op.add_column("staff", Column("totp_secret", String(200)))
    for name in ("created_at", "seen_at"):
        op.add_column("staff_sessions", Column(name, Float, nullable=False, server_default="0"))
    op.add_column("staff_sessions", Column("how", String(10), nullable=False, server_default="password"))
    op.add_column("staff_sessions", Column("address", String(64), nullable=False, server_default=""))
    op.add_column("staff_sessions", Column("browser", String(120), nullable=False, server_default=""))
    op.add_column("staff_sessions", Column("id_token", Text))
    op.create_index("staff_sessions_by_username", "staff_sessions", ["username"])
    op.execute(text("UPDATE staff SET demo = 1 WHERE username IN ('desk01', 'desk02')"))
    op.execute(text("DELETE FROM staff_sessions"))
    op.create_table(
        "staff_recovery",
        Column("username", String(40), ForeignKey("staff.username"), primary_key=True),
        Column("code_hash", String(64), primary_key=True),
    )
    op.create_table(
        "staff_audit",
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("at", String(32), nullable=False),
        Column("actor", String(80), nullable=False),
        Column("action", String(40), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("detail", Text, nullable=False),
        Column("key_id", String(20), nullable=False),
        Column("chain", String(64), nullable=False),
    )
    op.create_index("staff_audit_by_subject", "staff_audit", ["subject", "id"])
    op.create_table(
        "sign_in_failures",
        Column("address_hash", String(64), primary_key=True),
        Column("failures", Integer, nullable=False),
        Column("since", Float, nullable=False),
        Column("locked_until", Float, nullable=False, server_default="0"),
    )
    op.create_table(
        "sign_ins",
        Column("token_hash", String(64), primary_key=True),
        Column("purpose", String(10), nullable=False),
        Column("kept", Text, nullable=False),
        Column("expires_at", Float, nullable=False),
    )


def downgrade() -> None:
    """Forget them. Who is disabled now loses the password: the program before this knows no such state."""
    op.execute(text("UPDATE staff SET password_hash = '!' WHERE state <> 'active'"))
    op.execute(text("DELETE FROM staff_sessions"))
    for name in ("sign_ins", "sign_in_failures", "staff_audit", "staff_recovery"):
        op.drop_table(name)
    op.drop_index("staff_sessions_by_username", "staff_sessions")
    for name in ("id_token", "browser", "address", "how", "seen_at", "created_at"):
        op.drop_column("staff_sessions", name)
    for name in ("totp_secret", "subject_hash", "source", "state", "totp_step", "totp_on", "must_change"):
        op.drop_column("staff", name)
    op.drop_column("staff", "demo")
