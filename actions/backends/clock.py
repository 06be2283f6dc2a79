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


FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""(month, day) of the public holidays that fall on the same date each year (元旦, 劳动节, 国庆节)."""


def is_workday(day: date) -> bool:
    """True for working days, make-up working weekends included.

    A year that the holiday library does not know yet (it learns each one when the State Council announces it,
    in November) falls back to Monday to Friday without the fixed holidays.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5 and not is_holiday(day)


def is_holiday(day: date) -> bool:
    """True for public holidays (not for ordinary weekends)."""
    try:
        return bool(chinese_calendar.get_holiday_detail(day)[1])
    except NotImplementedError:
        return (day.month, day.day) in FIXED_HOLIDAYS


def add_workdays(start: date, count: int) -> date:
    """Return the day `count` working days after `start`, not counting `start` itself."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        if is_workday(day):
            count -= 1
    return day
