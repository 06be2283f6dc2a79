"""When two days or two times say the same, and what is left of the first when the second corrects it."""

from __future__ import annotations

from dataclasses import replace

from bot.zh_clock import Clock, minutes
from bot.zh_day import Day
from bot.zh_parts import WINDOWS

_HALF_DAY = 720


def merge_days(first: Day, second: Day) -> Day | None:
    """The narrower of two days where one lies within the other; None where they contradict."""
    if first.day is None or second.day is None:
        return first if first.day == second.day else None
    if first.minutes is not None or second.minutes is not None:
        return first if first == second else None
    if first.day <= second.day and (second.until or second.day) <= (first.until or first.day):
        return second
    if second.day <= first.day and (first.until or first.day) <= (second.until or second.day):
        return first
    return None


def second_day(first: Day, second: Day) -> Day:
    """A corrected day keeps nothing of the first one."""
    return second


def merge_clocks(first: Clock, second: Clock) -> Clock | None:
    """Both times in one where they agree (下午，三点; 八点，晚上八点), else None."""
    if first.start is None and second.start is None:
        return first if first.part == second.part else None
    if first.start is None or second.start is None:
        point, window = (second, first) if first.start is None else (first, second)
        return _within(point, window.part)
    if _is_open(first, second):
        return replace(first, end=second.end)
    if first.end and not second.end and second.start in (first.start, first.end) and not second.part:
        return first
    if first.start == second.start and (first.end == second.end or first.end is None):
        return second if second.part or not first.part else first
    if second.exact != first.exact and abs(first.start - second.start) == _HALF_DAY:
        return first if first.exact else second
    return None


def _is_open(first: Clock, second: Clock) -> bool:
    """十点半以后十二点以前: one is open to the evening, the other from the morning on."""
    closing = {minutes(window[1]) for window in WINDOWS.values()}
    opening = {minutes(window[0]) for window in WINDOWS.values()}
    return (
        first.end in closing
        and second.start in opening
        and first.start is not None
        and second.end is not None
        and first.start < second.end < (first.end or 0)
    )


def _within(point: Clock, part: str | None) -> Clock | None:
    """A time of a part of the day, moved by half a day where it was not said exactly; None outside it."""
    if part is None or point.part == part:
        return point
    if point.part is not None or point.start is None:
        return None
    low, high = (minutes(edge) for edge in WINDOWS[part])
    for shift in (0, *(() if point.exact else (_HALF_DAY, -_HALF_DAY))):
        if low <= point.start + shift <= high:
            end = None if point.end is None else point.end + shift
            if end is not None and not 0 <= end < 1440:
                return None
            return replace(point, start=point.start + shift, end=end, part=part, exact=True)
    return None


def join_clocks(first: Clock, second: Clock) -> Clock:
    """The second time; a bare hour keeps the part of day that was spoken of: 晚上七点，不对，八点."""
    if second.start is None or second.part or not first.part:
        return second
    return _within(second, first.part) or second
