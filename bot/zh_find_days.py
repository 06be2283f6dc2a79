"""The days named in a text, each read in the light of the one before it: 下周三到周五, 12月8号，不对，9号."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.zh_clause import REFUSED
from bot.zh_correction import link
from bot.zh_day import DAY_RULES, WEEKDAYS, Day, Rule
from bot.zh_festival import find_festivals
from bot.zh_month import MONTH_RULES, safe
from bot.zh_number import NUMERAL, to_int
from bot.zh_two_days import TWO_DAYS_RULES

RULES = (*DAY_RULES, *MONTH_RULES, *TWO_DAYS_RULES)
_TO = re.compile(r"(?:开始|那天|起)?(?:一直)?(?:到|至|-|~|—+)\Z")
_BEFORE = re.compile(r"(?:之前|以前|前(?!台|面|后)|之内|以内|内)")
_IN_WEEK = re.compile(r"(?:下+个?|这个?|本)(?:周|星期|礼拜)")
_BARE_WEEKDAY = re.compile(r"(?:周|星期|礼拜)(?P<w>[一二三四五六日天])\Z")
_BARE_DATE = re.compile(rf"(?P<d>{NUMERAL})[号日]\Z")
_NEAR = 25


def find_days(text: str, today: date, holidays: Mapping[str, Sequence[date]]) -> list[Day]:
    """The days in a masked text, left to right; a period that is named by both ends is one."""
    found: list[Day] = []
    anchor, position = today, 0
    while best := _first(text, position, anchor, today, holidays):
        gap = text[found[-1].end : best.start] if found else ""
        ranged = bool(found) and bool(_TO.match(gap))
        if found and not ranged and len(gap) > 2:
            best = _read_again(text, best, today) or best
        if found:
            best = _in_context(text, found[-1], best, gap, today)
        match = _BEFORE.match(text, best.end)
        if match and best.day and best.day >= today and best.minutes is None:
            best = replace(best, end=match.end(), until=best.until or best.day, day=today, rolls=False)
        position = best.end
        if ranged and _is_later(found[-1], best):
            best = replace(best, start=found[-1].start, day=found.pop().day, until=best.until or best.day)
            best = replace(best, rolls=False)
        found.append(best)
        anchor = best.until or best.day or today
        anchor = max(anchor if not best.until else best.day or today, today)
    return found


def _first(
    text: str, position: int, anchor: date, today: date, holidays: Mapping[str, Sequence[date]]
) -> Day | None:
    """The leftmost expression, the longest of several at one place."""
    try:
        readings = find_festivals(text, position, today, holidays)
    except (ValueError, OverflowError):  # 元旦前十十天
        readings = []
    for pattern, rule in RULES:
        for match in pattern.finditer(text, position):
            day = _try(rule, match, anchor, today)
            if day and day.end > day.start:
                readings.append(day)
                break
    return min(readings, key=lambda d: (d.start, -d.end), default=None)


def _try(rule: Rule, match: re.Match[str], anchor: date, today: date) -> Day | None:
    try:
        return rule(match, anchor, today)
    except (ValueError, OverflowError):
        return None


def _read_again(text: str, best: Day, today: date) -> Day | None:
    """The same expression without leaning on the day before it."""
    for pattern, rule in RULES:
        match = pattern.match(text, best.start)
        day = _try(rule, match, today, today) if match else None
        if day and day.end == best.end:
            return day
    return None


def _is_later(first: Day, second: Day) -> bool:
    return bool(first.day and second.day and second.day > first.day and not first.minutes)


def _in_context(text: str, before: Day, now: Day, gap: str, today: date) -> Day:
    """A bare weekday stays in the week, a bare day in the month, of the day that it takes the place of."""
    said, said_before = text[now.start : now.end], text[before.start : before.end]
    if not (before.day and now.day) or len(gap) > _NEAR:
        return now
    if link(gap, "") == "plain" and not REFUSED.search(gap):
        return now
    weekday = _BARE_WEEKDAY.match(said)
    if weekday and _IN_WEEK.match(said_before):
        monday = before.day - timedelta(days=before.day.weekday())
        day: date | None = monday + timedelta(days=WEEKDAYS[weekday["w"]])
    elif (bare := _BARE_DATE.match(said)) and "月" in said_before:
        day = safe(before.day.year, before.day.month, to_int(bare["d"]))
    else:
        return now
    return replace(now, day=day, rolls=False, problem=None) if day and day >= today else now
