"""Figures of a period: counted from plain columns, no citizen's words opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, select

from actions.backends.clock import SHANGHAI
from actions.backends.order_deadlines import workdays_between
from actions.backends.order_states import UNANSWERED
from actions.backends.ports import FigureRow
from actions.backends.tables import work_orders

GROUPS = ("all", "department", "topic", "district")
SATISFIED = 3


@dataclass(slots=True)
class Tally:
    """What is counted of one group."""

    count: int = 0
    answered: int = 0
    in_time: int = 0
    overdue: int = 0
    returned: int = 0
    rated: int = 0
    satisfied: int = 0
    workdays: int = 0

    def add(self, row: Mapping[Any, Any], today: date) -> None:
        """One order more."""
        self.count += 1
        answered: datetime | None = row["answered_at"]
        if answered is not None:
            late = answered.date() > row["due_on"]
            self.answered += 1
            self.in_time += not late
            self.overdue += late
            self.workdays += workdays_between(row["created_at"].date(), answered.date())
        elif row["state"] in UNANSWERED:
            self.overdue += today > row["due_on"]
        self.returned += row["returns"] > 0
        if row["level"] is not None:
            self.rated += 1
            self.satisfied += row["level"] >= SATISFIED

    def line(self, by: str, name: str) -> FigureRow:
        """The counts as they are reported."""
        average = round(self.workdays / self.answered, 2) if self.answered else None
        return FigureRow(
            by,
            name,
            self.count,
            self.answered,
            self.in_time,
            self.overdue,
            self.returned,
            self.rated,
            self.satisfied,
            average,
        )


def tally(rows: Iterable[Mapping[Any, Any]], today: date) -> Sequence[FigureRow]:
    """Count rows (created_at, answered_at, due_on, state, returns, level, department, topic, district)."""
    groups: dict[tuple[str, str], Tally] = {("all", ""): Tally()}
    for row in rows:
        for by in GROUPS:
            name = "" if by == "all" else row[by]
            groups.setdefault((by, name), Tally()).add(row, today)
    order = sorted(groups, key=lambda g: (GROUPS.index(g[0]), g[1]))
    return [groups[group].line(*group) for group in order]


def figures(db: Connection, start: date, end: date, today: date) -> Sequence[FigureRow]:
    """The figures of the orders filed from `start` to the day before `end`."""
    orders = work_orders.c
    columns = ("created_at", "answered_at", "due_on", "state", "returns", "level", *GROUPS[1:])
    rows = db.execution_options(stream_results=True, yield_per=2000).execute(
        select(*(orders[name] for name in columns)).where(
            orders.created_at >= datetime.combine(start, time(), SHANGHAI),
            orders.created_at < datetime.combine(end, time(), SHANGHAI),
        )
    )
    return tally(iter(rows.mappings()), today)
