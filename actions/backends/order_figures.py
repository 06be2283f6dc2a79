"""Figures of a period: counted by the database from plain columns, no citizen's words opened.

Month by month, each in a transaction of its own, so that a year holds up nobody. What is filed or answered
while they are counted may be in one month and not yet in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select

from actions.backends.clock import SHANGHAI
from actions.backends.order_states import UNANSWERED
from actions.backends.ports import FigureRow
from actions.backends.store import Store
from actions.backends.tables import work_orders

GROUPS = ("all", "department", "topic", "district")
SATISFIED = 3
COUNTS = (
    "count", "answered", "in_time", "overdue", "returned", "rated", "satisfied", "workdays", "reopened",
)  # fmt: skip


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
    reopened: int = 0

    def add(self, counted: Mapping[Any, Any]) -> None:
        """The counts of some orders more."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + int(counted[name] or 0))

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
            self.reopened,
        )


def tally(counted: Iterable[Mapping[Any, Any]]) -> Sequence[FigureRow]:
    """Sum up rows of `COUNTS` with `by` and `name`: the whole first, then each group by name.

    The whole is the sum of the districts: every order is in one, if only in "".
    """
    groups: dict[tuple[str, str], Tally] = {("all", ""): Tally()}
    for row in counted:
        groups.setdefault((row["by"], row["name"]), Tally()).add(row)
        if row["by"] == "district":
            groups["all", ""].add(row)
    order = sorted(groups, key=lambda g: (GROUPS.index(g[0]), g[1]))
    return [groups[group].line(*group) for group in order]


def figures(store: Store, start: date, end: date) -> Sequence[FigureRow]:
    """The figures of the orders filed from `start` to the day before `end`."""
    today, counted = store.clock().date(), list[Mapping[Any, Any]]()
    for first, last in months(*filled(store, work_orders.c.created_at, start, end)):
        with store.begin() as db:
            counted += _counted(db, first, last, today)
    return tally(counted)


def filled(store: Store, moments: ColumnElement[Any], start: date, end: date) -> tuple[date, date]:
    """The part of a period, `end` not included, in which there is anything to count.

    Whoever asks for the years 1 to 9999 gets an answer as soon as who asks for this one.
    """
    with store.begin() as db:
        first, last = db.execute(select(func.min(moments), func.max(moments))).one()
    if first is None:
        return start, start
    after = last.astimezone(SHANGHAI).date() + timedelta(days=1)
    return max(start, first.astimezone(SHANGHAI).date()), min(end, after)


def months(start: date, end: date) -> Iterator[tuple[date, date]]:
    """(first day, day after the last) of each month, or part of one, from `start` to the day before `end`."""
    while start < end:
        after = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        yield start, min(after, end)
        start = after


def _counted(db: Connection, first: date, last: date, today: date) -> Sequence[Mapping[Any, Any]]:
    """One row for every department, every topic and every district.

    Three passes over an index that holds it all are far cheaper than one over every combination of them.
    """
    one = work_orders.c
    answered, waits = one.answered_on.is_not(None), one.state.in_(UNANSWERED)
    late = or_(one.answered_on > one.due_on, and_(~answered, waits, one.due_on < today))
    counts = (
        func.count().label("count"),
        func.count(one.answered_on).label("answered"),
        _how_many(one.answered_on <= one.due_on).label("in_time"),
        _how_many(late).label("overdue"),
        _how_many(one.returns > 0).label("returned"),
        func.count(one.level).label("rated"),
        _how_many(one.level >= SATISFIED).label("satisfied"),
        func.sum(one.answer_workdays).label("workdays"),
        _how_many(one.reopens > 0).label("reopened"),
    )
    found: list[Mapping[Any, Any]] = []
    for by in GROUPS[1:]:
        query = select(literal(by).label("by"), one[by].label("name"), *counts).where(
            one.created_at >= datetime.combine(first, time(), SHANGHAI),
            one.created_at < datetime.combine(last, time(), SHANGHAI),
        )
        found += db.execute(query.group_by(one[by])).mappings().all()
    return found


def _how_many(when: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((when, 1)))
