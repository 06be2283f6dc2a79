"""A message that becomes a 12345 work order: words, phone, read-back, number."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.order_policy import shared_policy
from actions.backends.ports import IllegalTransition, WorkOrder, WorkOrderSystem
from actions.booking_slots import day_label
from actions.cues import content, cue
from actions.forms import SURE, asked, goes_back, interrupts, leaves, needs_person, outcome, within
from actions.masking import mask_phone
from actions.phrases import Phrases
from actions.turn import Turn
from actions.work_orders import rateable, shown

FORM_SLOTS = ("message_kind", "message_text", "message_phone", "message_confirm")
ORDER = ("message_text", "message_phone", "message_confirm")
NUMBER_TOLD = re.compile(r"(?:我的?)?(?:电话|手机|号码|联系方式)*(?:号码?)?(?:是|为|:|：)?\s*\+?[\d \-]{7,}")
"""A phone number with the words around it: no matter of a message."""
PRIVATE = ("anonymous", "confidential")
"""Kinds of complaint besides the open one: nobody's name, or a name that is sealed."""
NO_PHONE = "-"
"""Stands for the phone of an anonymous complaint."""
SHORTEST = 4
"""Characters of a message that says something; shorter ones are asked again."""
LONGEST_WISH = 10
"""Characters up to which words with 匿名 or 保密 in them are taken for that wish alone."""


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
        if turn.requested_slot != "message_confirm":
            self._read_privacy(turn, filled, notes)
        if turn.requested_slot is None:
            self._begin(turn, filled, notes)
        self._read_phone(turn, filled, notes)
        if turn.requested_slot == "message_text":
            if turn.intent in {"repeat", "elder_mode", "slower"} and turn.confidence >= SURE:
                return Result()
            self._read_text(turn, filled, notes)
        elif turn.requested_slot == "message_confirm" and not filled:
            self._read_answer(turn, filled)
        if not filled and not notes and interrupts(turn, "leave_message", "complaint"):
            return Result()
        result = Result(events=outcome(turn, filled))
        result.messages = [messages.text(self.phrases.say(n), status="form_note") for n in notes]
        return result

    @staticmethod
    def _read_text(turn: Turn, filled: dict[str, Any], notes: list[str]) -> None:
        matter = NUMBER_TOLD.sub("", turn.text).strip(" ,，。")
        if "message_kind" in filled:  # 我要匿名 alone is a wish, no matter
            matter = content(matter) if len(content(matter)) > LONGEST_WISH else ""
        if len(matter) >= SHORTEST:
            filled["message_text"] = turn.text
        elif not filled:
            notes.append("message_too_short")

    @staticmethod
    def _read_answer(turn: Turn, filled: dict[str, Any]) -> None:
        """Yes, no, or more to say: what is added stands behind what was written."""
        written = str(turn.slots.get("message_text") or "")
        cues = shared_policy().cues
        if cues["to_existing"].search(turn.text):
            filled["message_confirm"] = "add"
            return
        if cues["file_anyway"].search(turn.text):
            filled["message_confirm"] = True
            return
        adds = cue("adds").search(turn.text) or (turn.intent == "complaint" and content(turn.text))
        if adds and turn.text not in written:
            filled["message_text"] = f"{written}；{turn.text}"
        elif turn.intent == "affirm":
            filled["message_confirm"] = True
        elif turn.intent == "deny":
            filled["message_text"] = None

    @staticmethod
    def _read_phone(turn: Turn, filled: dict[str, Any], notes: list[str]) -> None:
        if filled.get("message_phone") == NO_PHONE:
            return
        if turn.first("phone"):
            filled["message_phone"] = str(turn.first("phone"))
        elif turn.requested_slot == "message_phone" and re.search(r"\d{5,}", turn.text):
            notes.append("phone_invalid")

    @staticmethod
    def _read_privacy(turn: Turn, filled: dict[str, Any], notes: list[str]) -> None:
        """匿名 or 保密, asked or said; an anonymous complaint needs no phone."""
        cues = shared_policy().cues
        said = next((kind for kind in PRIVATE if cues[kind].search(turn.text)), None)
        if said is None or turn.slots.get("message_kind") == said:
            return
        filled["message_kind"] = said
        notes.append("message_anonymous" if said == "anonymous" else "message_confidential")
        if said == "anonymous":
            filled["message_phone"] = NO_PHONE
        elif turn.slots.get("message_phone") == NO_PHONE:
            filled["message_phone"] = None

    @staticmethod
    def _begin(turn: Turn, filled: dict[str, Any], notes: list[str]) -> None:
        """The first sentence may hold it all: its matter is the message, a phone given before is used."""
        filled.setdefault("message_kind", "complaint" if turn.intent == "complaint" else "call_back")
        wish = "message_phone" in filled or filled["message_kind"] in PRIVATE
        long = not wish or len(content(turn.text)) > LONGEST_WISH
        if not turn.slots.get("message_text") and content(turn.text) and long:
            filled["message_text"] = content(turn.text)
        if "message_phone" in filled:
            return
        if not turn.slots.get("message_phone") and not turn.first("phone") and turn.slots.get("known_phone"):
            filled["message_phone"] = str(turn.slots["known_phone"])
            notes.append("known_phone")


