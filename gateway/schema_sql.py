"""Tables of the gateway: conversations, their events, hand-offs, staff, switches.

They are made by gateway/migrations; a test compares the two.
"""

from __future__ import annotations

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
    text,
)

metadata = MetaData()
OPEN_TURN = text("turn_at IS NOT NULL")

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
    Column("waiting_since", Float),  # the place in the queue
    Column("queued_at", Float),  # since when the limit of this wait counts
    Column("handoff_id", Integer),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("facts", Text, nullable=False, server_default="{}"),
    Column("preview", Text, nullable=False, server_default=""),
    Column("turn_seq", Integer),  # the citizen's latest message that the bot has not answered yet
    Column("turn_at", Float),  # when it came
    Column("turn_owner", String(32)),  # the gateway that answers it
    CheckConstraint("mode IN ('bot', 'waiting', 'agent', 'closed')", name="mode_known"),
    CheckConstraint("(mode = 'agent') = (agent_id IS NOT NULL)", name="only_an_agent_mode_has_an_agent"),
    Index("conversations_by_mode", "mode", "waiting_since"),
    Index("conversations_by_turn", "turn_at", sqlite_where=OPEN_TURN, postgresql_where=OPEN_TURN),
)

gateways = Table(
    "gateways",  # those that share this database; each counts its beats up while it lives
    metadata,
    Column("id", String(32), primary_key=True),
    Column("beats", Integer, nullable=False),
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
    Column("state", String(10), nullable=False, server_default="active"),  # or disabled
    Column("demo", Integer, nullable=False, server_default="0"),  # 1: its password lies in a file
    Column("must_change", Integer, nullable=False, server_default="0"),  # 1: somebody else knows the password
    Column("source", String(10), nullable=False, server_default="local"),  # or oidc: no password here
    Column("subject_hash", String(64)),  # of issuer and subject, for oidc
    Column("totp_secret", String(200)),  # sealed
    Column("totp_on", Integer, nullable=False, server_default="0"),  # 1: its first code was given
    Column("totp_step", Integer, nullable=False, server_default="0"),  # last one used: no code works twice
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("username", String(40), ForeignKey("staff.username"), nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("created_at", Float, nullable=False, server_default="0"),
    Column("seen_at", Float, nullable=False, server_default="0"),
    Column("how", String(10), nullable=False, server_default="password"),  # or oidc
    Column("address", String(64), nullable=False, server_default=""),
    Column("browser", String(120), nullable=False, server_default=""),
    Column("id_token", Text),  # sealed; for signing out at the provider
    Index("staff_sessions_by_username", "username"),
)

staff_recovery = Table(
    "staff_recovery",  # a used code is gone
    metadata,
    Column("username", String(40), ForeignKey("staff.username"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
)

staff_audit = Table(
    "staff_audit",  # rows are only added
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("detail", Text, nullable=False),
    Column("key_id", String(20), nullable=False),
    Column("chain", String(64), nullable=False),  # keyed hash over the row and the chain before it
    Index("staff_audit_by_subject", "subject", "id"),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("address_hash", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", Float, nullable=False),
    Column("locked_until", Float, nullable=False, server_default="0"),
)

sign_ins = Table(
    "sign_ins",  # under way at an OpenID provider; each is taken out once
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("purpose", String(10), nullable=False),
    Column("kept", Text, nullable=False),
    Column("expires_at", Float, nullable=False),
)

citizen_sessions = Table(
    "citizen_sessions",  # who is signed in; gone with the session
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
    Column("person", Text, nullable=False),  # sealed: subject, name, phone, ID number
    Column("id_token", Text),  # sealed; for signing out at the provider
    Column("how", String(10), nullable=False),  # oidc or app
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Index("citizen_sessions_by_end", "expires_at"),
)

citizen_talks = Table(
    "citizen_talks",  # whose conversation it is, once somebody signed in to it
    metadata,
    Column("conversation_id", String(32), ForeignKey("conversations.id"), primary_key=True),
    Column("subject_hash", String(64), nullable=False),  # keyed
    Column("at", Float, nullable=False),
    Index("citizen_talks_by_subject", "subject_hash", "at"),
)

conversation_keys = Table(
    "conversation_keys",  # of other devices that take part in a conversation
    metadata,
    Column("secret_hash", String(64), primary_key=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
    Column("expires_at", Float, nullable=False),
    Index("conversation_keys_by_conversation", "conversation_id"),
)

join_codes = Table(
    "join_codes",  # what is typed on another device; each works once
    metadata,
    Column("code_hash", String(64), primary_key=True),  # keyed
    Column("conversation_id", String(32), ForeignKey("conversations.id"), nullable=False),
    Column("expires_at", Float, nullable=False),
    Index("join_codes_by_conversation", "conversation_id"),
)

used_tickets = Table(
    "used_tickets",  # of the city's app; none works twice
    metadata,
    Column("ticket_hash", String(64), primary_key=True),
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

