"""Cases: personal data sealed, deadlines, holder and result; events of the feed, followers, look-up locks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from alembic import op
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    select,
    text,
)

from actions.backends.database import Moment
from actions.backends.vault import Vault

revision = "0003"
down_revision = "0002"

BATCH = 1000
SOURCE = "南昌市一体化政务服务平台"
KEPT = (
    "case_no",
    "item",
    "department",
    "status",
    "submitted_on",
    "next_step",
    "citizen_must",
    "steps",
    "demo",
)
SEALED = ("phone_last4", "applicant")
EMPTY = (
    ("identity", "identity_digest", "holder_department", "holder")
    + ("result", "result_way", "result_where", "state_event", "row_digest")
)  # fmt: skip


def upgrade() -> None:
    """Seal, widen, add."""
    vault = _vault()

    def up(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **{name: row[name] for name in KEPT},
            **{name: vault.seal(f"cases.{name}", row[name]) for name in SEALED},
            **dict.fromkeys(EMPTY, ""),
            "promised_on": row["due_on"],
            "pauses": "[]",
            "materials": "[]",
            "source": SOURCE + ("（演示数据）" if row["demo"] else ""),
            "state_version": 0,
        }

    _rebuild_cases(_old_columns, _new_columns, up)
    op.create_index("ix_cases_identity_digest", "cases", ["identity_digest"])
    op.create_index("cases_by_status", "cases", ["status", "submitted_on"])
    op.create_table(
        "case_events",
        Column("event_id", String(64), primary_key=True),
        Column("case_no", String(24), ForeignKey("cases.case_no", ondelete="CASCADE"), nullable=False),
        Column("version", Integer, nullable=False),
        Column("at", Moment, nullable=False),
        Column("title", String(40), nullable=False),
        Column("note", String(200), nullable=False),
        Column("paused", String(40), nullable=False),
        Column("statutory_on", Date),
        Column("promised_on", Date),
        Column("content", String(64), nullable=False),
        Column("received_at", Moment, nullable=False),
        Index("case_events_by_case", "case_no", "version", "at"),
    )
    op.create_table(
        "case_followers",
        Column("case_no", String(24), ForeignKey("cases.case_no", ondelete="CASCADE"), primary_key=True),
        Column("owner", String(64), primary_key=True),
        Column("seen_at", Moment, nullable=False, index=True),
    )
    op.create_table(
        "lookup_budgets",
        Column("subject", String(80), primary_key=True),
        Column("spent_until", Moment, nullable=False, index=True),
    )
    _rebuild_failures(
        (
            Column("subject", String(80), nullable=False),
            Column("client", String(64), nullable=False, default=""),
            Column("at", Moment, nullable=False, index=True),
            Index("lookup_failures_by_subject", "subject", "at"),
            Index("lookup_failures_by_client", "client", "at"),
        ),
        datetime.fromisoformat,
    )


def downgrade() -> None:
    """Open what was sealed. What the old tables have no column for is lost."""
    vault = _vault()

    def down(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **{name: row[name] for name in KEPT},
            **{name: vault.open(f"cases.{name}", row[name]) for name in SEALED},
            "due_on": row["promised_on"],
        }

    for name in ("lookup_budgets", "case_followers", "case_events"):
        op.drop_table(name)
    _rebuild_cases(_new_columns, _old_columns, down)
    _rebuild_failures(
        (Column("subject", String(80), nullable=False, index=True), Column("at", String(40), nullable=False)),
        lambda text_or_moment: _moment(text_or_moment).isoformat(),
    )


def _rebuild_cases(
    before: Callable[[], list[Any]],
    after: Callable[[], list[Any]],
    turned: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> None:
    """A new table with every row turned, under the old name; a thousand rows at a time."""
    db = op.get_bind()
    old = Table("cases", MetaData(), *before())
    new = op.create_table("cases_new", *after())
    last = ""
    while rows := db.execute(
        select(old).where(old.c.case_no > last).order_by(old.c.case_no).limit(BATCH)
    ).mappings().all():  # fmt: skip
        db.execute(insert(new), [turned(dict(row)) for row in rows])
        last = rows[-1]["case_no"]
    op.drop_table("cases")
    op.rename_table("cases_new", "cases")


def _rebuild_failures(columns: tuple[Any, ...], turned: Callable[[Any], Any]) -> None:
    """Few rows, of the last minutes."""
    db = op.get_bind()
    rows = db.execute(text("SELECT id, subject, at FROM lookup_failures ORDER BY id")).mappings().all()
    op.drop_table("lookup_failures")
    new = op.create_table(
        "lookup_failures", Column("id", Integer, primary_key=True, autoincrement=True), *columns
    )
    if rows:
        db.execute(insert(new), [{**row, "at": turned(row["at"])} for row in rows])
        if db.dialect.name == "postgresql":
            db.execute(
                text("SELECT setval(pg_get_serial_sequence('lookup_failures', 'id'), :last)"),
                {"last": rows[-1]["id"]},
            )


def _vault() -> Vault:
    config = op.get_context().config
    assert config is not None, "migrations run by actions.backends.migrations.migrate only"
    vault: Vault = config.attributes["vault"]
    return vault


def _moment(stored: Any) -> datetime:
    moment = Moment().process_result_value(stored, op.get_bind().dialect)
    assert moment is not None, "lookup_failures.at is never empty"
    return moment


def _old_columns() -> list[Any]:
    return [
        Column("case_no", String(24), primary_key=True),
        Column("phone_last4", String(4), nullable=False),
        Column("item", String(80), nullable=False),
        Column("applicant", String(40), nullable=False),
        Column("department", String(40), nullable=False),
        Column("status", String(40), nullable=False),
        Column("submitted_on", Date, nullable=False),
        Column("due_on", Date),
        Column("next_step", Text, nullable=False, default=""),
        Column("citizen_must", Text, nullable=False, default=""),
        Column("steps", Text, nullable=False),
        Column("demo", Boolean, nullable=False),
    ]


def _new_columns() -> list[Any]:
    return [
        Column("case_no", String(24), primary_key=True),
        Column("phone_last4", Text, nullable=False),
        Column("applicant", Text, nullable=False),
        Column("identity", Text, nullable=False),
        Column("identity_digest", String(64), nullable=False),
        Column("item", String(80), nullable=False),
        Column("department", String(40), nullable=False),
        Column("status", String(40), nullable=False),
        Column("submitted_on", Date, nullable=False),
        Column("statutory_days", Integer),
        Column("statutory_on", Date),
        Column("promised_days", Integer),
        Column("promised_on", Date),
        Column("pauses", Text, nullable=False),
        Column("holder_department", String(40), nullable=False),
        Column("holder", Text, nullable=False),
        Column("next_step", Text, nullable=False),
        Column("citizen_must", Text, nullable=False),
        Column("materials", Text, nullable=False),
        Column("result", String(200), nullable=False),
        Column("result_way", String(12), nullable=False),
        Column("result_where", String(200), nullable=False),
        Column("steps", Text, nullable=False),
        Column("source", String(80), nullable=False),
        Column("base_at", Moment),
        Column("updated_at", Moment),
        Column("state_version", Integer, nullable=False),
        Column("state_at", Moment),
        Column("state_event", String(64), nullable=False),
        Column("row_digest", String(64), nullable=False),
        Column("demo", Boolean, nullable=False),
        CheckConstraint("result_way IN ('', 'collect', 'post', 'electronic')", name="case_result_way_known"),
    ]
