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
from dataclasses import replace
from datetime import date, datetime

from bot.folded_text import fold
from bot.zh_booking import BookingTime, checked, with_clock, with_day
from bot.zh_choice import Choice, Mention, choose, usable
from bot.zh_clause import Clause, find_clauses, is_taken_up
from bot.zh_clock import Clock, find_clocks
from bot.zh_correction import is_unsure, link, refused_words
from bot.zh_day import Day
from bot.zh_find_days import find_days
from bot.zh_holidays import MOVING
from bot.zh_join import join_clocks, merge_clocks, merge_days, second_day
from bot.zh_mask import hide, mask, mend
from bot.zh_shift import shift
from bot.zh_vague import VAGUE_LOOSE

_SAME_TIME = re.compile(r"(?:这个|同样的?|差不多这个)(?:时候|时间|点)")
_MOVED = re.compile(r"改[到成为在约]|[换调挪移][到成至]|推[到迟]|提[前早到]|延[到后]|顺延")


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
    result = with_day(chosen_days, now)
    if chosen_clocks:
        result = with_clock(result, [m.value for m in chosen_clocks.chosen], now)
        result = replace(result, time_span=folded.span(*_span(chosen_clocks)))
    elif result.day and not result.start and _SAME_TIME.search(text):
        result = replace(result, start=f"{now:%H:%M}")
    if not days and not clocks and (vague := VAGUE_LOOSE.search(text)):
        return BookingTime(problem="ambiguous", day_span=folded.span(*vague.span()))
    result = checked(result, now, chosen_days is not None and chosen_days.chosen[0].value.rolls)
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
    if spans and is_taken_up(text, spans[-1][1]) and all(_clause_at(clauses, a).fact for a, _ in spans):
        clauses = [replace(clause, fact=False) for clause in clauses]
    refused = refused_words(text)

    def clause_of(start: int) -> Clause:
        clause = _clause_at(clauses, start)
        return replace(clause, refused=True) if any(a <= start < b for a, b in refused) else clause

    return (
        [Mention(d.start, d.end, d, clause_of(d.start)) for d in days],
        [Mention(c.begin, c.finish, c, clause_of(c.begin)) for c in clocks],
        text,
    )


def _clause_at(clauses: list[Clause], start: int) -> Clause:
    return next(c for c in clauses if c.start <= start < c.end)


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
