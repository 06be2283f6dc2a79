"""The clock of a bad rating: one working day, an alert two working hours before it ends.

One working day of eight working hours: the alert falls where three quarters of the clock have run.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from actions.backends.clock import SHANGHAI, add_workdays, is_workday
from actions.backends.ports.ratings import Stage

WORKDAY_BEGINS, WORKDAY_ENDS = 9, 17
"""Hours between which working time is counted. Not from a document: the city's own hours replace it."""
ALERT_BEFORE = timedelta(hours=2)
"""Working time, not wall time."""


def rectify_by(now: datetime) -> datetime:
    """The same time of day on the next working day."""
    return datetime.combine(add_workdays(now.date(), 1), now.timetz())


def alert_at(due: datetime) -> datetime:
    """Two working hours before `due`."""
    left, end = ALERT_BEFORE, due.astimezone(SHANGHAI)
    day = end.date()
    while True:
        if is_workday(day):
            begins, ends = _at(day, WORKDAY_BEGINS), min(_at(day, WORKDAY_ENDS), end)
            here = max(timedelta(0), ends - begins)
            if here >= left:
                return ends - left
            left -= here
        day -= timedelta(days=1)


def stage_at(now: datetime, due: datetime) -> Stage:
    """How far something not yet put right must have been escalated. At the deadline it is not yet late."""
    if now > due:
        return "overdue"
    return "due_soon" if now >= alert_at(due) else ""


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)
