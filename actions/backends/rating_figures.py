"""Rates of the ratings by channel, department, item, level or month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import Connection, RowMapping, select

from actions.backends.clock import SHANGHAI
from actions.backends.ports import RatingFigure
from actions.backends.tables import ratings, rectifications

GROUPS: dict[str, Callable[[RowMapping], str]] = {
    "channel": lambda row: str(row["channel"]),
    "department": lambda row: str(row["assigned_to"] or row["department"]),
    "item": lambda row: str(row["item"]),
    "level": lambda row: str(row["level"]),
    "month": lambda row: f"{row['created_at']:%Y-%m}",
}
GOOD_FROM = 3
"""基本满意 and above; the last two levels are 差评."""


def figures(
    db: Connection,
    *,
    by: Literal["channel", "department", "item", "level", "month"],
    since: date,
    until: date,
    now: datetime,
) -> list[RatingFigure]:
    """One figure a group, by name; "" stands for unknown. `since` and `until` are both included.

    A bad rating counts for the department that put it right, where one was assigned.
    """
    begin = datetime.combine(since, time(), SHANGHAI)
    end = datetime.combine(until + timedelta(days=1), time(), SHANGHAI)
    rows = db.execute(
        select(
            ratings.c.level,
            ratings.c.channel,
            ratings.c.department,
            ratings.c.item,
            ratings.c.created_at,
            rectifications.c.department.label("assigned_to"),
            rectifications.c.verdict,
            rectifications.c.due_at,
            rectifications.c.done_at,
        )
        .outerjoin(rectifications, rectifications.c.subject == ratings.c.subject)
        .where(ratings.c.created_at >= begin, ratings.c.created_at < end)
    ).mappings()
    groups: dict[str, list[RowMapping]] = {}
    for row in rows:
        groups.setdefault(GROUPS[by](row), []).append(row)
    return [_figure(group, found, now) for group, found in sorted(groups.items())]


def _figure(group: str, rows: list[RowMapping], now: datetime) -> RatingFigure:
    bad = [row for row in rows if row["level"] < GOOD_FROM]
    unfounded = sum(row["verdict"] == "unfounded" for row in bad)
    counted = len(rows) - unfounded
    judged = [row for row in bad if row["done_at"] is not None or now > row["due_at"]]
    in_time = sum(row["done_at"] is not None and row["done_at"] <= row["due_at"] for row in judged)
    return RatingFigure(
        group=group,
        count=len(rows),
        satisfied=_share(len(rows) - len(bad), counted),
        bad=len(bad),
        unfounded=unfounded,
        rectified_in_time=_share(in_time, len(judged)),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
