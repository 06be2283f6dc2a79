"""What a turn asks about the guide at hand: whether nothing but that, and which parts."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.encode import Encoder
from knowledge.field import asked_field, asked_fields, residue
from knowledge.field_model import FieldModel
from knowledge.focus import Move, refers
from knowledge.guide import FIELDS, Guide
from knowledge.situations import facts_in_words
from knowledge.wording import data

OPEN = "conditions"


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


def only_a_part(text: str) -> bool:
    """Whether the words name a part of a guide and nothing else: 多少钱, 是要几天."""
    return bool(asked_field(text)) and len(residue(text)) <= int(data("thresholds")["residue_letters"])


def parts_asked(
    text: str, move: Move, before: Sequence[str], model: FieldModel, encoder: Encoder
) -> tuple[str, ...]:
    """The parts a turn asks for, surest first; () for the whole guide.

    A turn that only names another item or case (那二手房呢; 不是，我问的是电表) asks for the parts asked
    `before`; of one that corrects, what it denies is not read (我问的是多少钱不是材料). What only names a
    thing looks like a question about conditions, so that these do not count against it.
    """
    own = move.text if move.corrects else text
    if before and refers(text, move) and not asked_fields(own):
        others = model.probabilities(own, encoder)[[field != OPEN for field in FIELDS]]
        if move.corrects or float(others.max()) < data("thresholds")["inherits"]:
            return tuple(before)
    return model.asked(own, encoder)
