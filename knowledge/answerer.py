"""Questions to answers. The text is a guide's own; when unsure it asks back, else it says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from knowledge.answer import Answer, Status, Why, clarify, not_handled
from knowledge.answerable import Zone
from knowledge.card import build_card
from knowledge.closest import ClosestPoint
from knowledge.context import ContextReader
from knowledge.encode import Encoder, open_encoder
from knowledge.errors import UnknownGuide
from knowledge.field import asks, residue
from knowledge.focus import Move, put_right, read_move
from knowledge.followup import parts_asked
from knowledge.guide import FIELDS, Guide
from knowledge.index import PassageIndex
from knowledge.library import GuideLibrary
from knowledge.look import Look, Looker
from knowledge.outcome import outcome_sentence
from knowledge.passages import Hit
from knowledge.settings import KnowledgeSettings
from knowledge.situations import facts_in_words, known
from knowledge.store import Snapshot, load_sound_index
from knowledge.suggest import Suggestion, suggestions
from knowledge.text import normalise, strip_fillers
from knowledge.wording import data, phrase

WARM_UP = "預熱"
"""Asked once at start, so that no citizen waits for the pinyin and script tables."""


class Answerer:
    """Pure CPU and thread-safe; one per process is enough."""

    def __init__(self, snapshot: Snapshot) -> None:
        library = snapshot.library
        self._library, self._name = library, snapshot.name
        self._ranker, self._fields = snapshot.ranker, snapshot.fields
        self._looker = Looker(library, snapshot.ranker, snapshot.judge)
        self._context = ContextReader(self._looker, snapshot.fields, snapshot.stay)
        ranker = self._ranker
        self._names = ranker.names
        self._rules = data("thresholds")
        self._closest = ClosestPoint(ranker.index.texts_by_guide(("fact", "faq")), ranker.encoder)

    @classmethod
    def load(cls, settings: KnowledgeSettings, encoder: Encoder | None = None) -> Answerer:
        """Read encoder and index; the guides are those the index was built from.

        Raises:
            EncoderMissing: there is no encoder where the settings say.
            IndexMismatch: there is no sound index that was built with this encoder.

        """
        return cls.of(load_sound_index(settings.index_dir, encoder or open_encoder(settings)))

    @classmethod
    def of(cls, snapshot: Snapshot) -> Answerer:
        """Over a loaded index, warmed up."""
        snapshot.ranker.evidence(WARM_UP)
        return cls(snapshot)

    def answer(
        self,
        question: str,
        guide_id: str | None = None,
        facts: Mapping[str, str] | None = None,
        today: date | None = None,
        recent: Sequence[str] = (),
        asked: Sequence[str] = (),
        pending: str = "",
    ) -> Answer:
        """Answer one question.

        Args:
            question: the citizen's words.
            guide_id: the guide under discussion, if any; an unknown one is ignored.
            facts: situation facts known so far.
            today: for expiry; default the current day.
            recent: guides talked about before that one, latest first.
            asked: the fields that the last answer was about.
            pending: the words that were asked back about in the last turn; read together with these
                when these alone are not enough.

        """
        found = self._alone(question, guide_id, facts, today, recent, asked)
        if not pending or found.why == "empty":
            return found
        unsure = found.outcome in ("clarify", "refuse")
        if unsure or self._says_little(question, found):
            text = normalise(question)
            words = put_right(normalise(pending), text, read_move(text))
            both = self._alone(words, guide_id, facts, today, recent, asked)
            if both.outcome in ("answered", "redirect") and (unsure or both.confidence > found.confidence):
                return self._refielded(both, found) if found.fields else both
        return found

    def _says_little(self, question: str, found: Answer) -> bool:
        """Whether the answer to a question back was too short to be a matter of its own, and names none."""
        text, rules = normalise(question), self._rules
        weak = not found.followup and found.confidence < rules["stands_alone"]
        return weak and len(text) <= rules["elliptical_text"] and not self._names.mentioned(text)

    def _refielded(self, answer: Answer, asked: Answer) -> Answer:
        """The answer with the fields of the latest words put first."""
        if answer.card is None or answer.fields == asked.fields:
            return answer
        lead, card = build_card(self.library.guides[answer.guide_id], answer.facts, asked.fields)
        return replace(answer, fields=asked.fields, field=asked.fields[0], lead=lead, card=card)

    def _alone(
        self,
        question: str,
        guide_id: str | None,
        facts: Mapping[str, str] | None,
        today: date | None,
        recent: Sequence[str],
        asked: Sequence[str],
    ) -> Answer:
        facts, day = dict(facts or {}), today or date.today()
        text = normalise(question)
        current = self._looker.in_force(guide_id, day)
        if not text:
            return Answer("unanswerable_no_guide", why="empty")
        move = read_move(text)
        fields = parts_asked(text, move, asked, self._fields, self._ranker.encoder)
        named = self._names.mentioned(text)
        if current is not None:
            found = self._in_context(text, move, current, facts, fields, named, day, recent, asked)
            if found is not None:
                return found
            facts = self._shared(facts)
        bare = len(text) <= self._rules["bare_text"] and not residue(text)
        if bare and not named and not self._names.exact(text):
            return self._without_matter(fields)
        seen = self._looker.look(text, day)
        return replace(self._decided(text, current, facts, fields, seen), explain=seen.judged.explain)

    def _in_context(
        self,
        text: str,
        move: Move,
        current: Guide,
        facts: dict[str, str],
        fields: tuple[str, ...],
        named: set[str],
        day: date,
        recent: Sequence[str],
        asked: Sequence[str],
    ) -> Answer | None:
        """The answer when the turn refers to what was said before; None when it stands for itself."""
        target = self._context.referred(text, move, current, fields, named, day, recent)
        if target is None:
            return None
        guide, hits, sure = target
        known_facts = facts if guide.id == current.id else self._shared(facts)
        if not fields and move.sibling and not asks(text) and not facts_in_words(guide, text):
            fields = tuple(asked)
        return self._from_guide(
            guide, text, known_facts, fields, followup=guide.id == current.id, confidence=sure, hits=hits
        )

    def _shared(self, facts: Mapping[str, str]) -> dict[str, str]:
        return {key: value for key, value in facts.items() if key in self._rules["shared_facts"]}

    def _decided(
        self,
        text: str,
        current: Guide | None,
        facts: dict[str, str],
        fields: tuple[str, ...],
        seen: Look,
    ) -> Answer:
        """Answer, ask back, send elsewhere or refuse: what the evidence allows, never more."""
        evidence, judged, hits = seen.evidence, seen.judged, seen.hits
        first, zone, right = hits[0], judged.zone, judged.right
        if zone is Zone.ANSWER and evidence.outside >= first.cosine + self._rules["outside_lead"]:
            zone = Zone.CLARIFY  # a service without a guide lies nearer than the best guide: ask, never guess
        if zone is Zone.ANSWER and len(strip_fillers(text)) <= self._rules["short_text"]:
            zone = Zone.CLARIFY
        if zone is Zone.ANSWER and evidence.domain < self._rules["answer_domain"]:
            zone = Zone.CLARIFY  # sounds like no matter of an office, whatever words it shares with a guide
        if first.stub and zone is not Zone.REFUSE and right >= self._rules["stub_answer"]:
            return not_handled(self.library.stubs[first.guide_id], hits, right)
        if zone is Zone.ANSWER or self._is_name(text, first):
            if first.stub:
                return not_handled(self.library.stubs[first.guide_id], hits, right)
            guide = self.library.guides[first.guide_id]
            same = current is not None and guide.id == current.id
            return self._from_guide(guide, text, facts, fields, followup=same, confidence=right, hits=hits)
        if zone is Zone.CLARIFY:
            return replace(clarify(hits, right, self._rules["clarify_options"]), fields=fields)
        why: Why = "no_service" if evidence.domain < 0 else "no_guide"
        return Answer("unanswerable_no_guide", rejected=hits, confidence=right, why=why, fields=fields)

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
            asked = next(iter(self.fields(text)), "")
            each = [
                suggestions(self.library.guides[o["guide_id"]], asked, {}, high=False)[:1]
                for o in found.options
            ]
            return [suggestion for few in each for suggestion in few][:k]
        return []

    @property
    def current(self) -> Answerer:
        """Itself: a fixed answerer is always the one in service (see answer_source)."""
        return self

    @property
    def library(self) -> GuideLibrary:
        """The guides that answer."""
        return self._library

    @property
    def snapshot(self) -> str:
        """Name of the index they are searched with."""
        return self._name

    @property
    def index(self) -> PassageIndex:
        """What is searched."""
        return self._ranker.index

    @property
    def encoder(self) -> Encoder:
        """What makes vectors of texts."""
        return self._ranker.encoder

    def fields(self, text: str) -> tuple[str, ...]:
        """The parts of a guide that the words ask for."""
        return self._fields.asked(normalise(text), self._ranker.encoder)

    def find_item(self, text: str) -> Hit | None:
        """The guide a phrase such as 居住证 names; None when unsure or when it is a stub."""
        text = normalise(text)
        if not text:
            return None
        exact = self._names.exact(text)
        if exact in self.library.stubs:
            return None
        seen = self._looker.look(text, date.today())
        if exact:
            every = self._looker.hits(seen.evidence, seen.totals, most=len(seen.totals))
            return next((hit for hit in every if hit.guide_id == exact), None)
        first = seen.hits[0]
        return first if seen.judged.zone is Zone.ANSWER and not first.stub else None

    def _is_name(self, text: str, hit: Hit) -> bool:
        return self._names.exact(text) == hit.guide_id

    def _without_matter(self, fields: tuple[str, ...]) -> Answer:
        """For words that name no matter: a bare field is asked back, anything else is not understood."""
        if not fields:
            return Answer("unanswerable_no_guide", why="no_service")
        lead = phrase("which_item")
        return Answer("clarify", field=fields[0], fields=fields, lead=lead, why="no_item_named")

    def _from_guide(
        self,
        guide: Guide,
        text: str,
        facts: dict[str, str],
        fields: tuple[str, ...],
        *,
        followup: bool,
        confidence: float,
        hits: list[Hit] | None = None,
    ) -> Answer:
        said = facts_in_words(guide, text)
        now = {**known(guide, facts), **said}
        asked = fields[0] if fields else ""
        lead, card = build_card(guide, now, fields)
        if followup and said and asked in ("", "conditions"):
            lead = outcome_sentence(guide, now) or phrase("lead.situation", labels=card["fits"])
        elif len(fields) < 2:
            point = "" if asked == "result" else asked  # 旧证还能用吗: as open as one about conditions
            lead = self._closest.lead(guide, now, strip_fillers(text), point) or lead
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
            fields=fields,
        )


__all__ = ["Answer", "Answerer", "Status", "UnknownGuide"]
