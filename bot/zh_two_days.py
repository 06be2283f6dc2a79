"""Two days of the month in one word: 28到30号 is a period, 28、29号 and 五六号 are a choice."""

from __future__ import annotations

import re
from datetime import date

from bot.zh_day import NUM, RECENT_DAYS, Day, Rule, made, shift_month
from bot.zh_month import DATE, NOT_A_DATE, safe
from bot.zh_number import to_int


def _two_days(m: re.Match[str], anchor: date, today: date) -> Day | None:
    """28到30号 is a period; 28、29号 and 五六号 are two days to choose from."""
    if m["tens"] is not None:
        tens = {"": 0, "十": 10, "二十": 20, "廿": 20}[m["tens"]]
        first, second = tens + to_int(m["x"]), tens + to_int(m["z"])
        if second != first + 1:
            return None
    else:
        first, second = to_int(m["d"]), to_int(m["d2"])
    if not (1 <= first < second <= 31):
        return None
    where = None
    if m["m"]:
        where = to_int(m["m"])
        found = safe(today.year, where, first) if 1 <= where <= 12 else None
        if found and (today - found).days > RECENT_DAYS:
            found = safe(today.year + 1, where, first)
    else:
        found = next(
            (
                d
                for by in range(3)
                if (d := safe(*shift_month(anchor.year, anchor.month, by), first)) and d >= anchor
            ),
            None,
        )
    last = safe(found.year, found.month, second) if found else None
    if found is None or last is None:
        return made(m, None, today, problem="ambiguous")
    if m["tens"] is None and m["to"] in ("到", "至", "-", "~", "—", "号到", "日到"):
        return made(m, found, today, until=last)
    return made(m, found, today, problem="ambiguous")


TWO_DAYS_RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (
            rf"(?:(?P<m>{NUM})月)?(?<![\dA-Za-z第.点])(?P<d>{NUM}){DATE}?(?P<to>[到至~—、,和跟或-]"
            rf"|或者|还是)(?P<d2>{NUM}){DATE}"
            rf"(?P<tens>(?!))?(?P<x>)(?P<z>){NOT_A_DATE}",
            _two_days,
        ),
        (
            rf"(?:(?P<m>{NUM})月)?(?<![{'零一二三四五六七八九十百'}\d第])(?P<tens>(?:二?十"
            rf"|廿)?)(?P<x>[一二三四五六七八])(?P<z>[二三四五六七八九])"
            rf"{DATE}(?P<d>)(?P<d2>)(?P<to>){NOT_A_DATE}",
            _two_days,
        ),
    )
)
