"""Ages in a citizen's words and in an option's label."""

from __future__ import annotations

import re

_DIGITS = {ch: n for n, ch in enumerate("零一二三四五六七八九")} | {"两": 2}
_NUMBER = r"(\d{1,3}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[零一二两三四五六七八九])"
_BELOW = re.compile(
    rf"(?:未满|不满|没满|没到|不到|不足|还差点到){_NUMBER}(?:个?周)?岁?|{_NUMBER}(?:周)?岁(?:以下|不到)"
)
_AT = re.compile(rf"(?:刚满|满了|年满|满|过了|都)?{_NUMBER}(?:多)?(?:周)?岁(?!以下)|满了?{_NUMBER}了")
_RANGE = re.compile(rf"{_NUMBER}(?:周?岁)?(?:至|到|-|—|~|～){_NUMBER}周?岁")
_UPWARD = re.compile(rf"(?:年满|已满|满|超过){_NUMBER}周?岁|{_NUMBER}周?岁(?:及)?以上")


def number(text: str) -> int:
    """十六 -> 16, 二十 -> 20, 8 -> 8."""
    if text.isdigit():
        return int(text)
    if "十" not in text:
        return _DIGITS[text]
    tens, _, ones = text.partition("十")
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def age_said(text: str) -> float | None:
    """The age in years a sentence states; half a year under N for 不到N岁; None when it states none."""
    below = _BELOW.search(text)
    if below:
        return number(below.group(1) or below.group(2)) - 0.5
    at = _AT.search(text)
    return float(number(at.group(1) or at.group(2))) if at else None


def age_matches(label: str, age: float) -> bool:
    """Whether an option's label such as 未满16周岁, 16至25周岁, 满46周岁 covers the age."""
    span = _RANGE.search(label)
    if span:
        return number(span.group(1)) <= age < number(span.group(2)) + 1
    below = _BELOW.search(label)
    if below:
        return age < number(below.group(1) or below.group(2))
    upward = _UPWARD.search(label)
    return upward is not None and age >= number(upward.group(1) or upward.group(2))
