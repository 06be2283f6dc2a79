"""Questions to answers. The text is a guide's own; when unsure it asks back, else it says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from knowledge.answer import Answer, Status, clarify, not_handled
from knowledge.answerable import Judge, Zone
from knowledge.card import build_card
from knowledge.closest import ClosestPoint
from knowledge.encode import Encoder, open_encoder
from knowledge.errors import UnknownGuide
from knowledge.field import asked_field, residue
from knowledge.followup import is_followup
from knowledge.guide import FIELDS, Guide
from knowledge.library import GuideLibrary
from knowledge.names import ItemNames
from knowledge.passages import Hit
from knowledge.ranker import Evidence, Ranker
from knowledge.settings import KnowledgeSettings
from knowledge.situations import facts_in_words, known
from knowledge.store import load_index
from knowledge.suggest import Suggestion, suggestions
from knowledge.text import normalise, strip_fillers
from knowledge.wording import data, phrase

SHOWN_HITS = 5
WARM_UP = "預熱"
"""Asked once at start, so that no citizen waits for the pinyin and script tables."""


class Answerer:
    """Pure CPU and thread-safe; one per process is enough."""

    def __init__(self, library: GuideLibrary, ranker: Ranker, judge: Judge) -> None:
        self.library, self._ranker, self._judge = library, ranker, judge
        self._names = ItemNames(library)
        self._rules = data("thresholds")
        self._closest = ClosestPoint(ranker.index.texts_by_guide(("fact", "faq")), ranker.encoder)

    @classmethod
    def load(cls, settings: KnowledgeSettings, encoder: Encoder | None = None) -> Answerer:
        """Read guides, encoder and index.

        Raises:
            GuideFaults: the guides are not in order.
            EncoderMissing: there is no encoder where the settings say.
            IndexMismatch: the index was not built from these guides with this encoder.

        """
        library = GuideLibrary.load(settings.guides_dir)
        ranker, judge = load_index(settings.index_dir, library, encoder or open_encoder(settings))
        ranker.evidence(WARM_UP)
        return cls(library, ranker, judge)

    def answer(
        self,
        question: str,
        guide_id: str | None = None,
        facts: Mapping[str, str] | None = None,
        today: date | None = None,
    ) -> Answer:
        """Answer one question.

        Args:
            question: the citizen's words.
            guide_id: the guide under discussion, if any; an unknown one is ignored.
            facts: situation facts known so far.
            today: for expiry; default the current day.

        """
        facts, day = dict(facts or {}), today or date.today()
        text = normalise(question)
        current = self._current(guide_id, day)
        if not text:
            return Answer("unanswerable_no_guide")
        named = self._names.mentioned(text)
        if current and is_followup(text, current, named):
            return self._from_guide(current, text, facts, followup=True, confidence=1.0)
        bare = len(text) <= self._rules["bare_text"] and not residue(text)
        if bare and not named and not self._names.exact(text):
            return self._without_matter(text)
        evidence = self._ranker.evidence(text)
        totals = self._usable(self._ranker.total(evidence), day)
        zone, right, _ = self._judge.judge(evidence, self._ranker.weights)
        hits = self._hits(evidence, totals)
        if current and self._stays(current, text, named, hits, zone):
            return self._from_guide(
                current, text, facts, followup=True, confidence=max(right, 0.5), hits=hits
            )
        if current:
            facts = {key: value for key, value in facts.items() if key in self._rules["shared_facts"]}
        first = hits[0]
        if zone is Zone.ANSWER and evidence.outside >= first.cosine + self._rules["outside_lead"]:
            zone = Zone.CLARIFY  # a service without a guide lies nearer than the best guide: ask, never guess
        if zone is Zone.ANSWER and len(strip_fillers(text)) <= self._rules["short_text"]:
            zone = Zone.CLARIFY
        if first.stub and zone is not Zone.REFUSE and right >= self._rules["stub_answer"]:
            return not_handled(self.library.stubs[first.guide_id], hits, right)
        if zone is Zone.ANSWER or self._is_name(text, first):
            if first.stub:
                return not_handled(self.library.stubs[first.guide_id], hits, right)
            guide = self.library.guides[first.guide_id]
            same = current is not None and guide.id == current.id
            return self._from_guide(guide, text, facts, followup=same, confidence=right, hits=hits)
        if zone is Zone.CLARIFY:
            return clarify(hits, right, self._rules["clarify_options"])
        return Answer("unanswerable_no_guide", rejected=hits, confidence=right)

    def card(self, guide_id: str, facts: Mapping[str, str], field: str = "") -> tuple[str, dict[str, Any]]:
        """Lead and card of a guide.

        Raises:
            UnknownGuide: there is no such guide.
            ValueError: `field` is not in guide.FIELDS.

        """
        if field and field not in FIELDS:
            raise ValueError(
                f"field {field!r} is unknown, expected one of {', '.join(FIELDS)} or an empty string"
            )
        return build_card(self.library.require(guide_id), facts, field)

    def suggest(
        self,
        text: str,
        guide_id: str | None = None,
        facts: Mapping[str, str] | None = None,
        k: int = 3,
        today: date | None = None,
    ) -> list[Suggestion]:
        """Up to `k` sentences an officer may send, best first; empty when we know nothing about it."""
        found = self.answer(text, guide_id, facts, today)
        if found.status == "answered":
            guide = self.library.guides[found.guide_id]
            return suggestions(guide, found.field, found.facts, high=True)[:k]
        if found.status == "clarify":
            asked = asked_field(text)
            each = [
                suggestions(self.library.guides[o["guide_id"]], asked, {}, high=False)[:1]
                for o in found.options
            ]
            return [suggestion for few in each for suggestion in few][:k]
        return []

    def find_item(self, text: str) -> Hit | None:
        """The guide a phrase such as 居住证 names; None when unsure or when it is a stub."""
        text = normalise(text)
        if not text:
            return None
        evidence = self._ranker.evidence(text)
        totals = self._usable(self._ranker.total(evidence), date.today())
        hits = self._hits(evidence, totals)
        exact = self._names.exact(text)
        if exact in self.library.stubs:
            return None
        if exact:
            every = self._hits(evidence, totals, most=len(totals))
            return next((hit for hit in every if hit.guide_id == exact), None)
        zone, _, _ = self._judge.judge(evidence, self._ranker.weights)
        sure = zone is Zone.ANSWER or self._is_name(text, hits[0])
        return hits[0] if sure and not hits[0].stub else None

    def _current(self, guide_id: str | None, day: date) -> Guide | None:
        guide = self.library.get(guide_id) if guide_id else None
        return guide if guide and guide.is_current(day) else None

    def _usable(self, totals: np.ndarray, day: date) -> np.ndarray:
        """Totals with guides that are not in force on `day` put last."""
        for column, key in enumerate(self._ranker.index.ids):
            guide = self.library.guides.get(key)
            if guide is not None and not guide.is_current(day):
                totals[column] = -np.inf
        return totals

    def _hits(self, evidence: Evidence, totals: np.ndarray, most: int = SHOWN_HITS) -> list[Hit]:
        finite = totals[np.isfinite(totals)]
        shares = np.exp(totals - finite.max()) / np.exp(finite - finite.max()).sum()
        order = [column for column in np.argsort(-totals) if np.isfinite(totals[column])]
        return [self._hit(int(column), evidence, float(shares[column])) for column in order[:most]]

    def _hit(self, column: int, evidence: Evidence, share: float) -> Hit:
        index = self._ranker.index
        key = index.ids[column]
        about = self.library.guides.get(key) or self.library.stubs[key]
        return Hit(
            guide_id=key,
            name=about.name,
            department=about.department,
            summary=about.summary,
            score=share,
            cosine=float(evidence.cosine[column]),
            passage=index.passages[int(evidence.nearest[column])].text,
            stub=key in self.library.stubs,
        )

    def _is_name(self, text: str, hit: Hit) -> bool:
        return self._names.exact(text) == hit.guide_id

    def _without_matter(self, text: str) -> Answer:
        """For words that name no matter: a bare field is asked back, anything else is not understood."""
        asked = asked_field(text)
        if not asked:
            return Answer("unanswerable_no_guide")
        return Answer("clarify", field=asked, lead=phrase("which_item"))

    def _stays(self, current: Guide, text: str, named: set[str], hits: list[Hit], zone: Zone) -> bool:
        """Whether a question that is no plain follow-up still belongs to the guide at hand."""
        if zone is Zone.REFUSE or (named and current.id not in named):
            return False
        share = next((hit.score for hit in hits if hit.guide_id == current.id), 0.0)
        if hits[0].guide_id == current.id or share + self._rules["switch_lead"] >= hits[0].score:
            return True
        return zone is Zone.CLARIFY and share >= self._rules["stay_share"]

    def _from_guide(
        self,
        guide: Guide,
        text: str,
        facts: dict[str, str],
        *,
        followup: bool,
        confidence: float,
        hits: list[Hit] | None = None,
    ) -> Answer:
        said = facts_in_words(guide, text)
        now = {**known(guide, facts), **said}
        asked = asked_field(text)
        lead, card = build_card(guide, now, asked)
        if followup and said and not asked:
            lead = phrase("lead.situation", labels=card["fits"])
        else:
            lead = self._closest.lead(guide, now, strip_fillers(text), asked) or lead
        used = [hit for hit in hits or [] if hit.guide_id == guide.id]
        rest = [hit for hit in hits or [] if hit.guide_id != guide.id]
        return Answer(
            "answered",
            guide.id,
            asked,
            followup,
            now,
            lead,
            card,
            hits=used,
            rejected=rest,
            confidence=confidence,
        )


__all__ = ["Answer", "Answerer", "Status", "UnknownGuide"]
