"""Rates of the ratings by channel, department, item, level or month, counted by the database."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, func, literal, or_, select

from actions.backends.clock import SHANGHAI
from actions.backends.order_figures import filled, months
from actions.backends.ports import RatingFigure
from actions.backends.store import Store
from actions.backends.tables import ratings, rectifications

By = Literal["channel", "department", "item", "level", "month"]
GOOD_FROM = 3
"""基本满意 and above; the last two levels are 差评."""
COUNTS = ("count", "bad", "unfounded", "judged", "in_time")


def figures(store: Store, *, by: By, since: date, until: date) -> list[RatingFigure]:
    """One figure a group, by name; "" stands for unknown. `since` and `until` are both included.

    A bad rating counts for the department that put it right, where one was assigned. Each month is counted in
    a transaction of its own, so that a year holds up nobody.
    """
    now, groups = store.clock(), dict[str, Counter[str]]()
    end = until + timedelta(days=1) if until < date.max else until
    for first, last in months(*filled(store, ratings.c.created_at, since, end)):
        with store.begin() as db:
            for row in _counted(db, by, first, last, now):
                group = groups.setdefault(str(row["name"]), Counter())
                group.update({name: row[name] for name in COUNTS})
    return [_figure(name, counted) for name, counted in sorted(groups.items())]


def _counted(db: Connection, by: By, first: date, last: date, now: datetime) -> list[RowMapping]:
    bad = ratings.c.level < GOOD_FROM
    done, due = rectifications.c.done_at, rectifications.c.due_at
    group = _group(by, first)
    query = (
        select(
            group.label("name"),
            func.count().label("count"),
            _how_many(bad).label("bad"),
            _how_many(and_(bad, rectifications.c.verdict == "unfounded")).label("unfounded"),
            _how_many(and_(bad, or_(done.is_not(None), due < now))).label("judged"),
            _how_many(and_(bad, done <= due)).label("in_time"),
        )
        .select_from(ratings)
        .outerjoin(rectifications, rectifications.c.subject == ratings.c.subject)
        .where(
            ratings.c.created_at >= datetime.combine(first, time(), SHANGHAI),
            ratings.c.created_at < datetime.combine(last, time(), SHANGHAI),
        )
    )
    if by == "month":
        query = query.having(func.count() > 0)
    else:
        query = query.group_by(group)
    return list(db.execute(query).mappings().all())


def _group(by: By, month: date) -> ColumnElement[Any]:
    if by == "month":
        return literal(f"{month:%Y-%m}")
    if by == "department":
        return func.coalesce(func.nullif(rectifications.c.department, ""), ratings.c.department)
    column: ColumnElement[Any] = ratings.c[by]
    return column


def _how_many(when: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((when, 1)))


def _figure(name: str, counted: Counter[str]) -> RatingFigure:
    count, bad, unfounded = counted["count"], counted["bad"], counted["unfounded"]
    return RatingFigure(
        group=name,
        count=count,
        satisfied=_share(count - bad, count - unfounded),
        bad=bad,
        unfounded=unfounded,
        rectified_in_time=_share(counted["in_time"], counted["judged"]),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
