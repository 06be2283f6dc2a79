"""How alike two complaints are, 0 to 1: what they are about, the words, and whether place or number differ.

Pure but for the model of the departments, which is built at the first use. What they are about is the profile
over the topics of `actions.departments`: 欠薪 and 不发工资 share it, though no character. A bus of
another number or a lamp in another street is another matter, whatever the words.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import numpy as np

from actions.departments import Proposer
from actions.departments.words import Scores

NOT_WORDS = re.compile(r"[\W_]+")
ABOUT, WORDS = 0.85, 0.15
"""Shares of topic profile and words; chosen on the half `fit` of tests/contracts/order_pairs.yml."""
ELSEWHERE = 0.3
"""What is left of a likeness when the places or the numbers contradict each other."""
NUMBERED = re.compile(r"(\d+|[一二三四五六七八九十]+)(路公交|路车|路|号线|栋|幢|座|单元|期|楼)")
UNITS = {"路公交": "路", "路车": "路", "幢": "栋", "座": "栋"}
Profiles = Callable[[Sequence[str]], Scores]
logger = logging.getLogger(__name__)


@cache
def _proposer() -> Proposer:
    return Proposer()


def profiles(texts: Sequence[str]) -> Scores:
    """What each text is about: (texts, topics)."""
    return _proposer().profiles(texts)


def likenesses(
    text: str, others: Sequence[str], places: Callable[[str], Iterable[str]], profile: Profiles = profiles
) -> list[float]:
    """How alike each of `others` is to `text`; `places` finds the names of places in a text.

    Without a profile (the model cannot be built) the words alone count.
    """
    if not others:
        return []
    words = [overlap(text, other) for other in others]
    try:
        about = _cosines(profile([text, *others]))
    except Exception as error:  # a help for staff; without it they still see what has the same words
        logger.error("no topic profiles for the likeness of orders: %s", type(error).__name__)
        about = words
    return [
        min(1.0, (ABOUT * a + WORDS * w) * (ELSEWHERE if contradict(text, other, places) else 1.0))
        for a, w, other in zip(about, words, others, strict=True)
    ]


def overlap(one: str, other: str) -> float:
    """Likeness of the words alone: twice the character pairs they share over all that they have (Dice)."""
    a, b = _pairs(one), _pairs(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def contradict(one: str, other: str, places: Callable[[str], Iterable[str]]) -> bool:
    """True if both name a place, or a number of the same kind, and none of them in common."""
    mine, theirs = _numbers(one), _numbers(other)
    if any(mine[unit].isdisjoint(theirs[unit]) for unit in mine.keys() & theirs.keys()):
        return True
    here, there = set(places(one)), set(places(other))
    if not here or not there:
        return False
    return not any(place in other for place in here) and not any(place in one for place in there)


def _cosines(rows: Scores) -> list[float]:
    """Of the first row with each of the others, 0 where either is empty."""
    lengths = np.linalg.norm(rows, axis=1)
    lengths[lengths == 0] = 1.0
    unit = rows / lengths[:, None]
    return [max(0.0, float(value)) for value in unit[1:] @ unit[0]]


def _pairs(text: str) -> frozenset[str]:
    plain = NOT_WORDS.sub("", unicodedata.normalize("NFKC", text)).lower()
    if len(plain) < 2:
        return frozenset({plain} if plain else ())
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1))


def _numbers(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for number, unit in NUMBERED.findall(unicodedata.normalize("NFKC", text)):
        found.setdefault(UNITS.get(unit, unit), set()).add(number)
    return found
