"""Tables of cases: their state, what was reported about them, who follows them, and failed look-ups."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from actions.backends.database import Moment
from actions.backends.tables.columns import digest, mark, metadata, sealed

cases = Table(
    "cases",
    metadata,
    Column("case_no", String(24), primary_key=True),
    sealed("phone_last4"),
    sealed("applicant"),
    sealed("identity"),
    digest("identity_digest", of="identity", kind="id_no"),
    Column("item", String(80), nullable=False),
    Column("department", String(40), nullable=False),
    Column("status", String(40), nullable=False),
    Column("submitted_on", Date, nullable=False),
    Column("statutory_days", Integer),  # working days
    Column("statutory_on", Date),  # as the source gives it; None: computed from the days
    Column("promised_days", Integer),
    Column("promised_on", Date),
    Column("pauses", Text, nullable=False, default="[]"),  # JSON list of {reason, since, until}
    Column("holder_department", String(40), nullable=False, default=""),
    sealed("holder"),  # a person or a window
    Column("next_step", Text, nullable=False, default=""),
    Column("citizen_must", Text, nullable=False, default=""),
    Column("materials", Text, nullable=False, default="[]"),  # JSON list of what is missing
    Column("result", String(200), nullable=False, default=""),
    Column("result_way", String(12), nullable=False, default=""),
    Column("result_where", String(200), nullable=False, default=""),
    Column("steps", Text, nullable=False),  # JSON list of {title, at, note, state}
    Column("source", String(80), nullable=False),
    Column("base_at", Moment),  # of the imported row, as its source says; events before it change nothing
    Column("updated_at", Moment),  # None: shown as of the look-up
    Column("state_version", Integer, nullable=False, default=0),
    Column("state_at", Moment),
    Column("state_event", String(64), nullable=False, default=""),  # "": no event of the feed yet
    mark("row_digest"),  # of the imported row
    Column("demo", Boolean, nullable=False),
    CheckConstraint("result_way IN ('', 'collect', 'post', 'electronic')", name="case_result_way_known"),
    Index("cases_by_status", "status", "submitted_on"),
)

case_events = Table(
    "case_events",
    metadata,
    Column("event_id", String(64), primary_key=True),
    Column("case_no", String(24), ForeignKey("cases.case_no", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("title", String(40), nullable=False),
    Column("note", String(200), nullable=False),
    Column("paused", String(40), nullable=False),  # why the time limit stands still; "": it runs
    Column("statutory_on", Date),
    Column("promised_on", Date),
    mark("content"),  # of the whole event
    Column("received_at", Moment, nullable=False),
    Index("case_events_by_case", "case_no", "version", "at"),
)

case_followers = Table(
    "case_followers",
    metadata,
    Column("case_no", String(24), ForeignKey("cases.case_no", ondelete="CASCADE"), primary_key=True),
    Column("owner", String(64), primary_key=True),
    Column("seen_at", Moment, nullable=False, index=True),
)

lookup_failures = Table(
    "lookup_failures",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("subject", String(80), nullable=False),  # "case:" and the keyed hash of whatever was tried
    Column("client", String(64), nullable=False, default=""),  # keyed hash
    Column("at", Moment, nullable=False, index=True),
    Index("lookup_failures_by_subject", "subject", "at"),
    Index("lookup_failures_by_client", "client", "at"),
)

lookup_budgets = Table(
    "lookup_budgets",
    metadata,
    Column("subject", String(80), primary_key=True),
    Column("spent_until", Moment, nullable=False, index=True),  # see case_locks
)
