"""Days in Chinese words: which day a single expression such as 下周三, 30号 or 三天后 means.

Every rule is a regular expression and a function (match, anchor, today) -> Day, or None for no day after all.
Weeks start on Monday. Bare weekdays and days of the month mean the next one, the anchor included.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.zh_number import NUMERAL, to_int
from bot.zh_vague import VAGUE

RECENT_DAYS = (
    60  # a month and day at most this long ago is taken as a slip ("past"), an older one as next year
)


@dataclass(frozen=True)
class Day:
    """One expression found: half-open span, first and (for a period) last day, what is wrong with it."""

    start: int
    end: int
    day: date | None
    until: date | None = None
    problem: str | None = None
    rolls: bool = False  # a bare weekday: when its time of today is over it means next week
    minutes: int | None = None  # 两小时后: minutes from now


Rule = Callable[[re.Match[str], date, date], "Day | None"]
NUM = NUMERAL
WEEKDAYS = {
    **{c: i for i, c in enumerate("一二三四五六")},
    **{str(i + 1): i for i in range(7)},
    "日": 6,
    "天": 6,
    "七": 6,
}
RELATIVE = {"大大后": 4, "大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_UNIT = r"天|日|周|星期|礼拜"


def made(match: re.Match[str], day: date | None, today: date, **more: object) -> Day:
    """The Day of a match; past when it is over, from today on when a period has begun."""
    made = Day(match.start(), match.end(), day, **more)  # type: ignore[arg-type]
    if day and (made.until or day) < today and not made.problem:
        return replace(made, problem="past")
    if made.until and day and day < today:
        return replace(made, day=today)
    return made


def shift_month(year: int, month: int, by: int) -> tuple[int, int]:
    """The (year, month) a number of months later."""
    index = year * 12 + month - 1 + by
    return index // 12, index % 12 + 1


def _weekday(m: re.Match[str], anchor: date, today: date) -> Day | None:
    prefix, name = m["p"] or "", m["w"]
    weekend = name == "末"
    monday = today - timedelta(days=today.weekday())
    if prefix:
        monday += timedelta(weeks=0 if prefix[0] in "这本" else prefix.count("下") - prefix.count("上"))
        found = monday + timedelta(days=5 if weekend else WEEKDAYS[name])
    elif weekend:
        found = today + timedelta(days=5 - today.weekday())
    else:
        found = anchor + timedelta(days=(WEEKDAYS[name] - anchor.weekday()) % 7)
    if weekend:
        return made(m, found, today, until=found + timedelta(days=1))
    second = m["w2"] or m["w3"] or m["w4"] or m["w5"]
    if m["w5"] and len(m["w5"]) == 1 and WEEKDAYS[m["w5"]] - WEEKDAYS[name] != 1:
        return replace(made(m, found, today, rolls=not prefix), end=m.start("w5"))
    if m["w5"]:
        return made(m, found, today, problem="ambiguous")
    if not second:
        return made(m, found, today, rolls=not prefix)
    last = found + timedelta(days=(WEEKDAYS[second] - found.weekday()) % 7)
    if m["w3"] and re.search("[、和跟或]", m[0]):
        return made(m, found, today, problem="ambiguous")
    return made(m, found, today, until=last)


def _choice(m: re.Match[str], today: date, ahead: int) -> Day:
    """明后天: either, so ambiguous."""
    return made(m, today + timedelta(days=ahead), today, problem="ambiguous")


def _week(m: re.Match[str], anchor: date, today: date) -> Day:
    by = 0 if m["p"][0] in "这本" else m["p"].count("下") - m["p"].count("上")
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=by)
    return made(m, monday, today, until=monday + timedelta(days=6))


def _relative(m: re.Match[str], anchor: date, today: date) -> Day:
    return made(m, today + timedelta(days=RELATIVE[m["r"]]), today)


def _later(m: re.Match[str], anchor: date, today: date) -> Day:
    number = to_int(m["n"] or m["n3"])
    unit = m["u"] or m["u3"]
    if unit == "月":
        year, month = shift_month(today.year, today.month, number)
        return made(m, date(year, month, min(today.day, calendar.monthrange(year, month)[1])), today)
    return made(m, today + timedelta(days=number * (7 if unit in ("周", "星期", "礼拜") else 1)), today)


def _month_on(m: re.Match[str], anchor: date, today: date) -> Day:
    """下个月的今天."""
    year, month = shift_month(today.year, today.month, len(m["n"]))
    return made(m, date(year, month, min(today.day, calendar.monthrange(year, month)[1])), today)


def _hours_later(m: re.Match[str], anchor: date, today: date) -> Day:
    if m["min"]:
        minutes = to_int(m["min"])
    else:
        minutes = (to_int(m["h"]) * 60 if m["h"] else 0) + (30 if m["half"] else 0)
    return made(m, today, today, minutes=minutes)


def _within(m: re.Match[str], anchor: date, today: date) -> Day:
    days = to_int(m["n"]) * (7 if m["u"] in ("周", "星期", "礼拜") else 1)
    return made(m, today, today, until=today + timedelta(days=days))


DAY_RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (VAGUE, lambda m, a, t: Day(m.start(), m.end(), None, problem="ambiguous")),
        (
            rf"(?:(?P<h>{NUM})个?(?P<half>半)?个?(?:小时|钟头)|(?P<min>{NUM})分钟)(?:之后|以后|过后|后)",
            _hours_later,
        ),
        (r"(?P<half>半)个?(?:小时|钟头)(?:之后|以后|过后|后)(?P<h>)(?P<min>)", _hours_later),
        (rf"(?P<n>{NUM})个?(?P<u>{_UNIT})(?:之内|以内|内)", _within),
        (r"半个?月(?:之后|以后|过后|后)|过半个月", lambda m, a, t: made(m, t + timedelta(days=15), t)),
        (
            rf"(?<!第)(?P<n>{NUM})个?(?P<u>{_UNIT}|月)(?:之后|以后|过后|后)(?!天)(?P<n2>)(?P<u2>)"
            rf"|(?<![超通来去办经度])再?过上?个?(?P<n3>{NUM})个?(?P<u3>{_UNIT}|月)(?:[之以]?后)?",
            _later,
        ),
        (
            r"(?P<p>这个?|本|下+个?|上+个?)?(?<![每两几隔])(?<!(?<![周期拜])一)(?:周|星期"
            r"|礼拜)(?P<w>[一二三四五六日天七末1-7])"
            r"(?![一-鿿]?\d{3}|[一二]?[次回趟])"
            r"(?:(?:[到至~—-]|[、和跟或])(?P<w3>[一二三四五六日天])(?![点时号月十\d])"
            r"|(?:[、和跟]?(?:周|星期|礼拜))?(?P<w2>[日天])(?![点时号月十\d气黑亮])"
            r"|[、和跟]?(?:周|星期|礼拜)?(?P<w4>六)(?![点时号月十\d])"
            r"|(?P<w5>[二三四五六]{1,4})(?![点时号月十\d楼]))?",
            _weekday,
        ),
        (
            r"(?P<p>这个?|本|下+个?|上+个?)(?:周|星期|礼拜)(?![一二三四五六日天七末\d]"
            r"|这个?时候)(?:里|内|之内|以内)?",
            _week,
        ),
        (
            (
                r"(?P<r>大前|大大后|前|昨|今|明|大后|后)(?:天|日|儿(?![子女童媳])个?|朝"
                r"|个儿?(?=[早上中下晚傍凌一二两三四五六七八九十\d,，。]|$)|(?=[晚早晨]))"
            ),
            _relative,
        ),
        (r"(?P<n>下+)个?月的?今天", _month_on),
        (
            r"下(?:周|个?星期|个?礼拜)的?(?:今天|(?=这个?时候))",
            lambda m, a, t: made(m, t + timedelta(days=7), t),
        ),
        (r"明后(?:两)?天|明后日", lambda m, a, t: _choice(m, t, 1)),
        (r"今明(?:两)?天", lambda m, a, t: _choice(m, t, 0)),
        (r"这[两]天(?!都?[很忙太])", lambda m, a, t: made(m, t, t, until=t + timedelta(days=1))),
    )
)
