"""Tables of the gateway: conversations, their events, hand-offs, staff, switches."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    CheckConstraint,
    Column,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
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

events = Table(
    "events",
    metadata,
    Column("conversation_id", String(32), ForeignKey("conversations.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("client_id", String(80)),
    Column("payload", Text, nullable=False),
    Index("one_event_per_client_id", "conversation_id", "client_id", unique=True),
)

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
    Column("requested_at", Float, nullable=False),
    Column("accepted_at", Float),
    Column("first_reply_at", Float),
    Column("ended_at", Float),
    Column("ended_seq", Integer),  # the officer reads up to here, never what follows
    Column("preview", Text, nullable=False, server_default=""),  # the citizen's last words until then
    Column("agent_id", String(40)),
    Column("outcome", String(12)),
    Index("handoffs_by_agent", "agent_id", "ended_at"),
)

staff = Table(
    "staff",
    metadata,
    Column("username", String(40), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", Float, nullable=False, server_default="0"),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("username", String(40), ForeignKey("staff.username"), nullable=False),
    Column("expires_at", Float, nullable=False),
)

switch_changes = Table(
    "switch_changes",  # rows are only added: the latest of each name is the state
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(40), nullable=False),
    Column("value", String(200), nullable=False),
    Column("by", String(80), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("at", String(32), nullable=False),
    Index("switch_changes_by_name", "name", "id"),
)


def open_database(path: Path) -> Engine:
    """Open (and create) the SQLite file.

    WAL with synchronous=NORMAL: a killed process loses nothing that was acknowledged; only a power
    cut may lose the last moments (docs/adr/0004). Every transaction takes the write lock at once.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"check_same_thread": False}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # we say BEGIN ourselves, below
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in ("journal_mode=WAL", "busy_timeout=5000", "foreign_keys=ON", "synchronous=NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _immediate(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    metadata.create_all(engine)
    return engine
