"""Reaching a person: the action only says so to the gateway, which owns the state."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction

from actions import messages
from actions.action import Result, TurnAction
from actions.masking import mask_name, mask_phone
from actions.phrases import Phrases
from actions.turn import Turn
from knowledge.answer_source import AnswerSource


class HandOff(TurnAction):
    """`action_handoff`: pass on what is already known, masked, so that nobody asks twice."""

    def __init__(self, phrases: Phrases, source: AnswerSource) -> None:
        super().__init__("action_handoff", phrases)
        self._source = source

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        reason = "asked" if turn.intent == "human" else "not_understood"
        # Listen next: a form in hand must not ask on while a person is waited for.
        return Result([messages.handoff(reason, self._known(turn))], [FollowupAction("action_listen")])

    def _known(self, turn: Turn) -> dict[str, str]:
        slots = turn.slots
        known: dict[str, str] = {}
        guide = self._source.current.library.get(str(slots.get("guide_id") or ""))
        if guide is not None:
            known[self.phrases.say("label_asked")] = guide.name
            facts = slots.get("guide_facts") or {}
            for situation in guide.situations:
                for option in situation.options:
                    if facts.get(situation.key) == option.value:
                        known[situation.ask] = option.label
        if slots.get("booking_item"):
            known[self.phrases.say("label_booking_item")] = slots["booking_item"]["name"]
        if slots.get("booking_name"):
            known[self.phrases.say("label_name")] = mask_name(str(slots["booking_name"]))
        if slots.get("booking_phone"):
            known[self.phrases.say("label_phone")] = mask_phone(str(slots["booking_phone"]))
        if slots.get("case_no"):
            known[self.phrases.say("label_case_no")] = str(slots["case_no"])
        return known
