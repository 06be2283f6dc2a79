"""Public holidays by name: the fixed ones for any year, the moving ones from a small table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

FIXED: Mapping[str, tuple[int, int]] = {
    "元旦节": (1, 1),
    "跨年夜": (12, 31),
    "平安夜": (12, 24),
    "圣诞夜": (12, 24),
    "植树节": (3, 12),
    "三八妇女节": (3, 8),
    "五一劳动节": (5, 1),
    "五四青年节": (5, 4),
    "护士节": (5, 12),
    "六一儿童节": (6, 1),
    "六一": (6, 1),
    "七一建党节": (7, 1),
    "八一建军节": (8, 1),
    "十一国庆节": (10, 1),
    "十一国庆": (10, 1),
    "双十一": (11, 11),
    "光棍节": (11, 11),
    "双十二": (12, 12),
    "元旦": (1, 1),
    "情人节": (2, 14),
    "妇女节": (3, 8),
    "三八节": (3, 8),
    "劳动节": (5, 1),
    "五一节": (5, 1),
    "五一": (5, 1),
    "青年节": (5, 4),
    "儿童节": (6, 1),
    "六一节": (6, 1),
    "建党节": (7, 1),
    "建军节": (8, 1),
    "教师节": (9, 10),
    "国庆节": (10, 1),
    "国庆": (10, 1),
    "十一": (10, 1),
    "圣诞节": (12, 25),
    "圣诞": (12, 25),
}
# First day each; checked against the lunar calendar for these years. Beyond the table: no answer.
MOVING: Mapping[str, Sequence[date]] = {
    "春节": (date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26)),
    "大年初一": (date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26)),
    "过年": (date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26)),
    "大年夜": (date(2026, 2, 16), date(2027, 2, 5), date(2028, 1, 25)),
    "年三十": (date(2026, 2, 16), date(2027, 2, 5), date(2028, 1, 25)),
    "除夕夜": (date(2026, 2, 16), date(2027, 2, 5), date(2028, 1, 25)),
    "腊八节": (date(2026, 1, 26), date(2027, 1, 15), date(2028, 1, 4)),
    "腊八": (date(2026, 1, 26), date(2027, 1, 15), date(2028, 1, 4)),
    "七夕": (date(2026, 8, 19), date(2027, 8, 8), date(2028, 8, 26)),
    "重阳节": (date(2026, 10, 18), date(2027, 10, 8), date(2028, 10, 26)),
    "重阳": (date(2026, 10, 18), date(2027, 10, 8), date(2028, 10, 26)),
    "冬至": (date(2026, 12, 22), date(2027, 12, 22), date(2028, 12, 21)),
    "除夕": (date(2026, 2, 16), date(2027, 2, 5), date(2028, 1, 25)),
    "大年三十": (date(2026, 2, 16), date(2027, 2, 5), date(2028, 1, 25)),
    "元宵节": (date(2026, 3, 3), date(2027, 2, 20), date(2028, 2, 9)),
    "元宵": (date(2026, 3, 3), date(2027, 2, 20), date(2028, 2, 9)),
    "清明节": (date(2026, 4, 5), date(2027, 4, 5), date(2028, 4, 4)),
    "清明": (date(2026, 4, 5), date(2027, 4, 5), date(2028, 4, 4)),
    "端午节": (date(2026, 6, 19), date(2027, 6, 9), date(2028, 5, 28)),
    "端午": (date(2026, 6, 19), date(2027, 6, 9), date(2028, 5, 28)),
    "中秋节": (date(2026, 9, 25), date(2027, 9, 15), date(2028, 10, 3)),
    "中秋": (date(2026, 9, 25), date(2027, 9, 15), date(2028, 10, 3)),
}
NAMES = tuple(sorted((*FIXED, *MOVING), key=len, reverse=True))


def next_holiday(name: str, today: date, moving: Mapping[str, Sequence[date]] = MOVING) -> date | None:
    """First day of the next holiday of that name, today included; None when the table does not reach it."""
    if name in FIXED:
        month, day = FIXED[name]
        this_year = date(today.year, month, day)
        return this_year if this_year >= today else date(today.year + 1, month, day)
    found = next((day for day in moving.get(name, ()) if day >= today), None)
    return found if found and (found - today).days < 400 else None
