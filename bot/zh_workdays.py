"""Working days: the kept library chinesecalendar where it is installed and reaches, a table beyond that."""

from __future__ import annotations

from datetime import date, timedelta

from bot.zh_holidays import MOVING

try:
    import chinese_calendar
except ImportError:
    chinese_calendar = None

# The announced breaks and make-up weekends of the years the table knows; other years go by habit.
ANNOUNCED = {
    2026: (
        ("0101", "0103"),
        ("0215", "0223"),
        ("0404", "0406"),
        ("0501", "0505"),
        ("0619", "0621"),
        ("0925", "0927"),
        ("1001", "1007"),
    )
}
MADE_UP = frozenset(
    date(2026, month, day) for month, day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))
)
_HABIT_FIXED = ((1, 1, 1), (5, 1, 5), (10, 1, 7))  # month, first day, how many days
_HABIT_MOVING = {"除夕": 8, "清明": 1, "端午": 1, "中秋": 1}


def is_working_day(day: date) -> bool:
    """Whether offices work that day: make-up weekends do, public holidays do not."""
    if chinese_calendar is not None:
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            pass
    return day in MADE_UP or (day.weekday() < 5 and not _is_break(day))


def _is_break(day: date) -> bool:
    if day.year in ANNOUNCED:
        return any(first <= f"{day:%m%d}" <= last for first, last in ANNOUNCED[day.year])
    if any(day.month == month and first <= day.day < first + length for month, first, length in _HABIT_FIXED):
        return True
    return any(
        timedelta(0) <= day - first < timedelta(days=length)
        for name, length in _HABIT_MOVING.items()
        for first in MOVING[name]
    )


def next_working_day(after: date) -> date:
    """First working day after a day."""
    day = after + timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def after_break(first: date) -> date:
    """First day of work after the break that a holiday begins: 国庆后第一个工作日 is not 10-02."""
    return next_working_day(first)


def last_working_day(before: date) -> date:
    """Last working day before a day: 元旦前最后一个工作日."""
    day = before - timedelta(days=1)
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


def last_day_off(first: date) -> date:
    """Last day of the break that begins with a holiday."""
    return next_working_day(first) - timedelta(days=1)
