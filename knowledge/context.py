"""Which guide a turn refers to by pointing back, correcting, naming a sibling, or leaving the item out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from knowledge.answerable import Zone
from knowledge.field import asked_field, residue
from knowledge.field_model import FieldModel
from knowledge.focus import Move, in_passing, mentioned_again, new_event, points, refers
from knowledge.followup import is_followup, only_a_part
from knowledge.guide import Guide
from knowledge.kin import Kin, Referred
from knowledge.look import Look, Looker
from knowledge.situations import facts_in_words
from knowledge.stay import StayModel, stay_features
from knowledge.wording import data


class ContextReader:
    """Thread-safe: what it remembers is only worked out once."""

    def __init__(self, looker: Looker, fields: FieldModel, stay: StayModel) -> None:
        self._looker, self._fields, self._stay = looker, fields, stay
        self._library, self._ranker = looker.library, looker.ranker
        self._names = looker.ranker.names
        self._rules: dict[str, Any] = data("thresholds")
        self._kin = Kin(looker)

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
        meant = in_passing(text) or (points(text) and not named - {current.id})
        if meant and self._together(move, current, day).hits[0].guide_id == current.id:
            return current, [], 0.9
        if move.sibling and not refers(text, move) and not new_event(move.text, current):
            move = replace(move, sibling=False)  # 有欠税能注销吗, of the guide on 注销
        said, others = bool(facts_in_words(current, text)), named - {current.id}
        if not others:
            found = self._bare_or_followup(text, move, current, fields, said, day)
            if found is not None:
                return found
        return self._looked_up(text, move, current, said, others, day)

    def _bare_or_followup(
        self, text: str, move: Move, current: Guide, fields: tuple[str, ...], said: bool, day: date
    ) -> Referred | None:
        """A turn without the name of another item: of the family, or only about the one at hand."""
        bare, denies = refers(text, move), _denies(move, said)
        if denies and bare:
            same = self._kin.same_done(move, current, set(), day)
            if same is not None and same[2] >= self._rules["near_right"]:
                return same
        if move.sibling and (not denies or new_event(move.text, current)):
            sibling = self._kin.sibling(move, current, day)
            if sibling is not None:
                return sibling
        asks_part = bool(fields) and (not bare or bool(asked_field(move.text)))
        alone = is_followup(move.text if move.corrects else text, current, set())
        return (current, [], 1.0) if alone and not denies and (asks_part or said) else None

    def _looked_up(
        self, text: str, move: Move, current: Guide, said: bool, others: set[str], day: date
    ) -> Referred | None:
        """What the words mean alone, with what is done to the thing at hand, and with its name."""
        alone, bare = self._looker.look(move.text, day), refers(text, move)
        first_here = alone.judged.zone is not Zone.REFUSE and alone.hits[0].guide_id == current.id
        if (first_here or self._word_for_word(alone, current, others)) and not _denies(move, said):
            return current, alone.hits, alone.judged.right
        if bare and not said and alone.judged.right < self._rules["stands_alone"]:
            same = self._kin.same_done(move, current, others, day)
            if same is not None:
                return same
        return self._near(move, current, alone, others, bare, day)

    def _near(
        self,
        move: Move,
        current: Guide,
        alone: Look,
        others: set[str],
        bare: bool,
        day: date,
    ) -> Referred | None:
        """A related item that comes first, or the one at hand where it was left out."""
        family = self._kin.family(current)
        first, zone = alone.hits[0], alone.judged.zone
        stays = self._stays(move, alone, current)
        if first.guide_id in family and not first.stub and self._is_meant(alone, move, stays, bare):
            return self._library.guides[first.guide_id], alone.hits, alone.judged.right
        aside = zone is not Zone.ANSWER and stays >= self._rules["stays_for_sure"]
        if others and (bare or not aside):
            return None
        return self._elliptical(move, current, alone, stays, day)

    def _word_for_word(self, alone: Look, current: Guide, others: set[str]) -> bool:
        """Whether the guide at hand is asked for in nearly these words, and no other is much nearer."""
        own = float(alone.evidence.single[self._ranker.index.column[current.id]])
        rules = self._rules["closest"]
        nearest = float(alone.evidence.single.max())
        return not others and own >= rules["faq"] and nearest - own < rules["lead"]

    def _stays(self, move: Move, alone: Look, current: Guide) -> float:
        """Probability that the words belong to the item at hand."""
        shares = self._fields.probabilities(move.text, self._ranker.encoder)
        row = stay_features(move.text, alone.evidence, self._ranker.index.column[current.id], shares)
        return self._stay.probability(row)

    def _is_meant(self, alone: Look, move: Move, stays: float, bare: bool) -> bool:
        """Whether a related item that comes first is meant rather than the one at hand."""
        zone, right, rules = alone.judged.zone, float(alone.judged.right), self._rules
        if zone is not Zone.REFUSE and (move.sibling or move.corrects):
            return True
        if bare and alone.hits[0].score >= rules["near_bare"]:
            return True
        if zone is Zone.ANSWER:
            return bool(stays < rules["stays_for_sure"] or right >= rules["stands_alone"])
        least = rules["near_sibling"] if move.sibling else rules["near_right"]
        return bool(right >= least and alone.hits[0].score >= rules["near_share"])

    def _elliptical(
        self,
        move: Move,
        current: Guide,
        alone: Look,
        stays: float,
        day: date,
    ) -> Referred | None:
        """The item left out: what the words mean together with the name of the item at hand."""
        rules, family = self._rules, self._kin.family(current)
        sure = stays >= rules["stays_for_sure"]
        longest = rules["elliptical_most" if sure else "elliptical_text"]
        if stays < rules["stays"] or (alone.judged.zone is Zone.ANSWER and len(move.text) > longest):
            return None
        together = self._together(move, current, day)
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

    def _together(self, move: Move, current: Guide, day: date) -> Look:
        """What the words say with the name of the item at hand before them."""
        return self._looker.look(f"{current.name}，{move.text}", day)

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


def _denies(move: Move, said: bool) -> bool:
    """Whether the turn denies the item at hand, not only a part of it or a fact about the citizen."""
    return move.corrects and not said and not only_a_part(move.text)
