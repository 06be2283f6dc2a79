"""A booked day or time moved by a span: 12月3号上午的预约推迟一天, 明天三点的晚半个小时."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot.zh_clock import Clock
from bot.zh_day import Day
from bot.zh_number import NUMERAL, to_int

_SHIFT = re.compile(
    r"(?:(?P<later>推[迟后]|延[后迟]|往?后[推挪延]|顺延|晚)|(?P<sooner>提[前早]|往?前[提挪]|早))(?:个|了|上)?"
    rf"(?P<n>{NUMERAL}|半)个?(?P<u>天|日|周|星期|礼拜|小时|钟头|分钟)(?!.{{0,3}}(?:约|来|告|通知|说|打|到|准备|取))"
)
_MINUTES = {"小时": 60, "钟头": 60, "分钟": 1}


def shift(text: str, since: int, day: Day | None, clock: Clock | None) -> tuple[Day | None, Clock | None]:
    """The day and the time after a move that is spoken of in the text from `since` on."""
    match = _SHIFT.search(text, since)
    if not match:
        return day, clock
    sign = 1 if match["later"] else -1
    try:
        number = 0.5 if match["n"] == "半" else float(to_int(match["n"]))
    except ValueError:
        return day, clock
    if match["u"] not in _MINUTES:
        days = int(number * (1 if match["u"] in "天日" else 7)) * sign
        if day and day.day and 0 < abs(days) < 60:
            day = replace(day, day=day.day + timedelta(days=days), until=None, rolls=False)
        return day, clock
    by = int(number * _MINUTES[match["u"]]) * sign
    if clock and clock.start is not None and clock.end is None and 0 <= clock.start + by < 1440:
        clock = replace(clock, start=clock.start + by, exact=True)
    return day, clock
