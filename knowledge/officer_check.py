"""What an officer is about to send, held against the guide: fee, days and papers that contradict it.

Quiet and careful: only what is stated plainly on both sides counts, so that a warning is worth a look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from knowledge.card import kept
from knowledge.guide import Fact, Guide, Material
from knowledge.quantities import number
from knowledge.situations import Facts
from knowledge.text import clauses, normalise
from knowledge.wording import phrase

_NUMBER = r"(\d+(?:\.\d+)?|[零一二两三四五六七八九十百千〇]+)"
_YUAN = re.compile(_NUMBER + r"(万)?\s*(?:元|块(?:钱)?)(?!以|至|到)")
_DAYS = re.compile(_NUMBER + r"\s*个?\s*(工作日|日|天)(?!后|前|起|龄)")
_FREE = re.compile(r"免费|不收费|不用(?:交|花|付)?钱|不要钱|不收(?:任何)?(?:费用|钱)|零费用")
_PAY = re.compile(r"费|钱|元|块|缴|交(?!通|到)")
_TAKES = re.compile(
    r"办好|办结|办完|办理|出证|制证|拿到|领到|领证|取证|下来|审批|审核|等|工作日|时限|需要?\d|要\d"
)
_NEEDLESS = re.compile(
    r"(?:不用|不需要?|无需|不必|不要|没必要|免)(?:再|另外)?"
    r"(?:带|交|提供|提交|准备|出示|拿)?(?P<what>[^，。；？！、]{2,16})"
)
_BY_ANOTHER = re.compile("代|委托|经办|监护|受托")
"""Papers that only somebody who comes for another needs."""
MIN_NAME = 3
"""Characters of a material's name that must stand in the words; shorter ones are too common."""
Field = Literal["fee", "time_limit", "materials"]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One statement that the guide does not bear out."""

    field: Field
    said: str
    """The officer's words."""
    guide_says: str
    """The guide's sentence."""


def contradictions(text: str, guide: Guide, facts: Facts) -> list[Contradiction]:
    """What in `text` contradicts the guide as it applies under `facts`; at most one a field.

    Args:
        text: what the officer typed.
        guide: the guide at hand.
        facts: the citizen's situation as far as known.

    """
    parts = clauses(normalise(text))
    found = (_fee(parts, guide, facts), _days(parts, guide, facts), _needless(parts, guide, facts))
    return [one for one in found if one is not None]


def _fee(parts: Iterable[str], guide: Guide, facts: Facts) -> Contradiction | None:
    rules = [guide.fee.summary, *(rule.text for rule in kept(guide.fee.facts, facts))]
    amount = guide.fee.amount_yuan
    stated = {amount} if amount is not None else {value for rule in rules for value in _yuan(rule)}
    free = amount == 0 or any(_FREE.search(rule) for rule in rules)
    if not stated and not free:
        return None  # the guide names no sum: nothing to hold against
    known = stated | {value for sentence in _sentences(guide) for value in _yuan(sentence)}
    for part in parts:
        says_free, said = _FREE.search(part), _yuan(part)
        if says_free and not free:
            return Contradiction("fee", says_free.group(0), guide.fee.summary)
        if said and _PAY.search(part) and not said & known:
            return Contradiction("fee", part, guide.fee.summary)
    return None


def _days(parts: Iterable[str], guide: Guide, facts: Facts) -> Contradiction | None:
    limits = kept((*guide.time_limit.promised, *guide.time_limit.statutory), facts)
    stated = [limit.text for limit in limits if _durations(limit.text)]
    if not stated:
        return None
    known = {value for sentence in _sentences(guide) for value in _durations(sentence)}
    for part in parts:
        said = _durations(part)
        if said and _TAKES.search(part) and not said & known:
            return Contradiction("time_limit", part, stated[0])
    return None


def _sentences(guide: Guide) -> Iterator[str]:
    """Everything the guide says: a number that stands anywhere in it is no contradiction."""
    yield guide.summary
    yield guide.fee.summary
    yield guide.visits.note
    for part in guide.parts():
        yield part.text if isinstance(part, Fact) else f"{part.name}，{part.note}"
    for situation in guide.situations:
        yield from (option.label for option in situation.options)


def _needless(parts: Iterable[str], guide: Guide, facts: Facts) -> Contradiction | None:
    needed = [material for material in guide.materials if _always(material, facts)]
    for part in parts:
        for found in _NEEDLESS.finditer(part):
            for material in needed:
                if _names(material.name, found["what"]):
                    shown = phrase("officer_check.needed", name=material.name)
                    return Contradiction("materials", found.group(0), shown)
    return None


def _always(material: Material, facts: Facts) -> bool:
    """Whether this citizen needs it beyond doubt: no unknown condition, no choice, no way round it."""
    fits = all(facts.get(key) in values for key, values in material.when.items())
    choice = any(word in f"{material.name}{material.note}" for word in ("或", "之一", "有一"))
    others = bool(_BY_ANOTHER.search(material.name)) or material.ecert or material.form == "电子"
    return fits and not choice and not others and material.without is None


def _names(name: str, words: str) -> bool:
    """Whether the words name the material, or one of the papers that its name joins."""
    for paper in re.split(r"[、及和（(）)/]", name):
        bare = re.sub(r"^(?:居民|本人|申请人)|(?:原件|复印件|及复印件)$", "", paper)
        if len(bare) >= MIN_NAME and bare in words:
            return True
    return False


def _yuan(text: str) -> set[float]:
    return {number(m[1]) * (10_000 if m[2] else 1) for m in _YUAN.finditer(text)}


def _durations(text: str) -> set[tuple[float, bool]]:
    """(number, whether working days)."""
    return {(number(m[1]), m[2] == "工作日") for m in _DAYS.finditer(text)}
