"""Chinese numerals: 二十三 -> 23, 二〇二六 -> 2026, 幺三八 -> "138"."""

from __future__ import annotations

import re

DIGITS = {
    "零": 0,
    "〇": 0,
    "○": 0,
    "一": 1,
    "幺": 1,
    "壹": 1,
    "二": 2,
    "两": 2,
    "俩": 2,
    "贰": 2,
    "三": 3,
    "仨": 3,
    "叁": 3,
    "四": 4,
    "肆": 4,
    "五": 5,
    "伍": 5,
    "六": 6,
    "陆": 6,
    "七": 7,
    "拐": 7,
    "柒": 7,
    "八": 8,
    "捌": 8,
    "九": 9,
    "勾": 9,
    "玖": 9,
}
UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10000}
NUMERAL = r"(?:\d{1,4}|[零〇○一二两俩三仨四五六七八九十百]+)"
_ALL = re.compile(rf"(?:\d+|[{''.join(DIGITS)}{''.join(UNITS)}]+)\Z")


def to_int(text: str) -> int:
    """Read a whole number written in figures or in Chinese.

    Raises:
        ValueError: the text is not a number, for example "十十" or "".
    """
    if not _ALL.match(text):
        raise ValueError(f"not a number: got {text!r}, expected figures or Chinese numerals such as 二十三")
    if text[0].isdecimal():
        return int(text)
    if not any(char in UNITS for char in text):
        return int("".join(str(DIGITS[char]) for char in text))
    return _with_units(text)


def _with_units(text: str) -> int:
    total = section = 0
    digit: int | None = None
    last_unit = 10**9
    for char in text:
        if char in DIGITS:
            if digit not in (None, 0):
                raise ValueError(f"two digits without a unit between them: got {text!r}")
            digit = DIGITS[char]
            continue
        unit = UNITS[char]
        if unit == 10000:
            total, section, digit, last_unit = (section + (digit or 0)) * unit, 0, None, unit
            continue
        if unit >= last_unit or digit == 0:
            raise ValueError(f"units out of order: got {text!r}")
        section += (1 if digit is None else digit) * unit
        digit, last_unit = None, unit
    return total + section + (digit or 0)


def spoken_digits(text: str) -> str:
    """Turn a spelled-out figure string into figures, keeping its length: 幺三八零 -> 1380; others stay."""
    return "".join(str(DIGITS[char]) if char in DIGITS else char for char in text)


def to_chinese(number: int) -> str:
    """Write 0..99 the way people say it: 23 -> 二十三.

    Raises:
        ValueError: number outside 0..99.
    """
    if not 0 <= number <= 99:
        raise ValueError(f"number out of range: got {number}, expected 0..99")
    names = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    if not tens:
        return names[ones]
    return ("" if tens == 1 else names[tens]) + "十" + (names[ones] if ones else "")
