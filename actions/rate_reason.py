"""The reason for a rating (一事一评 with its why): asked once after a bad one, added to what is stored."""

from __future__ import annotations

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import RatingSystem
from actions.cues import cue
from actions.forms import ASKING, LEAVE, QUESTION, is_another_task, outcome
from actions.phrases import Phrases
from actions.rate import COMMENT_LIMIT
from actions.rating_reasons import reasons
from actions.turn import Turn

FORM_SLOTS = ("reason_text", "reason_subject")
NONE_GIVEN = "-"


def offered(turn: Turn) -> list[str]:
    """The reasons that fit what was rated badly."""
    kind = str(turn.slots.get("reason_subject") or "").split(":")[0]
    return reasons(kind, turn.channel, "bad")


class ValidateReason(TurnAction):
    """`validate_reason_form`: any words are the reason, unless they ask for something else."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__("validate_reason_form", phrases)

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. "No" and "forget it" end the question; the rating itself stands."""
        if turn.resumed or turn.requested_slot is None:
            return Result(events=outcome(turn, {}))
        silent = turn.intent in {*LEAVE, "deny", "dont_know", "goodbye"} or cue("no_reason").search(turn.text)
        if silent:
            return Result(events=outcome(turn, {"reason_text": NONE_GIVEN}))
        asks = turn.intent in ASKING and QUESTION.search(turn.text)
        if (
            turn.intent in {"human", "urgent", "open_guide", "set_fact"}
            or asks
            or is_another_task(turn, "complaint")
        ):
            return Result()
        return Result(events=outcome(turn, {"reason_text": turn.text[:COMMENT_LIMIT]}))


class AskReason(TurnAction):
    """`action_ask_reason_form_reason_text`."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__("action_ask_reason_form_reason_text", phrases)

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        words = offered(turn)
        options = [{"label": word, "say": word} for word in words]
        replies = self.phrases.replies("replies_no_reason")
        sentence = self.phrases.say("ask_reason_text")
        return Result([messages.ask(sentence, asking="reason", options=options, replies=replies)])


class KeepReason(TurnAction):
    """`action_rate_reason`: add the reason to the rating; only then say so."""

    def __init__(self, phrases: Phrases, ratings: RatingSystem) -> None:
        super().__init__("action_rate_reason", phrases)
        self._ratings = ratings

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        subject, text = turn.slots.get("reason_subject"), str(turn.slots.get("reason_text") or "")
        events = [*(SlotSet(name, None) for name in FORM_SLOTS), SlotSet("form_failures", 0)]
        if not subject:
            sentence = self.phrases.say("nothing_to_rate")
            replies = self.phrases.replies("replies_complaint")
            return Result([messages.text(sentence, status="nothing_to_rate", replies=replies)], events)
        if text == NONE_GIVEN:
            skipped = messages.text(self.phrases.say("reason_skipped"), status="reason_skipped")
            return Result([skipped], events)
        known = [text] if text in offered(turn) else []
        comment = "" if known else text
        self._ratings.explain(subject, reasons=known, comment=comment, owner=turn.conversation_id)
        replies = self.phrases.replies("replies_reason")
        return Result(
            [messages.text(self.phrases.say("reason_kept"), status="reason_kept", replies=replies)], events
        )
