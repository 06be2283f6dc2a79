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
_NOT_A_DATE = r"(?!窗|楼|线|院|门|柜|铺|机|店|桌|车|厅|码|令|馆|台|室|厂|单|常|本|子|内)"
WEEKDAYS = {
    **{c: i for i, c in enumerate("一二三四五六")},
    **{str(i + 1): i for i in range(7)},
    "日": 6,
    "天": 6,
    "七": 6,
}
RELATIVE = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_LUNAR = r"[\d年初零〇一二三四五六七八九十廿正冬腊月日号]*"
VAGUE = (
    rf"过几天|几天[之以]?后|改天|(?:农历|阴历|正月|腊月){_LUNAR}|{NUM}月初[一二三四五六七八九十]|工作日"
    rf"|(?:{NUM}月的?)?第[一二三四五]个(?:周|星期|礼拜)[一二三四五六日天]"
)


def _made(match: re.Match[str], day: date | None, today: date, **more: object) -> Day:
    made = Day(match.start(), match.end(), day, **more)  # type: ignore[arg-type]
    if day and (made.until or day) < today and not made.problem:
        return replace(made, problem="past")
    if made.until and day and day < today:
        return replace(made, day=today)
    return made


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def shift_month(year: int, month: int, by: int) -> tuple[int, int]:
    """The (year, month) a number of months later."""
    index = year * 12 + month - 1 + by
    return index // 12, index % 12 + 1


def _last(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _year_date(m: re.Match[str], anchor: date, today: date) -> Day:
    word, figures = m["yw"], m["y"]
    month, day = to_int(m["m"]), to_int(m["d"])
    if word or figures:
        year = today.year + {"今": 0, "明": 1, "后": 2, "去": -1}[word[0]] if word else to_int(figures)
        year += 2000 if year < 100 else 0
    else:
        year = anchor.year
        found = _safe(year, month, day)
        if found and found < anchor and (today - found).days > RECENT_DAYS:
            year += 1
    found = _safe(year, month, day)
    return _made(m, found, today, problem=None if found else "ambiguous")


def _slash_date(m: re.Match[str], anchor: date, today: date) -> Day | None:
    if not (1 <= int(m["m"]) <= 12 and 1 <= int(m["d"]) <= 31):
        return None
    return _year_date(m, anchor, today)


def _month_part(m: re.Match[str], anchor: date, today: date) -> Day:
    prefix = m["p"]
    by = 0 if prefix[0] in "这本当" else prefix.count("下") - prefix.count("上")
    year, month = shift_month(today.year, today.month, by)
    part, number = m["part"], m["d"]
    if number:
        found = _safe(year, month, to_int(number))
        return _made(m, found, today, problem=None if found else "ambiguous")
    if not part:
        return _made(m, date(year, month, 1), today, until=_last(year, month))
    return _made(
        m,
        {"初": date(year, month, 1), "上": date(year, month, 1), "中": date(year, month, 15)}.get(
            part[0], _last(year, month)
        ),
        today,
    )


def _bare_month_part(m: re.Match[str], anchor: date, today: date) -> Day:
    if m["unit"] == "年":
        return _made(m, date(today.year, 12, 31), today)
    year, month = today.year, today.month
    found = {"初": date(year, month, 1), "中": date(year, month, 15)}.get(m["part"][0], _last(year, month))
    if found < today:
        found = found.replace(year=(following := shift_month(year, month, 1))[0], month=following[1])
    return _made(m, found, today)


def _day_of_month(m: re.Match[str], anchor: date, today: date) -> Day | None:
    number = to_int(m["d"])
    if not 1 <= number <= 31:
        return None
    for by in range(3):
        year, month = shift_month(anchor.year, anchor.month, by)
        found = _safe(year, month, number)
        if found and found >= anchor:
            return _made(m, found, today)
    return None


def _weekday(m: re.Match[str], anchor: date, today: date) -> Day:
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
        return _made(m, found, today, until=found + timedelta(days=1))
    second = m["w2"]
    until = found + timedelta(days=(WEEKDAYS[second] - found.weekday()) % 7) if second else None
    return _made(m, found, today, until=until, rolls=not prefix and not second)


def _week(m: re.Match[str], anchor: date, today: date) -> Day:
    by = 0 if m["p"][0] in "这本" else m["p"].count("下") - m["p"].count("上")
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=by)
    return _made(m, monday, today, until=monday + timedelta(days=6))


