"""Now, in Nanchang, and working days. The clock is injected so that tests can hold it still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

import chinese_calendar

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the current time in Asia/Shanghai (UTC+8, no daylight saving since 1991)."""
    return datetime.now(SHANGHAI)


def is_workday(day: date) -> bool:
    """True for working days, make-up working weekends included.

    Years the holiday library does not know yet fall back to Monday to Friday.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def is_holiday(day: date) -> bool:
    """True for public holidays (not for ordinary weekends)."""
    try:
        return bool(chinese_calendar.get_holiday_detail(day)[1])
    except NotImplementedError:
        return False


def add_workdays(start: date, count: int) -> date:
    """Return the day `count` working days after `start`, not counting `start` itself."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        if is_workday(day):
            count -= 1
    return day
