"""Small talk, greetings and safety: one approved sentence per intent."""

from __future__ import annotations

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.booking import FORM_SLOTS as BOOKING_SLOTS
from actions.cancel_booking import FORM_SLOTS as CANCEL_SLOTS
from actions.case_status import FORM_SLOTS as CASE_SLOTS
from actions.leave_message import FORM_SLOTS as MESSAGE_SLOTS
from actions.phrases import Phrases
from actions.turn import Turn


class Say(TurnAction):
    """`action_say`: the phrase `say_<intent>` with its replies."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__("action_say", phrases)

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. An intent without a phrase gets the general help."""
        known = f"say_{turn.intent}" in self.phrases.keys()
        key = turn.intent if known else "capabilities"
        replies_key = f"replies_{key}"
        replies = self.phrases.replies(replies_key if replies_key in self.phrases.keys() else "replies_start")
        if turn.active_form:
            replies = []
        return Result([messages.text(self.phrases.say(f"say_{key}"), status=key, replies=replies)])


class LeaveForm(TurnAction):
    """`action_leave_form`: empty every form and say that nothing was done."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__("action_leave_form", phrases)

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        events = [
            SlotSet(name, None) for name in (*BOOKING_SLOTS, *CASE_SLOTS, *CANCEL_SLOTS, *MESSAGE_SLOTS)
        ]
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