def _relative(m: re.Match[str], anchor: date, today: date) -> Day:
    return _made(m, today + timedelta(days=RELATIVE[m["r"]]), today)


def _later(m: re.Match[str], anchor: date, today: date) -> Day:
    number = to_int(m["n"] or m["n2"])
    unit = m["u"] or "天"
    if unit == "月":
        year, month = shift_month(today.year, today.month, number)
        return _made(m, min(_last(year, month), date(year, month, 1) + timedelta(days=today.day - 1)), today)
    return _made(m, today + timedelta(days=number * (7 if unit in ("周", "星期", "礼拜") else 1)), today)


def _hours_later(m: re.Match[str], anchor: date, today: date) -> Day:
    if m["min"]:
        minutes = to_int(m["min"])
    else:
        minutes = (to_int(m["h"]) * 60 if m["h"] else 0) + (30 if m["half"] else 0)
    return _made(m, today, today, minutes=minutes)


def _within(m: re.Match[str], anchor: date, today: date) -> Day:
    days = to_int(m["n"]) * (7 if m["u"] in ("周", "星期", "礼拜") else 1)
    return _made(m, today, today, until=today + timedelta(days=days))


RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (
            rf"(?:(?P<h>{NUM})个?(?P<half>半)?个?(?:小时|钟头)|(?P<min>{NUM})分钟)(?:之后|以后|后)",
            _hours_later,
        ),
        (r"(?P<half>半)个?(?:小时|钟头)(?:之后|以后|后)(?P<h>)(?P<min>)", _hours_later),
        (rf"(?P<n>{NUM})个?(?P<u>天|日|周|星期|礼拜)(?:之内|以内|内)", _within),
        (r"半个月(?:之后|以后|后)", lambda m, a, t: _made(m, t + timedelta(days=15), t)),
        (
            rf"(?P<n>{NUM})个?(?P<u>天|日|周|星期|礼拜|月)(?:之后|以后|过后|后)(?P<n2>)|过(?:个)?(?P<n3>{NUM})天",
            lambda m, a, t: _later(m, a, t) if m["n"] else _made(m, t + timedelta(days=to_int(m["n3"])), t),
        ),
        (
            rf"(?:(?P<y>\d{{4}}|[〇○零一二三四五六七八九]{{4}})年|(?P<yw>今年|明年|后年|去年))?(?P<m>{NUM})月份?(?P<d>{NUM})"
            r"(?:号|日|(?![个天小分块元岁万点]))",
            _year_date,
        ),
        (r"(?<!\d)(?P<y>20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)(?P<yw>)", _slash_date),
        (
            r"(?<![\d.:/-])(?P<m>\d{1,2})[./](?P<d>\d{1,2})(?=号|日|$|[上下早中晚,，。那去来可行吧]| )"
            r"[号日]?(?P<y>)(?P<yw>)",
            _slash_date,
        ),
        (
            rf"(?P<p>这个?|本|当|下+个?|上+个?)月(?:(?P<d>{NUM})(?:号|日|(?![个天]))|(?P<part>初|上旬|中旬|中(?!午)|下旬|底|末))?",
            _month_part,
        ),
        (r"(?P<unit>月|年)(?P<part>初|中旬|底|末)", _bare_month_part),
        (
            r"(?P<p>这个?|本|下+个?|上+个?)?(?<![每两几一])(?:周|星期|礼拜)(?P<w>[一二三四五六日天七末1-7])"
            r"(?:[、和跟]?(?:周|星期|礼拜)?(?P<w2>[日天六])(?![点时号月十\d气黑亮]))?",
            _weekday,
        ),
        (r"(?P<p>这个?|本|下+个?|上+个?)(?:周|星期|礼拜)(?![一二三四五六日天七末\d])", _week),
        (r"(?P<r>大前|前|昨|今|明|大后|后)(?:天|日|儿(?![子女童媳])|朝|(?=[晚早晨]))", _relative),
        (r"这两天", lambda m, a, t: _made(m, t, t, until=t + timedelta(days=1))),
        (rf"(?<![\dA-Za-z第.])(?P<d>{NUM})(?:号|日){_NOT_A_DATE}", _day_of_month),
        (VAGUE, lambda m, a, t: Day(m.start(), m.end(), None, problem="ambiguous")),
    )
)
