"""Ratings: sealed reasons and comments, moments, contact; and the rectifications of the bad ones.

Bad ratings of before get the rectification that they never had, under the deadline that they were promised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from alembic import op
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
    text,
)

from actions.backends.database import Moment
from actions.backends.vault import Vault

revision = "0006"
down_revision = "0005"

BATCH = 500
STATES = ("opened", "assigned", "verified", "unfounded", "rectified", "called_back", "closed")
ONCE = "what IN ('opened', 'called_back', 'closed', 'due_soon', 'overdue')"


def before(name: str) -> Table:
    """The table as step 0001 made it."""
    return Table(
        name,
        MetaData(),
        Column("subject", String(80), primary_key=True),
        Column("level", Integer, nullable=False),
        Column("reasons", Text, nullable=False),
        Column("comment", Text, nullable=False),
        Column("channel", String(20), nullable=False),
        Column("owner", String(64), nullable=False),
        Column("created_at", String(40), nullable=False),
        Column("rectify_by", String(40)),
        CheckConstraint("level BETWEEN 1 AND 5", name="rating_level_known"),
    )


def after() -> tuple[Table, Table, Table]:
    """The three tables of this step."""
    metadata = MetaData()
    ratings = Table(
        "ratings",
        metadata,
        Column("subject", String(80), primary_key=True),
        Column("key", String(200), unique=True),
        Column("level", Integer, nullable=False),
        Column("reasons", Text, nullable=False),
        Column("comment", Text, nullable=False),
        Column("phone", Text, nullable=False),
        Column("phone_digest", String(64), nullable=False, index=True),
        Column("channel", String(20), nullable=False),
        Column("department", String(40), nullable=False),
        Column("item", String(80), nullable=False),
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
        Column("named", Boolean, nullable=False),
        Column("department", String(40), nullable=False),
        Column("officer", String(64), nullable=False),
        Column("stage", String(12), nullable=False),
        Column("verdict", String(12), nullable=False),
        Column("evidence", Integer, nullable=False),
        Column("opened_at", Moment, nullable=False),
        Column("due_at", Moment, nullable=False),
        Column("done_at", Moment),
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
    steps = Table(
        "rectification_steps",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("subject", String(80), ForeignKey("rectifications.subject"), nullable=False, index=True),
        Column("key", String(200), nullable=False),
        Column("what", String(12), nullable=False),
        Column("state", String(12), nullable=False),
        Column("actor", String(64), nullable=False),
        Column("at", Moment, nullable=False),
        Column("department", String(40), nullable=False),
        Column("officer", String(64), nullable=False),
        Column("note", Text, nullable=False),
        Column("attachments", Text, nullable=False),
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
    return ratings, rectifications, steps


def upgrade() -> None:
    """Rebuild the ratings, seal what is personal, open what is owed."""
    db, vault = op.get_bind(), _vault()
    old = before("ratings_before")
    op.rename_table("ratings", old.name)
    made = after()
    for table in made:
        table.create(db)
    ratings, rectifications, steps = made
    for rows in _batches(db, old):
        db.execute(insert(ratings), [_raised(vault, row) for row in rows])
        bad = [row for row in rows if row["rectify_by"]]
        if bad:
            db.execute(insert(rectifications), [_owed(row) for row in bad])
            db.execute(insert(steps), [_opening(row) for row in bad])
    op.drop_table(old.name)


def downgrade() -> None:
    """Open what was sealed; contact, department, item and rectifications have no place there."""
    db, vault = op.get_bind(), _vault()
    ratings, rectifications, steps = after()
    op.drop_table(steps.name)
    op.drop_table(rectifications.name)
    op.rename_table(ratings.name, "ratings_after")
    source = Table("ratings_after", MetaData(), *(Column(c.name, c.type) for c in ratings.columns))
    old = before("ratings")
    old.create(db)
    for rows in _batches(db, source):
        db.execute(insert(old), [_lowered(vault, row) for row in rows])
    op.drop_table(source.name)


def _vault() -> Vault:
    config = op.get_context().config
    assert config is not None
    vault = config.attributes["vault"]
    assert isinstance(vault, Vault)
    return vault


def _batches(db: Connection, table: Table) -> Iterator[Sequence[RowMapping]]:
    last = ""
    while True:
        column = table.c.subject
        rows = db.execute(select(table).where(column > last).order_by(column).limit(BATCH)).mappings().all()
        if not rows:
            return
        yield rows
        last = rows[-1]["subject"]


def _raised(vault: Vault, row: RowMapping) -> dict[str, object]:
    return {
        "subject": row["subject"],
        "key": None,
        "level": row["level"],
        "reasons": vault.seal("ratings.reasons", "" if row["reasons"] == "[]" else row["reasons"]),
        "comment": vault.seal("ratings.comment", row["comment"]),
        "phone": "",
        "phone_digest": "",
        "channel": row["channel"],
        "department": "",
        "item": "",
        "owner": row["owner"],
        "created_at": datetime.fromisoformat(row["created_at"]),
        "rectify_by": datetime.fromisoformat(row["rectify_by"]) if row["rectify_by"] else None,
    }


def _owed(row: RowMapping) -> dict[str, object]:
    return {
        "subject": row["subject"],
        "state": "opened",
        "named": False,
        "department": "",
        "officer": "",
        "stage": "",
        "verdict": "",
        "evidence": 0,
        "opened_at": datetime.fromisoformat(row["created_at"]),
        "due_at": datetime.fromisoformat(row["rectify_by"]),
    }


def _opening(row: RowMapping) -> dict[str, object]:
    return {
        "subject": row["subject"],
        "key": "opened",
        "what": "opened",
        "state": "opened",
        "actor": row["owner"],
        "at": datetime.fromisoformat(row["created_at"]),
        "department": "",
        "officer": "",
        "note": "",
        "attachments": "[]",
    }


def _lowered(vault: Vault, row: RowMapping) -> dict[str, object]:
    return {
        "subject": row["subject"],
        "level": row["level"],
        "reasons": vault.open("ratings.reasons", row["reasons"]) or "[]",
        "comment": vault.open("ratings.comment", row["comment"]),
        "channel": row["channel"],
        "owner": row["owner"],
        "created_at": row["created_at"].isoformat(),
        "rectify_by": row["rectify_by"].isoformat() if row["rectify_by"] else None,
    }
