"""What was understood of a booking time, put together from the chosen day and times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.zh_choice import Choice
from bot.zh_clock import Clock, as_text, minutes
from bot.zh_day import Day
from bot.zh_parts import WINDOWS


@dataclass(frozen=True)
class BookingTime:
    """What was understood; every field None when nothing was.

    Attributes:
        day: the day, or the first one of a period; until: the last day of a period.
        start, end: "HH:MM"; a part of day alone gives its whole window.
        part: morning | noon | afternoon | evening, only when said.
        problem: past (it is over) or ambiguous (several answers, or none such as 2月30号).
        day_span, time_span: half-open spans in the original text.
    """

    day: date | None = None
    until: date | None = None
    start: str | None = None
    end: str | None = None
    part: str | None = None
    problem: str | None = None
    day_span: tuple[int, int] | None = None
    time_span: tuple[int, int] | None = None

    def __bool__(self) -> bool:
        return bool(self.day or self.start or self.problem)


def with_day(choice: Choice[Day] | None, now: datetime) -> BookingTime:
    """The day chosen; several are ambiguous."""
    if choice is None:
        return BookingTime()
    first = choice.chosen[0].value
    if first.minutes is not None:
        later = now + timedelta(minutes=first.minutes)
        return BookingTime(day=later.date(), start=as_text(later.hour * 60 + later.minute))
    if len(choice.chosen) > 1:
        return BookingTime(day=first.day, problem="ambiguous")
    return BookingTime(day=first.day, until=first.until, problem=first.problem)


def with_clock(result: BookingTime, clocks: list[Clock], now: datetime) -> BookingTime:
    """The same with the times chosen, one or several."""
    first = clocks[0]
    problem = result.problem or ("ambiguous" if len(clocks) > 1 else None)
    if first.start is None:
        windows = [WINDOWS[c.part] for c in clocks if c.start is None and c.part]
        start, end = min(w[0] for w in windows), max(w[1] for w in windows)
        part = first.part if len(clocks) == 1 else None
        return replace(result, start=start, end=end, part=part, problem=problem)
    begin, finish = first.start, first.end
    over = result.day == now.date() and begin <= now.hour * 60 + now.minute
    if over and not first.exact and finish is None and begin + 720 <= minutes("20:30"):
        begin += 720
    return replace(
        result,
        start=as_text(begin),
        end=None if finish is None else as_text(finish),
        part=first.part,
        problem=problem,
    )


def checked(result: BookingTime, now: datetime, rolls: bool) -> BookingTime:
    """Say past when it is over; a bare weekday whose time is over means next week."""
    if result.day != now.date() or result.problem:
        return result
    latest = result.end or result.start or ("21:00" if rolls else "23:59")
    if minutes(latest) > now.hour * 60 + now.minute or (result.until and result.until > now.date()):
        return result
    if rolls:
        return replace(result, day=result.day + timedelta(days=7))
    return replace(result, problem="past")
