"""The booking time a citizen means: 这周六上午 -> a day and a window, never in the past without saying so.

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
from bot.zh_clock import WINDOWS, Clock, as_text, find_clocks, minutes
from bot.zh_day import RULES, Day
from bot.zh_holidays import MOVING, NAMES, next_holiday, next_working_day
from bot.zh_number import NUMERAL, to_int

_NOT_TIME = re.compile(
    r"[A-Za-z]{1,2}\d{6,}|(?<![\d-])0\d{2,3}-?\d{7,8}(?!\d)|[一-鿿]?[A-Z]\d[A-Z0-9]{3,5}|(?<!\d)\d{7,}[Xx]?"
    r"|(?:早上|上午|中午|下午|晚上|早晨)(?=[好安])|每个?(?:周|星期|礼拜)?[一二三四五六日天]?|今年(?!\d|[一二三十])"
    rf"|(?<![下的近第]){NUMERAL}个(?:工作日|小时|钟头)(?![之以]?后)|(?:八一|五一|三八)(?=路|大道|广场|桥|公园|馆|村)|(?:前|后)(?:天线|日子)"
    r"|今天是|有一点|差一点|一点[都也儿]|多半|周到|周边|周围|今日头条"
)
_CLAUSE = re.compile(r"[,，。;；!！?？\n]|改成|改到|改为|换成|换到|还是改")
_REFUSED = re.compile(r"不行|没空|没时间|不方便|去不了|来不了|不可以|不得闲|没得空|不能|有事|不去")
_NOT_BUT = re.compile(r"不是(?P<no>[^是,，]{1,10}?)[,，]?(?:而)?是")
_OR = re.compile(r"或者?|还是|要么|要不|都行|都可以|[/、]")
_TO = re.compile(r"(?:那天)?(?:到|至|-|~|—+)\Z")
_BEFORE = re.compile(r"(?:之前|以前|前(?!台|面)|之内|以内|内)")
_HOLIDAY = re.compile(
    rf"(?P<name>{'|'.join(NAMES)})节?(?:放假|假期|小长假|当天|那天)?(?P<work>(?:之|以|过)?后(?:的)?(?:第一个|头个)工作日)?"
    rf"(?:(?P<side>前|后)(?P<n>{NUMERAL})天|(?P<eve>前夕|前夜)|(?P<upto>之前|以前|前(?!台))|(?P<after>之后|以后|过后|后))?"
)
_WORKDAY = re.compile(r"(?:下一?个|最近的?一?个?)工作日")


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
    text = _blank(folded.text, _NOT_TIME)
    for match in _NOT_BUT.finditer(text):
        text = _hide(text, match.start("no"), match.end("no"))
    text = _without_refused(text)
    days = _find_days(text, now.date(), holidays)
    part = _leading_part(text, days)
    for day in days:
        text = _hide(text, day.start, day.end)
    clocks = list(find_clocks(text))
    result = _with_clock(_with_day(days, folded.text, now), clocks, folded.text, now, days, part)
    if days:
        result = replace(result, day_span=folded.span(min(d.start for d in days), max(d.end for d in days)))
    if result.until == result.day:
        result = replace(result, until=None)
    if clocks:
        result = replace(result, time_span=folded.span(clocks[0].begin, max(c.finish for c in clocks)))
    return result


def _hide(text: str, start: int, end: int) -> str:
    return text[:start] + "□" * (end - start) + text[end:]


def _blank(text: str, pattern: re.Pattern[str]) -> str:
    return pattern.sub(lambda m: "□" * len(m[0]), text)


def _without_refused(text: str) -> str:
    """Blank the clauses that turn a time down (周六不行，周日可以), unless nothing else is left."""
    edges = [0, *(m.end() for m in _CLAUSE.finditer(text)), len(text)]
    hidden = text
    for start, end in zip(edges, edges[1:], strict=False):
        if _REFUSED.search(text[start:end]):
            hidden = _hide(hidden, start, end)
    return hidden if re.search(r"[^□]", hidden) and any(p.search(hidden) for p, _ in RULES) else text


def _find_days(text: str, today: date, holidays: Mapping[str, Sequence[date]]) -> list[Day]:
    found: list[Day] = []
    anchor, position = today, 0
    while position < len(text):
        readings = [*_holidays(text, position, today, holidays)]
        for pattern, rule in RULES:
            for match in pattern.finditer(text, position):
                try:
                    day = rule(match, anchor, today)
                except ValueError:
                    continue
                if day and day.end > day.start:
                    readings.append(day)
                    break
        if not readings:
            break
        best = min(readings, key=lambda d: (d.start, -d.end))
        joined = bool(found) and bool(
            _TO.match(text[found[-1].end : best.start]) or best.start - found[-1].end <= 2
        )
        if found and not joined:
            anchor = today
            again = [
                d
                for p, r in RULES
                for m in [p.match(text, best.start)]
                if m and (d := _try(r, m, today)) and d.end == best.end
            ]
            best = again[0] if again else best
        if match := _BEFORE.match(text, best.end):
            if best.day and best.day >= today and best.minutes is None:
                best = replace(best, end=match.end(), until=best.until or best.day, day=today, rolls=False)
        found.append(best)
        anchor, position = best.day if best.day and best.day > today else today, best.end
    return found


def _try(rule: object, match: re.Match[str], today: date) -> Day | None:
    try:
        return rule(match, today, today)  # type: ignore[operator]
    except ValueError:
        return None


def _holidays(text: str, position: int, today: date, table: Mapping[str, Sequence[date]]) -> list[Day]:
    days: list[Day] = []
    if match := _WORKDAY.search(text, position):
        days.append(Day(match.start(), match.end(), next_working_day(today)))
    if match := _HOLIDAY.search(text, position):
        day = next_holiday(match["name"], today, table)
        if day is None:
            return [*days, Day(match.start(), match.end(), None, problem="ambiguous")]
        if match["work"]:
            day = next_working_day(day)
        elif match["n"]:
            day += timedelta(days=to_int(match["n"]) * (1 if match["side"] == "后" else -1))
        elif match["eve"]:
            day -= timedelta(days=1)
        elif match["after"]:
            day += timedelta(days=1)
        elif match["upto"]:
            days.append(Day(match.start(), match.end(), today, until=day - timedelta(days=1)))
            return days
        days.append(Day(match.start(), match.end(), day, problem="past" if day < today else None))
    return days


def _leading_part(text: str, days: list[Day]) -> str | None:
    """The part of day inside 今晚, 明早: the day took the first character only."""
    for day in days:
        follower = text[day.end : day.end + 1]
        if (
            follower in "早晨晚"
            and follower
            and text[day.end : day.end + 2] not in ("早上", "早晨", "晚上", "晚间")
        ):
            return "evening" if follower == "晚" else "morning"
    return None


def _with_day(days: list[Day], text: str, now: datetime) -> BookingTime:
    if not days:
        return BookingTime()
    first = days[0]
    dated = [d for d in days if d.day]
    result = BookingTime(day=first.day, until=first.until, problem=first.problem)
    if not dated:
        return result
    if first.minutes is not None:
        later = now + timedelta(minutes=first.minutes)
        return BookingTime(day=later.date(), start=as_text(later.hour * 60 + later.minute))
    others = [d for d in dated if d.day != dated[0].day]
    result = BookingTime(day=dated[0].day, until=dated[0].until, problem=dated[0].problem)
    if not others:
        return result
    last = others[-1]
    between = text[dated[0].end : last.start]
    if _TO.match(between) and last.day > dated[0].day:
        return replace(result, until=last.until or last.day)
    return replace(result, until=max(last.until or last.day, dated[0].day), problem="ambiguous")


def _with_clock(
    result: BookingTime, clocks: list[Clock], text: str, now: datetime, days: list[Day], part: str | None
) -> BookingTime:
    same_time = re.search(r"(?:这个|同样的?|差不多这个)(?:时候|时间|点)", text)
    if not clocks and part:
        result = replace(result, part=part, start=WINDOWS[part][0], end=WINDOWS[part][1])
    elif not clocks and same_time and result.day and not result.start:
        result = replace(result, start=f"{now:%H:%M}")
    elif clocks:
        result = _from_clocks(result, clocks, now, part)
    return _checked(result, now, days)


def _from_clocks(result: BookingTime, clocks: list[Clock], now: datetime, part: str | None) -> BookingTime:
    timed = [c for c in clocks if c.start is not None]
    if not timed:
        names = {c.part for c in clocks}
        windows = [WINDOWS[name] for name in names if name]
        many = len(names) > 1
        return replace(
            result,
            part=None if many else clocks[0].part,
            start=min(w[0] for w in windows),
            end=max(w[1] for w in windows),
            problem=result.problem or ("ambiguous" if many else None),
        )
    first = timed[0]
    start, end = first.start, first.end
    assert start is not None
    if part and not first.part and not first.exact:
        start += 720 if part == "evening" and 240 <= start < 720 else 0
        start -= 720 if part == "morning" and start >= 780 else 0
    today_over = result.day == now.date() and start <= now.hour * 60 + now.minute
    if today_over and not first.exact and end is None and not part and start + 720 <= minutes("20:30"):
        start += 720
    several = len({(c.start, c.end) for c in timed}) > 1
    return replace(
        result,
        start=as_text(start),
        end=None if end is None else as_text(end),
        part=first.part or part,
        problem=result.problem or ("ambiguous" if several else None),
    )


def _checked(result: BookingTime, now: datetime, days: list[Day]) -> BookingTime:
    """Say past when it is over; a bare weekday whose time is over means next week."""
    if result.day != now.date() or result.problem:
        return result
    rolls = bool(days) and days[0].rolls
    latest = result.end or result.start or ("21:00" if rolls else "23:59")
    if minutes(latest) > now.hour * 60 + now.minute or (result.until and result.until > now.date()):
        return result
    if rolls:
        return replace(result, day=result.day + timedelta(days=7))
    return replace(result, problem="past")
