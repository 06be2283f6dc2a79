"""Which guide a turn refers to by pointing back, correcting, naming a sibling, or leaving the item out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from knowledge.answerable import Zone
from knowledge.field import residue
from knowledge.field_model import FieldModel
from knowledge.focus import Move, family, mentioned_again
from knowledge.followup import is_followup
from knowledge.guide import Guide
from knowledge.look import Look, Looker
from knowledge.passages import Hit
from knowledge.situations import facts_in_words
from knowledge.stay import StayModel, stay_features
from knowledge.wording import data

Referred = tuple[Guide, list[Hit], float]
"""The guide, what was looked at, and how sure that it is meant."""


class ContextReader:
    """Thread-safe: what it remembers is only worked out once."""

    def __init__(self, looker: Looker, fields: FieldModel, stay: StayModel) -> None:
        self._looker, self._fields, self._stay = looker, fields, stay
        self._library, self._ranker = looker.library, looker.ranker
        self._names = looker.ranker.names
        self._rules: dict[str, Any] = data("thresholds")
        self._families: dict[str, dict[str, str]] = {}

    def referred(
        self,
        text: str,
        move: Move,
        current: Guide,
        fields: tuple[str, ...],
        named: set[str],
        day: date,
        recent: Sequence[str],
    ) -> Referred | None:
        """The guide that a turn refers to; None when it stands for itself.

        Args:
            text: the words, normalised.
            move: how they refer.
            current: the guide at hand.
            fields: the parts that are asked for.
            named: ids of items whose names stand in the text.
            day: for expiry.
            recent: guides before that one, latest first.

        """
        before = [guide for key in recent if (guide := self._looker.in_force(key, day))]
        if move.back and before:
            return self._pointed_at(move, before, current, day)
        again = mentioned_again(text, before, current)
        if again is not None and not named - {again.id}:
            return again, [], 0.9
        family = self._family(current)
        said = facts_in_words(current, text)
        corrects_item = move.corrects and not said
        if not named - {current.id} and not corrects_item:
            sibling = self._sibling(move, current, family, day) if move.sibling else None
            if sibling is not None:
                return sibling
            if is_followup(text, current, named) and (fields or said):
                return current, [], 1.0
        alone = self._looker.look(move.text, day)
        first, zone = alone.hits[0], alone.judged.zone
        own = float(alone.evidence.single[self._ranker.index.column[current.id]])
        asked_word_for_word = own >= self._rules["closest"]["faq"]
        first_here = zone is not Zone.REFUSE and first.guide_id == current.id
        if (first_here or asked_word_for_word) and not move.corrects:
            return current, alone.hits, alone.judged.right
        near = not first.stub and first.guide_id in family
        if near and zone is not Zone.REFUSE and (move.sibling or move.corrects or zone is Zone.ANSWER):
            return self._library.guides[first.guide_id], alone.hits, alone.judged.right
        if named - {current.id}:
            return None
        return self._elliptical(move, current, family, alone, day)

    def _elliptical(
        self,
        move: Move,
        current: Guide,
        family: Mapping[str, str],
        alone: Look,
        day: date,
    ) -> Referred | None:
        """The item left out: what the words mean together with the name of the item at hand."""
        short = len(move.text) <= self._rules["elliptical_text"]
        if alone.judged.zone is Zone.ANSWER and not short:
            return None
        shares = self._fields.probabilities(move.text, self._ranker.encoder)
        row = stay_features(move.text, alone.evidence, self._ranker.index.column[current.id], shares)
        if self._stay.probability(row) < self._rules["stays"]:
            return None
        together = self._looker.look(f"{current.name}，{move.text}", day)
        best = together.hits[0].guide_id
        if alone.judged.zone is Zone.ANSWER:
            named = alone.hits[0].guide_id in self._names.mentioned(move.text)
            strong = alone.judged.right >= self._rules["stands_alone"]
            if named or strong or best != current.id:
                return None
        if move.corrects:
            others = [hit for hit in together.hits if hit.guide_id in family]
            return (self._library.guides[others[0].guide_id], together.hits, 0.5) if others else None
        if best == current.id or best in family:
            guide = self._library.guides[best]
            return guide, together.hits, max(alone.judged.right, 0.5)
        return None

    def _pointed_at(self, move: Move, before: list[Guide], current: Guide, day: date) -> Referred:
        """Which earlier item is meant: the one the words are nearest to; without words, the latest."""
        named = self._names.mentioned(move.text) & {guide.id for guide in (*before, current)}
        if len(named) == 1:
            return self._library.guides[named.pop()], [], 1.0
        if len(residue(move.text)) <= self._rules["residue_letters"]:
            return before[0], [], 0.9
        seen = self._looker.look(move.text, day)
        column = self._ranker.index.column
        best = max((*before, current), key=lambda guide: seen.totals[column[guide.id]])
        return best, seen.hits, 0.8

    def _sibling(self, move: Move, current: Guide, family: Mapping[str, str], day: date) -> Referred | None:
        """Another item of the family, when the words with what both are about lie nearer to it."""
        column = self._ranker.index.column
        best: tuple[float, str, Look] | None = None
        for shared in {head for head in family.values() if head}:
            seen = self._looker.look(f"{shared}{move.text}", day)
            own = seen.totals[column[current.id]]
            for key, about in family.items():
                ahead = float(seen.totals[column[key]] - own)
                if about == shared and (best is None or ahead > best[0]):
                    best = (ahead, key, seen)
        if best is None or best[0] < self._rules["sibling_lead"] or best[2].hits[0].guide_id != best[1]:
            return None
        return self._library.guides[best[1]], best[2].hits, 0.8

    def _family(self, guide: Guide) -> dict[str, str]:
        if guide.id not in self._families:
            self._families[guide.id] = family(guide, self._library)
        return self._families[guide.id]
