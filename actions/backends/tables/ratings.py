"""Tables of ratings and their rectifications: a subject is rated once, a bad rating is put right once."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from actions.backends.database import Moment
from actions.backends.tables.columns import digest, metadata, sealed

STATES = ("opened", "assigned", "verified", "unfounded", "rectified", "called_back", "closed")
ONCE = "what IN ('opened', 'called_back', 'closed', 'due_soon', 'overdue')"

ratings = Table(
    "ratings",
    metadata,
    Column("subject", String(80), primary_key=True),
    Column("key", String(200), unique=True),
    Column("level", Integer, nullable=False),
    sealed("reasons"),  # JSON list; sealed because a citizen may write one
    sealed("comment"),
    sealed("phone"),
    digest("phone_digest", of="phone", kind="phone"),
    Column("channel", String(20), nullable=False),
    Column("department", String(40), nullable=False, default=""),
    Column("item", String(80), nullable=False, default=""),
    Column("owner", String(64), nullable=False, index=True),
    Column("created_at", Moment, nullable=False, index=True),
    Column("rectify_by", Moment),
    CheckConstraint("level BETWEEN 1 AND 5", name="rating_level_known"),
)

rectifications = Table(
    "rectifications",
    metadata,
    Column("subject", String(80), ForeignKey("ratings.subject"), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("named", Boolean, nullable=False),  # the citizen left a phone, so a call-back is owed
    Column("department", String(40), nullable=False, default=""),
    Column("officer", String(64), nullable=False, default=""),  # a staff login, not a citizen
    Column("stage", String(12), nullable=False, default=""),  # how far it was escalated
    Column("verdict", String(12), nullable=False, default=""),  # "founded", "unfounded"
    Column("evidence", Integer, nullable=False, default=0),  # how many pieces
    Column("opened_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("done_at", Moment),  # when it was put right, or found to be untrue
    Column("called_back_at", Moment),
    Column("closed_at", Moment),
    CheckConstraint(f"state IN {STATES!r}", name="rectification_state_known"),
    CheckConstraint("stage IN ('', 'due_soon', 'overdue')", name="rectification_stage_known"),
    CheckConstraint("verdict IN ('', 'founded', 'unfounded')", name="rectification_verdict_known"),
    CheckConstraint("state <> 'closed' OR evidence > 0", name="rectification_closed_with_evidence"),
    CheckConstraint(
        "state <> 'closed' OR NOT named OR called_back_at IS NOT NULL",
        name="rectification_closed_after_call_back",
    ),
    Index("rectifications_by_state", "state", "due_at"),
)

rectification_steps = Table(
    "rectification_steps",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("subject", String(80), ForeignKey("rectifications.subject"), nullable=False, index=True),
    Column("key", String(200), nullable=False),
    Column("what", String(12), nullable=False),  # a state, "evidence", "due_soon" or "overdue"
    Column("state", String(12), nullable=False),  # the state after it
    Column("actor", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("department", String(40), nullable=False, default=""),
    Column("officer", String(64), nullable=False, default=""),
    sealed("note"),
    Column("attachments", Text, nullable=False, default="[]"),  # JSON list of sha256, hex
    UniqueConstraint("subject", "key", name="rectification_key_once"),
    Index(
        "rectification_step_once",
        "subject",
        "what",
        unique=True,
        sqlite_where=text(ONCE),
        postgresql_where=text(ONCE),
    ),
)
