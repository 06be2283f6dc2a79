"""A message that becomes a 12345 work order: words, phone, read-back, number."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import WorkOrderSystem
from actions.booking_slots import day_label
from actions.cues import content, cue
from actions.forms import SURE, asked, goes_back, interrupts, leaves, outcome, within
from actions.masking import mask_phone
from actions.phrases import Phrases
from actions.turn import Turn

FORM_SLOTS = ("message_kind", "message_text", "message_phone", "message_confirm")
ORDER = ("message_text", "message_phone", "message_confirm")
NUMBER_TOLD = re.compile(r"(?:我的?)?(?:电话|手机|号码|联系方式)*(?:号码?)?(?:是|为|:|：)?\s*\+?[\d \-]{7,}")
"""A phone number with the words around it: no matter of a message."""
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
        turn = within(turn, ORDER)
        if leaves(turn) or turn.intent in {"human", "urgent"}:
            return Result()
        if turn.intent == "withdraw" and turn.requested_slot:  # 算了不投诉了: nothing was filed yet
            return Result(events=outcome(turn, dict.fromkeys(ORDER, "-") | {"message_confirm": False}))
        back = goes_back(turn, ORDER, self.phrases)
        if back is not None:
            return back
        filled: dict[str, Any] = {}
        notes: list[str] = []
        if turn.requested_slot is None:
            self._begin(turn, filled, notes)
        self._read_phone(turn, filled, notes)
        if turn.requested_slot == "message_text":
            if turn.intent in {"repeat", "elder_mode", "slower"} and turn.confidence >= SURE:
                return Result()
            matter = NUMBER_TOLD.sub("", turn.text).strip(" ,，。")
            if len(matter) >= SHORTEST:
                filled["message_text"] = turn.text
            elif not filled:
                notes.append("message_too_short")
        elif turn.requested_slot == "message_confirm" and not filled:
            self._read_answer(turn, filled)
        if not filled and not notes and interrupts(turn, "leave_message", "complaint"):
            return Result()
        result = Result(events=outcome(turn, filled))
        result.messages = [messages.text(self.phrases.say(n), status="form_note") for n in notes]
        return result

    @staticmethod
    def _read_answer(turn: Turn, filled: dict[str, Any]) -> None:
        """Yes, no, or more to say: what is added stands behind what was written."""
        written = str(turn.slots.get("message_text") or "")
        adds = cue("adds").search(turn.text) or (turn.intent == "complaint" and content(turn.text))
        if adds and turn.text not in written:
            filled["message_text"] = f"{written}；{turn.text}"
        elif turn.intent == "affirm":
            filled["message_confirm"] = True
        elif turn.intent == "deny":
            filled["message_text"] = None

    @staticmethod
    def _read_phone(turn: Turn, filled: dict[str, Any], notes: list[str]) -> None:
        if turn.first("phone"):
            filled["message_phone"] = str(turn.first("phone"))
        elif turn.requested_slot == "message_phone" and re.search(r"\d{5,}", turn.text):
            notes.append("phone_invalid")

    @staticmethod
    def _begin(turn: Turn, filled: dict[str, Any], notes: list[str]) -> None:
        """The first sentence may hold it all: its matter is the message, a phone given before is used."""
        filled["message_kind"] = "complaint" if turn.intent == "complaint" else "call_back"
        if not turn.slots.get("message_text") and content(turn.text):
            filled["message_text"] = content(turn.text)
        if not turn.slots.get("message_phone") and not turn.first("phone") and turn.slots.get("known_phone"):
            filled["message_phone"] = str(turn.slots["known_phone"])
            notes.append("known_phone")


class AskMessage(TurnAction):
    """`action_ask_message_form_<slot>`."""

    def __init__(self, slot: str, phrases: Phrases) -> None:
        super().__init__(f"action_ask_message_form_{slot}", phrases)
        self._slot = slot

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
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
        sentence, replies = asked(turn, self.phrases, self.phrases.say(key))
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
        if slots.get("message_confirm") is False:
            replies = self.phrases.replies("replies_start")
            left = messages.text(self.phrases.say("form_left"), status="form_left", replies=replies)
            return Result([left], clear())
        order = self._orders.create(
            kind="complaint" if slots.get("message_kind") == "complaint" else "call_back",
            text=str(slots["message_text"]),
            contact=str(slots.get("known_name") or slots.get("booking_name") or ""),
            phone=str(slots["message_phone"]),
            owner=turn.conversation_id,
            key=f"{turn.conversation_id}:{turn.message_id}",
        )
        sentence = self.phrases.say("work_order_filed", due=day_label(order.due_on))
        return Result(
            [messages.work_order(sentence, order, self.phrases.replies("replies_work_order"))],
            clear(
                [
                    SlotSet("last_service", f"work_order:{order.order_no}"),
                    SlotSet("known_phone", str(slots["message_phone"])),
                ]
            ),
        )
