"""Days told by a month: 12月6号, 下个月中旬, 月底, 五六号, 28到30号, 下个月第二个周三, 这个月最后一天."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from bot.zh_day import NUM, RECENT_DAYS, WEEKDAYS, Day, Rule, made, shift_month
from bot.zh_number import to_int
from bot.zh_workdays import is_working_day

NOT_A_DATE = (
    r"(?!窗|楼|线|院|门|柜|铺|机|店|桌|车|厅|码|令|馆|台|室|厂|单|常|本|子|内|房|桩|出口|路|检票|床"
    r"|病)"
)
_ORDER = {"一": 1, "头": 1, "首": 1, "二": 2, "三": 3, "四": 4, "五": 5}
_MONTH = (
    rf"(?:(?P<p>这个?|本|当|下+个?|上+个?)月份?|(?:(?P<y>20\d\d)年|(?P<yw>今年|明年|后年"
    rf"|去年))?的?(?P<m>{NUM})月份?|(?P<b>月)(?=[底末]))"
)
DATE = r"(?:号|日)"


def safe(year: int, month: int, day: int) -> date | None:
    """That date, or None when there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _last(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _year_date(m: re.Match[str], anchor: date, today: date) -> Day:
    word, figures = m["yw"], m["y"]
    month, day = to_int(m["m"]), to_int(m["d"])
    if word or figures:
        by = {"今": 0, "明": 1, "后": 2, "去": -1, "前": -2}
        year = today.year + by[word[0]] if word else to_int(figures)
        year += 2000 if year < 100 else 0
    else:
        year = anchor.year
        found = safe(year, month, day)
        if found and found < anchor and (today - found).days > RECENT_DAYS:
            year += 1
    found = safe(year, month, day)
    return made(m, found, today, problem=None if found else "ambiguous")


def _slash_date(m: re.Match[str], anchor: date, today: date) -> Day | None:
    if not (1 <= int(m["m"]) <= 12 and 1 <= int(m["d"]) <= 31):
        return None
    return _year_date(m, anchor, today)


def _month_of(m: re.Match[str], today: date) -> tuple[int, int] | None:
    """The (year, month) of a _MONTH; None for a thirteenth month."""
    if m["p"]:
        by = 0 if m["p"][0] in "这本当" else m["p"].count("下") - m["p"].count("上")
        return shift_month(today.year, today.month, by)
    if m["b"]:
        return today.year, today.month
    month = to_int(m["m"])
    if not 1 <= month <= 12:
        return None
    if m["y"] or m["yw"]:
        return (to_int(m["y"]) if m["y"] else today.year + "去今明后".index(m["yw"][0]) - 1), month
    long_over = (today - _last(today.year, month)).days > RECENT_DAYS
    return today.year + (1 if long_over else 0), month


def _of_month(m: re.Match[str], anchor: date, today: date) -> Day:
    """A month alone, its part or a day of it."""
    where = _month_of(m, today)
    if where is None:
        return made(m, None, today, problem="ambiguous")
    if m["d"]:
        found = safe(*where, to_int(m["d"]))
        return made(m, found, today, problem=None if found else "ambiguous")
    first, last = _part_of_month(m["part"], *where) if m["part"] else (date(*where, 1), _last(*where))
    return made(m, first, today, until=last)


def _part_of_month(part: str, year: int, month: int) -> tuple[date, date]:
    """First and last day: 月初 five days, 月底 from the 25th, a 旬 ten; the conventions of jionlp."""
    last = _last(year, month)
    if part in "初头":
        return date(year, month, 1), date(year, month, 5)
    if part[0] == "上":
        return date(year, month, 1), date(year, month, 10)
    if part[0] == "中":
        return date(year, month, 11), date(year, month, 20)
    return date(year, month, 21 if part == "下旬" else 25), last


def _bare_part(m: re.Match[str], anchor: date, today: date) -> Day:
    if m["unit"] == "年":
        return made(m, date(today.year, 12, 31), today)
    first, last = _part_of_month(m["part"], today.year, today.month)
    if last < today:
        first, last = _part_of_month(m["part"], *shift_month(today.year, today.month, 1))
    return made(m, first, today, until=last)


def _nth(m: re.Match[str], anchor: date, today: date) -> Day:
    """The nth or the last weekday, working day or day of a month."""
    where = _month_of(m, today)
    if where is None:
        return made(m, None, today, problem="ambiguous")
    days = [date(*where, 1) + timedelta(days=i) for i in range(_last(*where).day)]
    if m["w"]:
        days = [d for d in days if d.weekday() == (5 if m["w"] == "末" else WEEKDAYS[m["w"]])]
    elif m["work"]:
        days = [d for d in days if is_working_day(d)]
    if m["back"]:
        days.reverse()
    number = 1 if "最后" in m["nth"] else _ORDER.get(m["nth"].strip("第倒数个的")[:1], 1)
    if number > len(days):
        return made(m, None, today, problem="ambiguous")
    return made(m, days[number - 1], today)


def _last_of_year(m: re.Match[str], anchor: date, today: date) -> Day:
    return made(m, date(today.year, 12, 31), today)


def _day_of_month(m: re.Match[str], anchor: date, today: date) -> Day | None:
    number = to_int(m["d"])
    if not 1 <= number <= 31:
        return None
    for by in range(3):
        found = safe(*shift_month(anchor.year, anchor.month, by), number)
        if found and found >= anchor:
            return made(m, found, today)
    return None


_PART = r"(?:初(?![一二三四五六七八九十])|上旬|中旬|中(?![午旬秋考国])|下旬|底|末|头(?![一个])|尾)"
_NTH = (
    r"(?:的|里|份)?(?P<nth>(?P<back>最后一?|倒数第?[一二三])个?|(?:第[一二三四五]|头一?|首)个?)"
    r"(?:(?:周|星期|礼拜)(?P<w>[一二三四五六日天末])|(?P<work>工作日|上班日)|天)"
)
MONTH_RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (
            rf"(?:(?P<y>\d{{4}}|[〇○零一二三四五六七八九]{{4}})年|(?P<yw>今年|明年|后年|去年"
            rf"|前年)的?)?(?P<m>{NUM})月份?的?(?P<d>{NUM})"
            r"(?:号|日|(?![个天小分块元岁万点.:\d一二三四五六七八九十几]))",
            _year_date,
        ),
        (r"(?<!\d)(?P<y>20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)(?P<yw>)", _slash_date),
        (
            r"(?<![\d.:/-])(?P<m>\d{1,2})[./](?P<d>\d{1,2})"
            r"(?=号|日|$|[上下早中晚,，。那去来可行吧我您你咱]| )[号日]?(?P<y>)(?P<yw>)",
            _slash_date,
        ),
        (r"(?<![\d.:/-])(?P<m>\d\d)-(?P<d>\d\d)(?=$|[上下早中晚])(?P<y>)(?P<yw>)", _slash_date),
        (rf"{_MONTH}(?:底|末)?{_NTH}", _nth),
        (r"(?:(?:今|本)年|年底)的?最后一天", _last_of_year),
        (
            rf"(?P<p>这个?|本|当|下+个?|上+个?)月份?(?:的?(?P<d>{NUM})(?:号|日"
            rf"|(?![个天点\d一二三四五六七八九十几]))|(?:的?月?|里)(?P<part>{_PART}))?"
            r"(?P<m>)(?P<y>)(?P<yw>)(?P<b>)",
            _of_month,
        ),
        (
            rf"(?:(?P<y>20\d\d)年|(?P<yw>今年|明年|去年)的?)?(?P<m>{NUM})月份?(?:的?月?)(?P<part>{_PART})"
            r"(?P<p>)(?P<d>)(?P<b>)",
            _of_month,
        ),
        (
            rf"(?:(?P<y>20\d\d)年|(?P<yw>今年|明年|去年)的?)?(?<!第)(?P<m>{NUM})月(?:份|里|(?=$"
            rf"|[,，。再来去办约过我有吧的以之]))"
            r"(?P<p>)(?P<d>)(?P<part>)(?P<b>)",
            _of_month,
        ),
        (
            (
                r"(?<![半一两三四五六七八九十几\d]个)(?P<unit>月|年)(?P<part>初|上旬|中旬|中(?![午旬秋考国])|下旬|底|末|头(?![一个])"
                r"|尾)"
            ),
            _bare_part,
        ),
        (r"(?P<unit>)(?P<part>上旬|中旬|下旬)", _bare_part),
        (rf"(?<![\dA-Za-z第.])(?P<d>{NUM}){DATE}{NOT_A_DATE}", _day_of_month),
    )
)
