"""Days told by a holiday: 元旦前一天, 国庆后第一个工作日, 大年初八, 端午的第二天, 清明后的第一个周五."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from bot.zh_day import WEEKDAYS, Day
from bot.zh_holidays import NAMES, next_holiday
from bot.zh_number import NUMERAL, to_int
from bot.zh_workdays import after_break, is_working_day, last_day_off, last_working_day, next_working_day

_FIRST = r"(?:第一|头一?|首)"
_AFTER = r"(?:之后|以后|过后|后|结束以?后?|完|回来)?的?"
_WORK = (
    rf"{_AFTER}(?:{_FIRST}个?(?:工作日|上班日|上班的?日子)|{_FIRST}天(?:上班|复工|开工)|(?:上班|复工"
    rf"|开工)的?{_FIRST}天|(?<=结束){_FIRST}天|第[二三四五]个工作日)"
)
# 十一 is a number unless a word makes it the National Day
_ELEVEN = r"十一(?=当天|那天|当日|假|长假|放假|期间|黄金周|前[一两三四五几夕]|的时候)"
_FIGURES = "零一二三四五六七八九十百\\d"
_NUMBERS = {name: rf"(?<![{_FIGURES}]){name}(?![{_FIGURES}点号月日栋楼])" for name in ("五一", "六一")}
_NAMES = "|".join({"十一": rf"(?<![{_FIGURES}]){_ELEVEN}", **_NUMBERS}.get(name, name) for name in NAMES)
_HOLIDAY = re.compile(
    rf"(?P<year>今年|明年|后年|去年|前年)?的?(?P<done>[过放][完了])?(?P<name>{_NAMES})节?"
    rf"(?:放假(?![吗么不没])|假期|小长假|长假|黄金周|假(?!证|期))?(?:那天|当天|当日|期间)?"
    rf"(?:(?P<work>{_WORK})"
    rf"|{_AFTER}(?P<nth>{_FIRST})个?(?:周|星期|礼拜)(?P<w>[一二三四五六日天])"
    rf"|的?(?P<side>前|后)(?:的?第)?(?P<n>{NUMERAL})天|的?第(?P<ord>{NUMERAL})天|的?(?P<next>次日"
    rf"|转天|隔天)"
    rf"|[之以]?前的?(?P<lastwork>最后一?个(?:工作日|上班日))"
    rf"|的?(?P<last>最后一天)|(?P<eve>前夕|前夜|前一晚|头天)"
    rf"|(?P<after>前后|左右|附近|之后|以后|过后|后)|(?P<upto>之前|以前|前(?!台)))?"
)
_WORKDAY = re.compile(r"(?:下一?个|最近的?一?个?)工作日")
_BREAK_OVER = re.compile(rf"(?:过完?节|节|放?完?假){_WORK}")
_NEW_YEAR = re.compile(
    r"(?:大年|农历正月|阴历正月|正月|过完?年|(?<![今明去后前\d])年)(?:初(?P<n>[一二三四五六七八九十])"
    r"|(?P<m>十[一二三四五六七八九]|二十|廿?[一二三四五六七八九]))(?:[号日])?"
)


def find_festivals(text: str, position: int, today: date, table: Mapping[str, Sequence[date]]) -> list[Day]:
    """What a text says by a holiday from a position on: the first of each kind of expression."""
    days: list[Day] = []
    if match := _WORKDAY.search(text, position):
        days.append(Day(match.start(), match.end(), next_working_day(today)))
    if match := _BREAK_OVER.search(text, position):
        days.append(_day(match, _after_next_break(today), today))
    if match := _NEW_YEAR.search(text, position):
        first = next((d for d in table.get("春节", ()) if d + timedelta(days=29) >= today), None)
        number = to_int((match["n"] or match["m"]).replace("廿", "二十"))
        day = first + timedelta(days=number - 1) if first else None
        days.append(_day(match, day, today))
    if match := _HOLIDAY.search(text, position):
        days.append(_holiday(match, today, table))
    return days


def _after_next_break(today: date) -> date | None:
    """First day of work after the coming public holiday: 节后第一个工作日."""
    coming = (today + timedelta(days=ahead) for ahead in range(120))
    first = next((d for d in coming if d.weekday() < 5 and not is_working_day(d)), None)
    return after_break(first) if first else None


def _day(match: re.Match[str], day: date | None, today: date, until: date | None = None) -> Day:
    problem = "ambiguous" if day is None else "past" if (until or day) < today else None
    return Day(match.start(), match.end(), day, until=until, problem=problem)


def _holiday(match: re.Match[str], today: date, table: Mapping[str, Sequence[date]]) -> Day:
    year = match["year"]
    since = today
    if year and year != "今年":
        since = date(today.year + {"明": 1, "后": 2, "去": -1, "前": -2}[year[0]], 1, 1)
    elif not match["upto"]:  # 元旦后第一个工作日 said on the second of January
        since = today - timedelta(days=9 if match["work"] or match["last"] else 0)
    first = next_holiday(match["name"], since, table)
    if first is None or match["after"] or (match["done"] and not (match["work"] or match["nth"])):
        return _day(match, None, today)
    if match["work"] and after_break(first) < today:
        first = next_holiday(match["name"], today, table) or first
    if match["upto"]:
        last = first - timedelta(days=1)
        return _day(match, last, today) if last < today else _day(match, today, today, until=last)
    return _day(match, _moved(match, first), today)


def _moved(match: re.Match[str], first: date) -> date:
    """The day that is meant beside the first day of a holiday."""
    if match["work"]:
        day = after_break(first)
        for _ in range("二三四五".find(match["work"][-5]) + 1 if match["work"].endswith("工作日") else 0):
            day = next_working_day(day)
        return day
    if match["nth"]:
        return first + timedelta(days=(WEEKDAYS[match["w"]] - first.weekday() - 1) % 7 + 1)
    if match["n"]:
        return first + timedelta(days=to_int(match["n"]) * (1 if match["side"] == "后" else -1))
    if match["ord"]:
        return first + timedelta(days=to_int(match["ord"]) - 1)
    if match["last"]:
        return last_day_off(first)
    if match["lastwork"]:
        return last_working_day(first)
    if match["eve"]:
        return first - timedelta(days=1)
    return first + timedelta(days=1 if match["next"] else 0)
