"""A message that becomes a 12345 work order: words, phone, read-back, number."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import WorkOrderSystem
from actions.booking_slots import day_label
from actions.forms import interrupts, leaves, needs_person, outcome
from actions.masking import mask_phone
from actions.phrases import Phrases
from actions.turn import Turn

FORM_SLOTS = ("message_kind", "message_text", "message_phone", "message_confirm")
SHORTEST = 4
"""Characters of a message that says something; shorter ones are asked again."""


def clear(events: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Events that empty the message form."""
    return [*(events or []), *(SlotSet(n, None) for n in FORM_SLOTS), SlotSet("form_failures", 0)]


class ValidateMessage(TurnAction):
    """`validate_message_form`."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__("validate_message_form", phrases)

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. While the words are asked for, almost anything is the message."""
        if turn.resumed:
            return Result(events=outcome(turn, {}))
        if leaves(turn) or turn.intent in {"human", "urgent"}:
            return Result()
        filled: dict[str, Any] = {}
        notes: list[str] = []
        if turn.active_form is None or not turn.slots.get("message_kind"):
            filled["message_kind"] = "complaint" if turn.intent == "complaint" else "call_back"
        wanted = turn.requested_slot
        if turn.first("phone"):
            filled["message_phone"] = str(turn.first("phone"))
        elif wanted == "message_phone" and re.search(r"\d{5,}", turn.text):
            notes.append("phone_invalid")
        if wanted == "message_text":
            if len(turn.text) >= SHORTEST:
                filled["message_text"] = turn.text
            else:
                notes.append("message_too_short")
        elif wanted == "message_confirm" and not filled:
            if turn.intent == "affirm":
                filled["message_confirm"] = True
            elif turn.intent == "deny":
                filled["message_text"] = None
        if not filled and not notes and interrupts(turn, "leave_message"):
            return Result()
        result = Result(events=outcome(turn, filled))
        result.messages = [messages.text(self.phrases.say(n), status="form_note") for n in notes]
        return result


class AskMessage(TurnAction):
    """`action_ask_message_form_<slot>`."""

    def __init__(self, slot: str, phrases: Phrases) -> None:
        super().__init__(f"action_ask_message_form_{slot}", phrases)
        self._slot = slot

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        stuck = needs_person(turn.slots)
        replies = self.phrases.replies("replies_person" if stuck else "replies_cancel")
        options: list[dict[str, Any]] = []
        rows: list[tuple[str, str]] = []
        if self._slot == "message_confirm":
            options = self.phrases.replies("message_confirm_options")
            rows = [
                (self.phrases.say("label_message"), str(turn.slots["message_text"])),
                (self.phrases.say("label_phone"), mask_phone(str(turn.slots["message_phone"]))),
            ]
        key = f"ask_{self._slot}"
        if self._slot == "message_text" and turn.slots.get("message_kind") == "complaint":
            key = "ask_message_text_complaint"
        sentence = self.phrases.say(key)
        if stuck:
            sentence = f"{self.phrases.say('form_stuck')}{sentence}"
        asking = self._slot.removeprefix("message_").replace("text", "message")
        return Result([messages.ask(sentence, asking=asking, options=options, rows=rows, replies=replies)])


class FileMessage(TurnAction):
    """`action_leave_message`: file the work order; only then give its number."""

    def __init__(self, phrases: Phrases, orders: WorkOrderSystem) -> None:
        super().__init__("action_leave_message", phrases)
        self._orders = orders

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        slots = turn.slots
        order = self._orders.create(
            kind="complaint" if slots.get("message_kind") == "complaint" else "call_back",
            text=str(slots["message_text"]),
            contact=str(slots.get("booking_name") or ""),
            phone=str(slots["message_phone"]),
            owner=turn.conversation_id,
            key=f"{turn.conversation_id}:{turn.message_id}",
        )
        sentence = self.phrases.say("work_order_filed", due=day_label(order.due_on))
        return Result(
            [messages.work_order(sentence, order, self.phrases.replies("replies_work_order"))],
            clear([SlotSet("last_service", f"work_order:{order.order_no}")]),
        )
