"""Whether a question is about the guide at hand without asking the index."""

from __future__ import annotations

from knowledge.field import asked_field, residue
from knowledge.guide import Guide
from knowledge.situations import facts_in_words
from knowledge.wording import data


def is_followup(text: str, current: Guide, named: set[str]) -> bool:
    """True when the words are a field, a situation, or point back (那…呢), and nothing else is left of them.

    Args:
        text: normalised question.
        current: the guide at hand.
        named: ids of items whose names stand in the text.

    """
    if named - {current.id}:
        return False
    asks = asked_field(text)
    facts = facts_in_words(current, text)
    points = any(word in text for word in data("fields")["asks"]["pronouns"])
    if not (asks or facts or points or current.id in named):
        return False
    said = tuple(phrase for s in current.situations for o in s.options for phrase in (o.label, *o.says))
    own = (current.name, *current.aliases)
    return len(residue(text, (*said, *own))) <= int(data("thresholds")["residue_letters"])
