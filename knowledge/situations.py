"""What the citizen's situation changes: which parts apply, what is worth asking, what the words tell."""

from __future__ import annotations

import re
from collections.abc import Mapping

from knowledge.ages import age_matches, age_said
from knowledge.guide import Guide, Option, Situation, When
from knowledge.quantities import quantity_said

_VERB_LIKE = re.compile(
    r"[满未已没不有无在是自委本由需想要到能首第因按只还刚超持租买卖用领办丢被从属符享参交缴住申正个一两\d]"
)
"""First characters after which 如果 reads well; before a noun it is 如果是."""

SHORT_REPLY = 10
"""Characters of an answer such as 交了8个月."""

Facts = Mapping[str, str]
"""Situation key -> option value, as far as known."""


def contradicted(when: When, facts: Facts) -> bool:
    """True when a known fact rules the part out."""
    return any(key in facts and facts[key] not in values for key, values in when.items())


def unknown_keys(when: When, facts: Facts) -> tuple[str, ...]:
    """Keys that decide about the part and are not known yet, in the order written."""
    return tuple(key for key in when if key not in facts)


def applies(when: When, facts: Facts) -> bool:
    """True when the part certainly applies."""
    return not contradicted(when, facts) and not unknown_keys(when, facts)


def when_text(guide: Guide, when: When, facts: Facts) -> str:
    """The unknown part of a condition in words, e.g. 如果未满16周岁; empty when nothing is unknown."""
    parts = []
    for key in unknown_keys(when, facts):
        situation = guide.situation(key)
        labels = [situation.label(value) if situation else value for value in when[key]]
        parts.append("或".join(labels))
    said = "，并且".join(part if _VERB_LIKE.match(part) else f"是{part}" for part in parts)
    return f"如果{said}" if said else ""


def known(guide: Guide, facts: Facts) -> dict[str, str]:
    """Only those facts that are answers to this guide's questions."""
    return {
        s.key: facts[s.key]
        for s in guide.situations
        if s.key in facts and any(option.value == facts[s.key] for option in s.options)
    }


def open_question(guide: Guide, facts: Facts) -> Situation | None:
    """The first question that is not answered and still changes something; None when there is none."""
    facts = known(guide, facts)
    live = {
        key
        for part in guide.parts()
        if part.when and not contradicted(part.when, facts)
        for key in unknown_keys(part.when, facts)
    }
    return next((s for s in guide.situations if s.key in live), None)


def facts_in_words(guide: Guide, text: str) -> dict[str, str]:
    """Situation facts that the words state: by an option's label or `says`, or by an age.

    A shorter match inside a longer one does not count (满16周岁 in 未满16周岁). Where two options of
    one question both match, the words do not decide and the question stays open. A bare number (8个月)
    decides only where one question alone counts in that unit.
    """
    found: dict[str, str] = {}
    for situation in guide.situations:
        alone = sum(other.unit == situation.unit for other in guide.situations) == 1
        value = _stated(situation, text, counts=alone)
        if value is not None:
            found[situation.key] = value
    return found


def _stated(situation: Situation, text: str, *, counts: bool) -> str | None:
    spans: list[tuple[int, int, str]] = []
    for option in situation.options:
        for phrase in (option.label, *option.says):
            start = text.find(phrase)
            while phrase and start >= 0:
                spans.append((start, start + len(phrase), option.value))
                start = text.find(phrase, start + 1)
    outer = [s for s in spans if not any(_inside(s, other) for other in spans)]
    values = {value for _, _, value in outer}
    if len(values) == 1:
        return values.pop()
    if values:
        return None
    if situation.unit:
        counted = _by_number(situation, text) if counts else None
        return counted.value if counted else None
    age = age_said(text)
    if age is None:
        return None
    fitting = [option.value for option in situation.options if age_matches(option.label, age)]
    return fitting[0] if len(fitting) == 1 else None


def _by_number(situation: Situation, text: str) -> Option | None:
    """The option whose bounds hold the number the text states.

    An age is an age anywhere in a sentence. Any other number is only taken from a short reply: in a longer
    sentence nobody knows what it counts.
    """
    if situation.unit == "岁":
        stated = age_said(text)
    else:
        stated = quantity_said(text, situation.unit) if len(text) <= SHORT_REPLY else None
    return None if stated is None else situation.option_of(stated)


def _inside(inner: tuple[int, int, str], outer: tuple[int, int, str]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1] and outer[1] - outer[0] > inner[1] - inner[0]
