"""Work orders: one reopening, evidence by round, working days to the answer, and an index for the figures.

Orders that followed one which is over by now are over with it: before, they stayed merged for ever, so that
their personal data was neither purged nor erased on request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, Text

from actions.backends.database import Moment
from actions.backends.order_deadlines import workdays_between

revision = "0007"
down_revision = "0006"
PAGE = 500
ENDED = {"closed": "closed_with", "refused": "refused_with"}
"""State of the order that is followed -> step of the one that follows."""
FIGURES = (
    "created_at", "department", "topic", "district", "state", "due_on", "answered_on", "answer_workdays",
    "returns", "reopens", "level",
)  # fmt: skip


def _orders() -> Table:
    return Table(
        "work_orders",
        MetaData(),
        Column("order_no", String(20), primary_key=True),
        Column("state", String(12)),
        Column("round", Integer),
        Column("main", String(20)),
        Column("department", String(60)),
        Column("answer", Text),
        Column("due_on", Date),
        Column("created_at", Moment),
        Column("answered_at", Moment),
        Column("closed_at", Moment),
        Column("answered_on", Date),
        Column("answer_workdays", Integer),
    )


def _steps() -> Table:
    return Table(
        "order_steps",
        MetaData(),
        Column("id", Integer, primary_key=True),
        *(Column(name, Text) for name in ("order_no", "step", "from_state", "to_state", "actor")),
        *(Column(name, Integer) for name in ("seq", "round")),
        *(Column(name, Text) for name in ("department", "reason", "note", "once")),
        Column("at", Moment),
    )


def upgrade() -> None:
    """Add the columns, count the days of what is answered, end what follows something that has ended."""
    op.add_column("work_orders", Column("answered_on", Date))
    op.add_column("work_orders", Column("answer_workdays", Integer))
    op.execute(
        "ALTER TABLE work_orders ADD COLUMN reopens INTEGER DEFAULT 0 NOT NULL "
        "CONSTRAINT work_order_reopened_once CHECK (reopens <= 1)"
    )
    op.execute("ALTER TABLE order_attachments ADD COLUMN round INTEGER DEFAULT 0 NOT NULL")
    op.drop_index("work_orders_created", "work_orders")
    op.create_index("work_orders_figures", "work_orders", list(FIGURES))
    db, orders = op.get_bind(), _orders()
    for page in _pages(db, sa.select(orders).where(orders.c.answered_at.is_not(None)), orders.c.order_no):
        for row in page:
            day = row["answered_at"].date()
            values = {"answered_on": day, "answer_workdays": workdays_between(row["created_at"].date(), day)}
            db.execute(sa.update(orders).where(orders.c.order_no == row["order_no"]).values(**values))
    _end_followers(db, orders)


def downgrade() -> None:
    """Drop the columns; how an order came to be reopened or over stays in its history."""
    op.drop_index("work_orders_figures", "work_orders")
    op.create_index("work_orders_created", "work_orders", ["created_at"])
    op.execute("DELETE FROM order_attachments WHERE round > 0")
    op.execute("ALTER TABLE order_attachments DROP COLUMN round")
    op.execute("ALTER TABLE work_orders DROP COLUMN reopens")
    op.execute("ALTER TABLE work_orders DROP COLUMN answer_workdays")
    op.execute("ALTER TABLE work_orders DROP COLUMN answered_on")


def _end_followers(db: sa.Connection, orders: Table) -> None:
    steps, main = _steps(), orders.alias()
    query = (
        sa.select(
            orders.c.order_no,
            orders.c.round,
            *(main.c[name].label(name) for name in ("state", "answer", "department", "due_on", "closed_at")),
        )
        .join(main, main.c.order_no == orders.c.main)
        .where(orders.c.state == "merged", main.c.state.in_(ENDED))
    )
    for page in _pages(db, query, orders.c.order_no):
        for row in page:
            number = row["order_no"]
            last = sa.select(sa.func.max(steps.c.seq)).where(steps.c.order_no == number)
            step = ENDED[row["state"]]
            db.execute(
                sa.insert(steps).values(
                    order_no=number, seq=(db.execute(last).scalar() or 0) + 1, round=row["round"], step=step,
                    from_state="merged", to_state=row["state"], actor="system", department="", reason="",
                    note="", once=f"{number}:{step}", at=row["closed_at"],
                )
            )  # fmt: skip
            same = ("state", "answer", "department", "due_on", "closed_at")
            values = {name: row[name] for name in same}
            db.execute(sa.update(orders).where(orders.c.order_no == number).values(**values))


def _pages(
    db: sa.Connection, query: sa.Select[tuple[object, ...]], key: Column[str]
) -> Iterator[Sequence[sa.RowMapping]]:
    last = ""
    while page := db.execute(query.where(key > last).order_by(key).limit(PAGE)).mappings().all():
        yield page
        last = page[-1]["order_no"]
