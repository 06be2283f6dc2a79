"""The booking time a citizen means: 这周六上午 -> a day and a window, never in the past without saying so.

The text is mended and masked (zh_mask), its days and times are found (zh_find_days, zh_clock), clauses that
speak of something else are set aside (zh_clause), and one of the rest is chosen (zh_choice, zh_correction).

>>> from datetime import datetime
>>> found = parse("下周三下午三点半", datetime(2026, 11, 24, 10, 0))
>>> found.day.isoformat(), found.start, found.part
('2026-12-02', '15:30', 'afternoon')
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.folded_text import fold
from bot.zh_choice import Choice, Mention, choose, usable
from bot.zh_clause import Clause, find_clauses
from bot.zh_clock import Clock, as_text, find_clocks, minutes
from bot.zh_correction import is_unsure, link, refused_words
from bot.zh_day import VAGUE_LOOSE, Day
from bot.zh_find_days import find_days
from bot.zh_holidays import MOVING
from bot.zh_join import join_clocks, merge_clocks, merge_days, second_day
from bot.zh_mask import hide, mask, mend
from bot.zh_parts import WINDOWS
from bot.zh_shift import shift

_SAME_TIME = re.compile(r"(?:这个|同样的?|差不多这个)(?:时候|时间|点)")
_MOVED = re.compile(r"改[到成为在约]|[换调挪移][到成至]|推[到迟]|提[前早到]|延[到后]|顺延")


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


def parse(raw: str, now: datetime, holidays: Mapping[str, Sequence[date]] = MOVING) -> BookingTime:
    """Read the booking time in a text.

    Args:
        raw: what the citizen wrote or said.
        now: the local time it was said at.
        holidays: first days of moving holidays by name, ascending.
    """
    folded = fold(raw)
    text = mask(mend(folded.text))
    days, clocks, blanked = _mentions(text, now.date(), holidays)
    chosen_days = _choose_days(days, clocks, blanked)
    chosen_clocks = _choose_clocks(chosen_days, days, clocks, blanked)
    _shifted(chosen_days, chosen_clocks, blanked, now.date())
    result = _with_day(chosen_days, now)
    if chosen_clocks:
        result = _with_clock(result, [m.value for m in chosen_clocks.chosen], now)
        result = replace(result, time_span=folded.span(*_span(chosen_clocks)))
    elif result.day and not result.start and _SAME_TIME.search(text):
        result = replace(result, start=f"{now:%H:%M}")
    if not days and not clocks and (vague := VAGUE_LOOSE.search(text)):
        return BookingTime(problem="ambiguous", day_span=folded.span(*vague.span()))
    result = _checked(result, now, chosen_days is not None and chosen_days.chosen[0].value.rolls)
    if chosen_days:
        result = replace(result, day_span=folded.span(*_span(chosen_days)))
        if not result.problem and is_unsure(blanked):
            result = replace(result, problem="ambiguous")
    return replace(result, until=None) if result.until == result.day else result


def _mentions(
    text: str, today: date, holidays: Mapping[str, Sequence[date]]
) -> tuple[list[Mention[Day]], list[Mention[Clock]], str]:
    """All days and times with their clauses, and the text with both of them blanked."""
    days = find_days(text, today, holidays)
    for day in days:
        text = hide(text, day.start, day.end)
    clocks = list(find_clocks(text))
    for clock in clocks:
        text = hide(text, clock.begin, clock.finish)
    spans = sorted([(d.start, d.end) for d in days] + [(c.begin, c.finish) for c in clocks])
    clauses = find_clauses(text, spans)
    refused = refused_words(text)

    def clause_of(start: int) -> Clause:
        clause = next(c for c in clauses if c.start <= start < c.end)
        return replace(clause, refused=True) if any(a <= start < b for a, b in refused) else clause

    return (
        [Mention(d.start, d.end, d, clause_of(d.start)) for d in days],
        [Mention(c.begin, c.finish, c, clause_of(c.begin)) for c in clocks],
        text,
    )


def _choose_days(days: list[Mention[Day]], clocks: list[Mention[Clock]], blanked: str) -> Choice[Day] | None:
    at_choice = [
        second.value
        for first, second in zip(days, days[1:], strict=False)
        if link(blanked[first.end : second.start], "") == "alt"
    ]
    kept = usable(days, lambda d: d.problem == "past", lambda d: d.day is None and d not in at_choice)
    wanted = [m for m in kept if not m.clause.refused]
    kept = wanted or kept
    return choose(kept, blanked, merge_days, second_day) if kept else None


def _choose_clocks(
    chosen: Choice[Day] | None, days: list[Mention[Day]], clocks: list[Mention[Clock]], blanked: str
) -> Choice[Clock] | None:
    kept = [m for m in clocks if not m.clause.fact]
    wanted = [m for m in kept if not m.clause.refused]
    turned_down = chosen is not None and all(m.clause.refused for m in chosen.chosen)
    if wanted or not (chosen is None or turned_down or _MOVED.search(blanked)):
        kept = wanted
    if chosen:
        meant = [m.value for m in (*chosen.chosen, *chosen.replaced)]
        moved = bool(_MOVED.search(blanked))
        owners = [_owner(m, days) for m in kept]
        own = [
            o is not None and (moved or any(merge_days(o.value, v) is not None for v in meant))
            for o in owners
        ]
        since = next((m.start for m, mine in zip(kept, own, strict=True) if mine and m.value.start), 0)
        kept = [
            m
            for m, owner, mine in zip(kept, owners, own, strict=True)
            if mine or (owner is None and (m.start >= since or _is_bare(m, blanked)))
        ]
    return choose(kept, blanked, merge_clocks, join_clocks) if kept else None


def _shifted(days: Choice[Day] | None, clocks: Choice[Clock] | None, blanked: str, today: date) -> None:
    """Move what was chosen by what is said after it: 推迟一天, 晚半个小时."""
    singles = [c for c in (days, clocks) if c and len(c.chosen) == 1]
    if not singles:
        return
    day = days.chosen[0] if days and len(days.chosen) == 1 else None
    clock = clocks.chosen[0] if clocks and len(clocks.chosen) == 1 else None
    since = max(m.end for m in (day, clock) if m)
    new_day, new_clock = shift(blanked, since, day.value if day else None, clock.value if clock else None)
    if days and day and new_day and new_day.day and new_day.day >= today:
        days.chosen[0] = replace(day, value=new_day)
    if clocks and clock and new_clock:
        clocks.chosen[0] = replace(clock, value=new_clock)


def _is_bare(clock: Mention[Clock], blanked: str) -> bool:
    """Whether the clause says little more than the time: 是两点半，周五下午."""
    return len(re.sub(r"[□,，。\s]", "", blanked[clock.clause.start : clock.clause.end])) <= 3


def _owner(clock: Mention[Clock], days: list[Mention[Day]]) -> Mention[Day] | None:
    """The day of the same clause that a time belongs to: the one before it, else the one after it."""
    beside = [d for d in days if d.clause.start == clock.clause.start]
    before = [d for d in beside if d.start < clock.start]
    return before[-1] if before else beside[0] if beside else None


def _span(choice: Choice[Day] | Choice[Clock]) -> tuple[int, int]:
    return min(m.start for m in choice.chosen), max(m.end for m in choice.chosen)


def _with_day(choice: Choice[Day] | None, now: datetime) -> BookingTime:
    if choice is None:
        return BookingTime()
    first = choice.chosen[0].value
    if first.minutes is not None:
        later = now + timedelta(minutes=first.minutes)
        return BookingTime(day=later.date(), start=as_text(later.hour * 60 + later.minute))
    if len(choice.chosen) > 1:
        return BookingTime(day=first.day, problem="ambiguous")
    return BookingTime(day=first.day, until=first.until, problem=first.problem)


def _with_clock(result: BookingTime, clocks: list[Clock], now: datetime) -> BookingTime:
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


def _checked(result: BookingTime, now: datetime, rolls: bool) -> BookingTime:
    """Say past when it is over; a bare weekday whose time is over means next week."""
    if result.day != now.date() or result.problem:
        return result
    latest = result.end or result.start or ("21:00" if rolls else "23:59")
    if minutes(latest) > now.hour * 60 + now.minute or (result.until and result.until > now.date()):
        return result
    if rolls:
        return replace(result, day=result.day + timedelta(days=7))
    return replace(result, problem="past")
