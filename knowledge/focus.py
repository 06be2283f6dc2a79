"""What a turn does to the item at hand: points back, corrects, asks for a sibling (那丢了呢), or nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from knowledge.field import asked_field, asks
from knowledge.guide import Guide
from knowledge.library import GuideLibrary
from knowledge.text import strip_fillers
from knowledge.wording import data

_ASIDE = re.compile(r"（[^）]*）")
MIN_HEAD = 2
"""Characters two names must share in a row to be of one family."""


@dataclass(frozen=True, slots=True)
class Move:
    """How a turn refers to what was said before."""

    text: str
    """The words without those that only refer."""
    back: bool
    """Points to an item before the one at hand: 刚才那个, 说回."""
    corrects: bool
    """Denies the item at hand: 不是，我问的是."""
    sibling: bool
    """Names another event or object for the same kind of thing: 那丢了呢, 电表呢."""


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {key: re.compile("|".join(words)) for key, words in data("focus").items()}


def read_move(text: str) -> Move:
    """What the words of a turn refer to."""
    found = _patterns()
    past = found["back"].search(text)
    part = past is not None and bool(asked_field(past.group(0)))  # 先不说材料 leaves a part aside, no item
    back, corrects = past is not None and not part, part or bool(found["corrects"].search(text))
    bare = found["corrects"].sub("，", found["back"].sub("，", text)) if back or corrects else text
    bare = strip_fillers(bare.strip("，, "))
    if corrects:
        bare = found["leading"].sub("", bare) or bare
    sibling = bool(found["event"].search(text)) or bool(found["what_about"].search(text))
    return Move(bare or text, back, corrects, sibling)


def put_right(before: str, text: str, move: Move) -> str:
    """Both turns as one question: 户口本丢了能不能代办 + 不是户口本，是身份证 = 身份证丢了能不能代办."""
    denied = _patterns()["denied"].search(text)
    wrong = denied.group("denied") if denied else ""
    return before.replace(wrong, move.text) if wrong and wrong in before else f"{before}，{move.text}"


def points(text: str) -> bool:
    """Whether the words begin by pointing at the item at hand: 那个证几年一换."""
    return bool(_patterns()["points"].search(text))


def new_event(text: str, current: Guide) -> bool:
    """Whether the words name an event or object that the item at hand is not about: 丢了 for 期满换证."""
    return any(found.group(0) not in current.name for found in _patterns()["event"].finditer(text))


def done(guide: Guide) -> str:
    """What is done with the thing the item's name names: 变更登记 of 公司变更登记; "" for none."""
    found = _patterns()["done"].search(_ASIDE.sub("", guide.name))
    return found.group(0) if found else ""


def in_passing(text: str) -> bool:
    """Whether an item the words name is only a document that is missing or stands for another."""
    return bool(_patterns()["in_passing"].search(text))


def head(name: str, other: str) -> str:
    """The longest run of characters two names share, without words such as 登记; "" for none."""
    best = ""
    for start in range(len(name)):
        for end in range(start + max(MIN_HEAD, len(best) + 1), len(name) + 1):
            if name[start:end] not in other:
                break
            best = name[start:end]
    plain = data("focus_plain")
    for word in plain:
        best = best.replace(word, "")
    return best if len(best) >= MIN_HEAD else ""


def family(guide: Guide, library: GuideLibrary) -> dict[str, str]:
    """Items a citizen may mean by 那…呢: id -> what both are about (head), "" when only related."""
    found = {key: "" for key in guide.related if key in library.guides}
    for other in library.guides.values():
        if other.id == guide.id or other.imported:
            continue
        shared = head(guide.name, other.name)
        if shared or other.id in found or guide.id in other.related:
            found[other.id] = shared
    return found


def refers(text: str, move: Move) -> bool:
    """Whether the turn leaves out what it asks about the thing it names: 电表呢, 不是，我问的是二手房."""
    named = bool(_patterns()["what_about"].search(text)) or move.corrects
    return named and not asks(move.text)


def mentioned_again(text: str, before: Sequence[Guide], current: Guide) -> Guide | None:
    """The one earlier item whose name the words share a part of that the item at hand has not."""
    own = "\n".join((current.name, *current.aliases))
    shares = []
    for guide in before:
        parts = [head(name, text) for name in (guide.name, *guide.aliases)]
        longest = max((part for part in parts if part and part not in own), key=len, default="")
        if longest:
            shares.append((len(longest), guide))
    if not shares:
        return None
    most = max(length for length, _ in shares)
    best = [guide for length, guide in shares if length == most]
    return best[0] if len(best) == 1 else None
