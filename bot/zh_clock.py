"""Times of day in Chinese words: 下午三点半, 9:30-11:00, 中午, 下班以后.

Extended-hours booking knows no night: a bare 两点 is 14:00, a bare 九点 09:00 (see _hour).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.zh_clock_words import BREAK, DASH, LEAD, PAIR, PART, POINT, SECOND, SHORT_RANGE
from bot.zh_number import to_int
from bot.zh_parts import CLOSES, OPENS, PARTS, WINDOWS

_HALF_DAY = 720


@dataclass(frozen=True)
class Clock:
    """One time found: half-open span, minutes of the day (0..1439) and the part of day named, if any."""

    begin: int
    finish: int
    start: int | None
    end: int | None
    part: str | None
    exact: bool  # False: an hour that may as well be twelve hours later


def minutes(clock: str) -> int:
    """Minutes of the day for "HH:MM"."""
    return int(clock[:2]) * 60 + int(clock[3:])


def as_text(value: int) -> str:
    """Minutes of the day written as HH:MM."""
    return f"{value // 60:02d}:{value % 60:02d}"


def _hour(hour: int, part: str | None, early: bool) -> int:
    if part == "noon":
        return hour + 12 if hour <= 3 else hour
    if part == "afternoon":
        return hour + 12 if hour < 12 else hour
    if part == "evening":
        return hour + 12 if 4 <= hour < 12 else hour
    return hour + 12 if part is None and 1 <= hour <= 7 and not early else hour


def _value(match: re.Match[str], group: int, part: str | None) -> int | None:
    """Minutes of the day of a point in a match, None for an impossible one."""
    figures = match[f"hh{group}"]
    try:
        hour = int(figures) if figures else to_int(match[f"h{group}"])
        minute = int(match[f"mm{group}"]) if figures else _minute(match[f"m{group}"])
        before = "" if figures else match[f"big{group}"] or ""
        early = 15 if "一刻" in before else to_int(re.sub(r"[差分钟到就]", "", before) or "0")
    except ValueError:
        return None
    if hour > 24 or minute > 59:
        return None
    value = _hour(hour, part, bool(figures and figures[0] == "0")) % 24 * 60 + minute - early
    return value if value >= 0 else None


def _minute(text: str | None) -> int:
    if not text:
        return 0
    if text[0] in "半一三" and text.rstrip("钟") in ("半", "一刻", "三刻"):
        return {"半": 30, "一": 15, "三": 45}[text[0]]
    return to_int(text.strip("过分").lstrip("零〇") or "0")


def _meant(text: str, match: re.Match[str], part: str | None) -> bool:
    """Whether 一点 is one o'clock rather than "a little"."""
    if match["hh0"] or match["h0"] not in ("一", "两") or match["m0"] or part or match["bound"]:
        return True
    rest = text[match.end() :]
    if re.match(rf"[钟左多]|{DASH}", rest) or match[0][-1] in "钟整正多右来":
        return True
    before = re.sub(r"[□■,，。 约在订就]", "", text[: match.start()])
    return match["h0"] == "两" or not (before or re.match(r"[^,，。吧行可办去来□■]", rest))


def find_clocks(text: str) -> Iterator[Clock]:
    """Times of day in a folded text, left to right; a part of day alone has start None."""
    position, part, part_at = 0, None, 0
    while position < len(text):
        named = PART.search(text, position)
        point = _earliest(text, position, part)
        if point and part and BREAK.search(text[position : point.begin]):
            yield Clock(part_at, position, None, None, part, True)
            part, point = None, _earliest(text, position)
        if named and (point is None or named.start() <= point.begin):
            if part:
                yield Clock(part_at, position, None, None, part, True)
            part, part_at, position = named.lastgroup, named.start(), named.end()
            continue
        if point is None:
            break
        yield replace(point, begin=part_at) if part else point
        part, position = None, point.finish
    if part:
        yield Clock(part_at, position, None, None, part, True)


def _earliest(text: str, position: int, part: str | None = None) -> Clock | None:
    readings = [
        r
        for r in (
            _short_range(text, position, part),
            _pair(text, position, part),
            _point(text, position, part),
        )
        if r
    ]
    return min(readings, key=lambda r: (r.begin, -r.finish), default=None)


def _clock(begin: int, finish: int, start: int, end: int | None, part: str | None, exact: bool) -> Clock:
    if end is not None and end < start and end + 720 < 1440:
        end += 720
    return Clock(begin, finish, start, end, part, exact or part is not None)


def _short_range(text: str, position: int, part: str | None) -> Clock | None:
    for match in SHORT_RANGE.finditer(text, position):
        try:
            first, second = to_int(match["a"]), to_int(match["b"])
        except ValueError:
            continue
        if first <= 24 and second <= 24:
            end = _hour(second, part, False) % 24 * 60 + (30 if match["half"] else 0)
            return _clock(match.start(), match.end(), _hour(first, part, False) % 24 * 60, end, part, False)
    return None


def _two_hours(match: re.Match[str]) -> tuple[int, int]:
    if match["p"]:
        return to_int(match["p"][0]), to_int(match["p"][-1])
    return (11, 12) if match["x"] else (9, 10)


def _pair(text: str, position: int, part: str | None) -> Clock | None:
    for match in PAIR.finditer(text, position):
        first, second = _two_hours(match)
        if second == first + 1:
            return _clock(
                match.start(),
                match.end(),
                _hour(first, part, False) * 60,
                _hour(second, part, False) * 60,
                part,
                False,
            )
    return None


def _point(text: str, position: int, part: str | None) -> Clock | None:
    for match in POINT.finditer(text, position):
        value = _value(match, 0, part)
        if value is None or not _meant(text, match, part):
            continue
        second = None if match["bound"] else SECOND.match(text, match.end())
        if second:
            own = next((name for name in PARTS if second[name]), None)
            end = _value(second, 1, own or part)
            return _clock(match.start(), second.end(), value, end, part, False)
        exact = bool(match["hh0"]) and int(match["hh0"]) > 12
        start, end = _bounded(value, match["bound"] or _lead(text, match.start()), part)
        return Clock(match.start(), match.end(), start, end, part, exact or part is not None)
    return None


def _lead(text: str, begin: int) -> str | None:
    """The bound that words before a time set: 最晚四点, 不早于十点."""
    before = LEAD.search(text[max(0, begin - 9) : begin])
    return ("后" if "早" in before[0] else "前") if before else None


def _bounded(value: int, bound: str | None, part: str | None) -> tuple[int, int | None]:
    if not bound:
        return value, None
    if "前" in bound:
        if part is None and value <= minutes(OPENS) and value + _HALF_DAY <= minutes(CLOSES):
            value += _HALF_DAY  # before eight, when we open at eight, is of the evening
        return min(minutes(WINDOWS[part][0] if part else OPENS), value), value
    closes = minutes(WINDOWS[part][1] if part else CLOSES)
    return value, closes if closes > value else max(minutes(CLOSES), value)
