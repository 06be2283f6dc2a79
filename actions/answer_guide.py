"""Answering from the guides: whole card, follow-up, one clarifying question, or an honest no."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import FollowupAction, SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.phrases import Phrases
from actions.turn import Turn
from knowledge.answer import Answer
from knowledge.answer_source import AnswerSource
from knowledge.answerer import Answerer
from knowledge.errors import UnknownGuide
from knowledge.receipts import ReceiptBook
from knowledge.record import answer_record
from knowledge.talk import Talk

OFFER_PERSON_AFTER = 2
"""Unanswered questions in a row after which a person is offered first."""
OTHERS = "others"
"""The topic (nlu_data/topics.yml) of other people's data."""
ALWAYS_ASKABLE = {"fee", "time_limit"}
"""Fields that every guide has as a headline, beside its sections."""


class AnswerGuide(TurnAction):
    """`action_answer_guide`: everything that sounds like a question about a service comes here."""

    def __init__(self, phrases: Phrases, source: AnswerSource, receipts: ReceiptBook | None = None) -> None:
        super().__init__("action_answer_guide", phrases)
        self._source, self._receipts = source, receipts

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        form = None if turn.active_form else _waits_for(turn)
        if form:
            return Result(events=[FollowupAction(form)])
        talk = _talk(self._source.current, turn)
        if turn.first("topic") == OTHERS and turn.intent not in {"open_guide", "set_fact"}:
            return self.not_ours(turn, OTHERS)  # before any guide: how to look up is not what was asked
        if turn.intent == "open_guide":
            return self._open(turn, talk, str(turn.args.get("guide_id") or ""), {})
        if turn.intent == "set_fact":
            guide_id = str(turn.args.get("guide_id") or talk.guide_id or "")
            known = talk.facts if guide_id == talk.guide_id else {}
            fact = {str(turn.args.get("key")): str(turn.args.get("value"))}
            return self._open(turn, talk, guide_id, {**known, **fact})
        return self._answered(turn, talk, talk.ask(turn.text))

    def _open(self, turn: Turn, talk: Talk, guide_id: str, facts: dict[str, str]) -> Result:
        try:
            lead, card = talk.answerer.card(guide_id, facts)
        except UnknownGuide:
            return self._unanswered(turn)
        answer = Answer("answered", guide_id, facts=facts, lead=lead, card=card)
        talk.remember(turn.text, answer)
        return self._card(turn, talk, answer, compact=False)

    def _answered(self, turn: Turn, talk: Talk, answer: Answer) -> Result:
        if answer.status == "answered" and answer.card is not None and answer.guide_id:
            return self._card(turn, talk, answer, compact=bool(answer.field) and answer.followup)
        if answer.status == "clarify" and answer.options:
            sentence = self.phrases.say("clarify")
            replies = self.phrases.replies("replies_clarify")
            return Result([messages.clarify(sentence, answer.options, replies)], _asked_back(talk, answer))
        if answer.status == "clarify" and answer.lead:
            # A field alone (要多少钱) and no service under discussion: ask which one.
            return Result([messages.text(answer.lead, status="which_service")], _asked_back(talk, answer))
        if answer.status == "not_handled_here" and answer.stub:
            sentence = self.phrases.say(
                "not_handled_here",
                name=answer.stub["name"],
                handled_by=answer.stub["handled_by"],
                reach=answer.stub["reach"],
            )
            replies = self.phrases.replies("replies_unanswered")
            return Result(
                [messages.text(sentence, status="not_handled_here", replies=replies)],
                [SlotSet("misses", 0), SlotSet("guide_pending", None)],
            )
        return self._unanswered(turn)

    def not_ours(self, turn: Turn, topic: str) -> Result:
        """A topic that an assistant must not answer: who can."""
        sentence = self.phrases.say(f"topic_{topic}")
        replies = [] if turn.active_form else self.phrases.replies("replies_unanswered")
        return Result([messages.text(sentence, status=f"topic_{topic}", replies=replies)])

    def _unanswered(self, turn: Turn) -> Result:
        if turn.first("topic"):
            return self.not_ours(turn, str(turn.first("topic")))
        if turn.intent == "out_of_scope":
            sentence = self.phrases.say("say_out_of_scope")
            replies = self.phrases.replies("replies_start")
            return Result([messages.text(sentence, status="out_of_scope", replies=replies)])
        misses = int(turn.slots.get("misses") or 0) + 1
        key = "unanswered_again" if misses >= OFFER_PERSON_AFTER else "unanswered"
        return Result(
            [
                messages.text(
                    self.phrases.say(key),
                    status="unanswerable_no_guide",
                    replies=self.phrases.replies("replies_unanswered"),
                )
            ],
            [SlotSet("misses", misses), SlotSet("guide_pending", None)],
        )

    def _card(self, turn: Turn, talk: Talk, answer: Answer, *, compact: bool) -> Result:
        guide_id, field = answer.guide_id, answer.field
        card = {**(answer.card or {}), "answer_id": self._receipt(talk.answerer, answer)}
        shown = {section["key"] for section in card["sections"]} | ALWAYS_ASKABLE
        replies = [
            {"label": label, "say": label}
            for key, label in zip(
                self.phrases.words("followup_fields"), self.phrases.words("followup_questions"), strict=True
            )
            if key != field and key in shown
        ][:3]
        replies.append(self.phrases.replies("replies_after_card")[0])
        return Result(
            [messages.answer(answer.lead, card, field=field, compact=compact, replies=replies)],
            [
                SlotSet("guide_id", talk.guide_id),
                SlotSet("guide_facts", dict(talk.facts)),
                SlotSet("guide_asked", list(talk.asked)),
                SlotSet("guide_pending", talk.pending or None),
                SlotSet("guide_recent", list(talk.recent)),
                SlotSet("misses", 0),
                *self._rateable(turn, guide_id),
            ],
        )

    def _receipt(self, answerer: Answerer, answer: Answer) -> str:
        """The id under which this answer stays resolvable; "" where no book is kept."""
        if self._receipts is None:
            return ""
        return self._receipts.issue(answer_record(answer, answerer.library, answerer.snapshot))

    @staticmethod
    def _rateable(turn: Turn, guide_id: str) -> list[dict[str, Any]]:
        """An answer can be rated too, unless something weightier was just done."""
        last = str(turn.slots.get("last_service") or "")
        if last and not last.startswith("guide:"):
            return []
        return [SlotSet("last_service", f"guide:{guide_id}:{turn.conversation_id}")]


def _waits_for(turn: Turn) -> str | None:
    """The form that a bare detail outside any form belongs to: a number, or data of a booking put aside."""
    if turn.intent not in {"inform", "nlu_fallback"}:
        return None
    if turn.first("case_no"):
        return "case_form"
    if turn.first("work_order_no"):
        return "order_form"
    begun = turn.slots.get("booking_item") or turn.slots.get("booking_hall")
    details = ("day", "time", "hall", "district", "phone", "person_name")
    return "booking_form" if begun and any(turn.first(name) for name in details) else None


def _talk(answerer: Answerer, turn: Turn) -> Talk:
    """The talk so far, as the slots keep it."""
    slots = turn.slots
    return Talk(
        answerer,
        slots.get("guide_id"),
        dict(slots.get("guide_facts") or {}),
        tuple(slots.get("guide_recent") or ()),
        tuple(slots.get("guide_asked") or ()),
        str(slots.get("guide_pending") or ""),
    )


def _asked_back(talk: Talk, answer: Answer) -> list[dict[str, Any]]:
    """What a question back leaves behind: the words, and the fields they asked for if any."""
    fields = [SlotSet("guide_asked", list(talk.asked))] if answer.fields else []
    return [SlotSet("guide_pending", talk.pending), *fields]