class AskMessage(TurnAction):
    """`action_ask_message_form_<slot>`."""

    def __init__(self, slot: str, phrases: Phrases, orders: WorkOrderSystem | None = None) -> None:
        super().__init__(f"action_ask_message_form_{slot}", phrases)
        self._slot = slot
        self._orders = orders

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        options: list[dict[str, Any]] = []
        rows: list[tuple[str, str]] = []
        if self._slot == "message_confirm":
            options = self.phrases.replies("message_confirm_options")
            rows = [
                (self.phrases.say("label_message"), str(turn.slots["message_text"])),
                (self.phrases.say("label_phone"), self._phone(turn)),
            ]
        kind = turn.slots.get("message_kind")
        question = self.phrases.say(f"ask_{self._slot}")
        if self._slot == "message_text" and kind in ("complaint", *PRIVATE):
            question = self.phrases.say("ask_message_text_complaint")
        alike = alike_order(turn, self._orders) if self._slot == "message_confirm" else None
        if alike is not None:
            question = self.phrases.say("ask_message_existing", number=alike.order_no)
            options = self.phrases.replies("message_existing_options")
        sentence, replies = asked(turn, self.phrases, question)
        if self._slot == "message_phone" and kind == "complaint" and not needs_person(turn.slots):
            replies = [*self.phrases.replies("replies_privacy"), *replies]
        asking = self._slot.removeprefix("message_").replace("text", "message")
        return Result([messages.ask(sentence, asking=asking, options=options, rows=rows, replies=replies)])

    def _phone(self, turn: Turn) -> str:
        phone = str(turn.slots["message_phone"])
        return self.phrases.say("message_no_phone") if phone == NO_PHONE else mask_phone(phone)


def alike_order(turn: Turn, orders: WorkOrderSystem | None) -> WorkOrder | None:
    """The citizen's own open order that sounds like the message; never looked for in an anonymous one."""
    if orders is None or turn.slots.get("message_kind") == "anonymous":
        return None
    alike = orders.similar(owner=turn.conversation_id, text=str(turn.slots["message_text"]))
    return alike[0] if alike else None


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
        added = self._added(turn) if slots.get("message_confirm") == "add" else None
        order = added or self._filed(turn)
        replies = self.phrases.replies("replies_work_order")
        kept = [SlotSet("last_service", rateable(order))]
        if slots.get("message_phone") != NO_PHONE:
            kept.append(SlotSet("known_phone", str(slots["message_phone"])))
        message = messages.work_order(self._said(order, added), order, replies)
        return Result([shown(message, order)], clear(kept))

    def _said(self, order: WorkOrder, added: WorkOrder | None) -> str:
        due = day_label(order.due_on)
        if added is not None:
            return self.phrases.say("order_added", number=order.order_no, due=due)
        if order.state == "referred":
            return self.phrases.say("order_referred", emergency=order.emergency_number)
        if order.anonymous:
            return self.phrases.say("work_order_filed_anonymous", due=due)
        return self.phrases.say("work_order_filed", due=due)

    def _added(self, turn: Turn) -> WorkOrder | None:
        """Add the words to the order that they sound like; None if it was answered in the meantime."""
        alike = alike_order(turn, self._orders)
        if alike is None:
            return None
        key, words = f"{turn.conversation_id}:{turn.message_id}", str(turn.slots["message_text"])
        try:
            return self._orders.add(alike.order_no, owner=turn.conversation_id, text=words, key=key)
        except IllegalTransition:
            return None

    def _filed(self, turn: Turn) -> WorkOrder:
        slots, cues = turn.slots, shared_policy().cues
        kind, words = str(slots.get("message_kind")), str(slots["message_text"])
        complaint = kind in ("complaint", *PRIVATE)
        report = complaint and cues["report"].search(words)
        phone = str(slots["message_phone"])
        return self._orders.create(
            kind="report" if report else "complaint" if complaint else "call_back",
            text=words,
            contact=str(slots.get("known_name") or slots.get("booking_name") or ""),
            phone="" if phone == NO_PHONE else phone,
            owner=turn.conversation_id,
            key=f"{turn.conversation_id}:{turn.message_id}",
            channel=turn.channel[:20],
            urgency="urgent" if complaint and cues["urgent"].search(words) else "normal",
            anonymous=kind == "anonymous",
            confidential=kind == "confidential",
        )
