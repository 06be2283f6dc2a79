"""Small talk, greetings, pace and safety: one approved sentence per intent; leaving and starting over."""

from __future__ import annotations

from dataclasses import replace

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.answer_guide import AnswerGuide
from actions.booking import FORM_SLOTS as BOOKING_SLOTS
from actions.cancel_booking import FORM_SLOTS as CANCEL_SLOTS
from actions.case_status import FORM_SLOTS as CASE_SLOTS
from actions.change_booking import FORM_SLOTS as CHANGE_SLOTS
from actions.cues import cue
from actions.forms import QUESTION
from actions.leave_message import FORM_SLOTS as MESSAGE_SLOTS
from actions.phrases import Phrases
from actions.rate_reason import FORM_SLOTS as REASON_SLOTS
from actions.turn import Turn
from actions.work_orders import FORM_SLOTS as ORDER_SLOTS
from knowledge.answer_source import AnswerSource

ALL_FORM_SLOTS = (
    *BOOKING_SLOTS,
    *CASE_SLOTS,
    *CANCEL_SLOTS,
    *CHANGE_SLOTS,
    *MESSAGE_SLOTS,
    *ORDER_SLOTS,
    *REASON_SLOTS,
)


TALK = frozenset({"opinion", "small_talk"})
"""Talk in which a question of law or medicine may hide."""
POLITE = frozenset({"thanks", "greet", "affirm", "goodbye"})


class Say(TurnAction):
    """`action_say`: the phrase `say_<intent>` with its replies; a question behind a thanks is answered."""

    def __init__(self, phrases: Phrases, answer: AnswerGuide) -> None:
        super().__init__("action_say", phrases)
        self._answer = answer

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. An intent without a phrase gets the general help."""
        if turn.intent in POLITE and turn.first("guide_hint") and QUESTION.search(turn.text):
            return self._answer.act(
                replace(turn, text=cue("polite").sub("", turn.text))
            )  # 谢谢，那居住证要多久
        if turn.intent in TALK and turn.first("topic"):
            return self._answer.not_ours(turn, str(turn.first("topic")))
        known = f"say_{turn.intent}" in self.phrases.keys()
        key = turn.intent if known else "capabilities"
        replies_key = f"replies_{key}"
        replies = self.phrases.replies(replies_key if replies_key in self.phrases.keys() else "replies_start")
        if turn.active_form:
            replies = []
        effect, events = "", []
        if key == "elder_mode":
            if cue("elder_off").search(turn.text):
                return self._elder_off(turn)
            effect = "elder_on"
        if key in {"elder_mode", "slower"}:
            events = [SlotSet("plain_words", True)]
        sentence = self.phrases.say(f"say_{key}")
        return Result([messages.text(sentence, status=key, replies=replies, effect=effect)], events)

    def _elder_off(self, turn: Turn) -> Result:
        sentence = self.phrases.say("say_elder_mode_off")
        replies = [] if turn.active_form else self.phrases.replies("replies_elder_mode_off")
        message = messages.text(sentence, status="elder_mode_off", replies=replies, effect="elder_off")
        return Result([message], [SlotSet("plain_words", None)])


class Danger(TurnAction):
    """`action_urgent`: the right number for the kind of danger, at once, and a person."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__("action_urgent", phrases)

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. The kind comes from the entity `danger`; without one, all numbers."""
        kind = turn.first("danger") or "any"
        sentence = self.phrases.say(f"urgent_{kind}")
        replies = self.phrases.replies("replies_urgent")
        return Result([messages.text(sentence, status="urgent", replies=replies)])


class Repeat(TurnAction):
    """`action_repeat`: the gateway, which holds the transcript, says the last words again."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__("action_repeat", phrases)

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        return Result([messages.repeat()])


class StepBack(TurnAction):
    """`action_go_back`: outside any form, the guide that was talked about before."""

    def __init__(self, phrases: Phrases, source: AnswerSource) -> None:
        super().__init__("action_go_back", phrases)
        self._source = source

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. Offers it by name: one press opens it again."""
        now = turn.slots.get("guide_id")
        before = [g for g in turn.slots.get("guide_recent") or () if g != now]
        guide = self._source.current.library.get(str(before[0])) if before else None
        if guide is None:
            sentence, replies = self.phrases.say("nothing_before"), self.phrases.replies("replies_start")
            return Result([messages.text(sentence, status="nothing_before", replies=replies)])
        sentence = self.phrases.say("went_back", name=guide.name)
        reply = {"label": guide.name, "action": "open_guide", "args": {"guide_id": guide.id}}
        return Result([messages.text(sentence, status="went_back", replies=[reply])])


class LeaveForm(TurnAction):
    """`action_leave_form`: empty every form and say that nothing was done."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__("action_leave_form", phrases)

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        events = [SlotSet(name, None) for name in ALL_FORM_SLOTS]
        sentence = self.phrases.say("form_left")
        replies = self.phrases.replies("replies_start")
        return Result(
            [messages.text(sentence, status="form_left", replies=replies)],
            [*events, SlotSet("form_failures", 0)],
        )


class Restart(LeaveForm):
    """`action_start_over`: also forget the guide under discussion."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__(phrases)
        self._name = "action_start_over"

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        result = super().act(turn)
        sentence = self.phrases.say("started_over")
        result.messages = [
            messages.text(sentence, status="started_over", replies=self.phrases.replies("replies_start"))
        ]
        result.events += [
            SlotSet("guide_id", None),
            SlotSet("guide_facts", None),
            *(SlotSet(f"guide_{name}", None) for name in ("recent", "asked", "pending")),
            SlotSet("misses", 0),
        ]
        return result
