"""Small numbers in an answer (第二个, 3, 两个人) and the five levels of a rating (非常满意 is 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.zh_number import to_int

_N = r"(?:\d{1,3}|[一二两三四五六七八九十]{1,3})"
_ORDINAL = re.compile(rf"第(?P<n>{_N})(?:个|项|条|种|位|家)?")
_LAST = re.compile(r"最后(?:那|一)?个")
_SHORT = re.compile(
    rf"\D{{0,4}}?(?P<n>{_N})(?:个|人|份|项|位|名|岁|家|套|件|本|张|口)*(?:人|小孩|孩子)?(?:吧|的|了|啊|呀|左右)?[。.]?"
)
_TIME = re.compile(r"[点时分周月日天后前半刻年]|星期|礼拜|万一|一下|一样|一般|一点|有一")
_STARS = re.compile(r"(?P<n>[1-5一二两三四五])(?:颗)?(?:星|分)")
_LEVELS = (
    (1, re.compile(r"(?:非常|很|十分|特别|极其|相当|极度|太)不满意|不满意(?:极了|得很)")),
    (2, re.compile(r"不(?:太|怎么|大|是很)?满意")),
    (3, re.compile(r"基本满意|一般般|(?:比较|还算|勉强)一般|马马虎虎|凑合|过得去")),
    (
        5,
        re.compile(r"(?:非常|很|十分|特别|相当|极其|超|太|灰常|最)满意|满分|满意得很|满意极了|百分之?百满意"),
    ),
    (4, re.compile(r"(?<!基本)(?<!不)满意(?!吗|度|不)")),
)


@dataclass(frozen=True)
class Small:
    """A number found, with its half-open span."""

    value: int
    start: int
    end: int


def find_number(text: str) -> Small | None:
    """An ordinal, or the number of a short answer; -1 for 最后一个; None for a time or a long text."""
    match = _ORDINAL.search(text)
    if match is None and (last := _LAST.search(text)):
        return Small(-1, *last.span())
    if match is None and len(text) <= 10 and not _TIME.search(text):
        match = _SHORT.fullmatch(text.rstrip())
    if match is None:
        return None
    try:
        return Small(to_int(match["n"]), *match.span("n"))
    except ValueError:
        return None


def find_rating(text: str) -> Small | None:
    """Level 1 (非常不满意) to 5 (非常满意); stars and points out of five count; bare 好评/差评 gives None."""
    match = _STARS.search(text)
    if match:
        return Small(to_int(match["n"]), *match.span())
    for level, pattern in _LEVELS:
        if found := pattern.search(text):
            return Small(level, *found.span())
    return None
