"""Numbers with a unit in a citizen's words: 8个月, 三万元, 一百二十平."""

from __future__ import annotations

import re

from knowledge.bounds import STEP

_DIGITS = {ch: n for n, ch in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_TENS = {"十": 10, "百": 100, "千": 1000}
_NUMBER = r"(\d+(?:\.\d+)?|[零一二两三四五六七八九十百千〇]+)(万)?"
_WORDS = {
    "岁": r"(?:个)?(?:周)?岁",
    "日": r"(?:个)?(?:日|天)",
    "个月": r"个?月(?!\d|底|初)",
    "年": r"(?:个)?年(?!\d|底|初)",
    "元": r"(?:元|块(?:钱)?|圆)",
    "平方米": r"(?:个)?(?:平方米|平方|平米|平|㎡)",
    "人": r"(?:个|名|位)?(?:人|股东)",
    "次": r"(?:次|回|趟)",
    "级": r"级",
    "分": r"分",
}
_BELOW = re.compile(r"(?:不到|未满|不满|没满|没到|不足|还差|少于|低于|没有)$")
_ABOVE = re.compile(r"(?<!没)(?<!不)(?<!未)(?:超过|多于|大于|高于|满了?还多)$")
_HALF = re.compile(r"半年|半个月")


def number(text: str) -> float:
    """三百二十 -> 320, 8 -> 8, 1.5 -> 1.5; digits read one by one when no unit stands between (二零)."""
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    total, last = 0.0, 0.0
    if not set(text) & set(_TENS):
        return float("".join(str(_DIGITS[ch]) for ch in text))
    for ch in text:
        if ch in _TENS:
            total += (last or 1) * _TENS[ch]
            last = 0
        else:
            last = _DIGITS[ch]
    return total + last


def quantity_said(text: str, unit: str) -> float | None:
    """The one number in `unit` that a short text states; None when it states none or several.

    A year counts as twelve months and the other way round; half a year as six.
    """
    found = {_value(m, text) for m in re.finditer(_NUMBER + _WORDS[unit], text)}
    if unit == "个月":
        found |= {12 * _value(m, text) for m in re.finditer(_NUMBER + _WORDS["年"], text)}
        found |= {6.0 if half == "半年" else 0.5 for half in _HALF.findall(text)}
    if unit == "年":
        found |= {_value(m, text) / 12 for m in re.finditer(_NUMBER + _WORDS["个月"], text)}
        found |= {0.5 for half in _HALF.findall(text) if half == "半年"}
    return found.pop() if len(found) == 1 else None


def _value(found: re.Match[str], text: str) -> float:
    """The number; a little less after 不到, a little more after 超过 or before 多."""
    value = number(found.group(1)) * (10_000 if found.group(2) else 1)
    before, after = text[: found.start()], text[found.end() :]
    if _BELOW.search(before):
        return value - STEP
    return value + STEP if _ABOVE.search(before) or after.startswith(("多", "以上")) else value
