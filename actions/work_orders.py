"""Work orders in the chat: how far it is, urge it (催办), take it back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.order_policy import shared_policy
from actions.backends.order_ratings import KIND
from actions.backends.ports import (
    IllegalTransition,
    TooManyAttempts,
    WorkOrder,
    WorkOrderNotFound,
    WorkOrderSystem,
)
from actions.forms import (
    asked,
    confirms,
    goes_back,
    interrupts,
    leaves,
    outcome,
    place_in_list,
    within,
)
from actions.own_booking import OWN, last4
from actions.phrases import Phrases
from actions.turn import Turn

WORDS = re.compile(r"[\u4e00-\u9fff]{2}")
FORM_SLOTS = ("order_task", "order_no", "order_phone", "order_confirm")
ORDER = ("order_no", "order_phone", "order_confirm")
TASKS = {
    "work_order_status": "status",
    "urge_work_order": "urge",
    "withdraw": "withdraw",
    "add_to_work_order": "add",
}
"""Intent -> what is wanted of the work order. Only a withdrawal is read back first.

For an addition `order_confirm` holds its words.
"""
CODE = "code:"
"""Stands before the six digits that open an anonymous order."""
SIX_DIGITS = re.compile(r"(?<!\d)\d{6}(?!\d)")
SHORTEST = 4
"""Characters of an addition that says something."""
STATE_KEYS = {
    "accepted": "order_state_accepted",
    "urged": "order_state_urged",
    "transferred": "order_state_transferred",
    "handling": "order_state_handling",
    "returned": "order_state_returned",
    "answered": "order_state_answered",
    "called_back": "order_state_called_back",
    "rated": "order_state_rated",
    "closed": "order_state_closed",
    "refused": "order_state_refused",
    "merged": "order_state_merged",
    "referred": "order_state_referred",
    "withdrawn": "order_state_withdrawn",
}
"""State -> its words."""
OPEN = ("accepted", "transferred", "handling", "returned", "merged")
"""States in which a citizen can urge and withdraw."""
ANSWERED = ("answered", "called_back", "rated", "closed")
STATUS = {
    "accepted": "order_accepted",
    "transferred": "order_with_department",
    "handling": "order_with_department",
    "returned": "order_returned",
    "answered": "order_answered",
    "called_back": "order_answered",
    "rated": "order_answered",
    "closed": "order_answered",
    "refused": "order_refused",
    "merged": "order_merged",
    "referred": "order_referred",
    "withdrawn": "order_withdrawn",
}
"""State -> the sentence that tells it."""


def shown(message: messages.Message, order: WorkOrder) -> messages.Message:
    """The message without a day for an answer where none is to come: given, withdrawn, refused, referred."""
    waits = (order.main_state or order.state) in OPEN
    return message if waits else {**message, "due_on": ""}


def rateable(order: WorkOrder) -> str:
    """The subject of a rating: what became of the order, or before an answer only how it was taken in."""
    subject = f"{KIND}:{order.order_no}"
    return subject if order.state in ANSWERED else f"{subject}:filing"


def clear(events: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Events that empty the form."""
    return [*(events or []), *(SlotSet(n, None) for n in FORM_SLOTS), SlotSet("form_failures", 0)]


class ValidateOrder(TurnAction):
    """`validate_order_form`: which work order, and proof that it is theirs."""

    def __init__(self, phrases: Phrases, orders: WorkOrderSystem) -> None:
        super().__init__("validate_order_form", phrases)
        self._orders = orders

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        if turn.resumed:
            return Result(events=outcome(turn, {}))
        turn = within(turn, ORDER)
        another = turn.first("work_order_no") not in (None, turn.slots.get("order_no"))
        if turn.requested_slot == "order_confirm" and turn.slots.get("order_task") == "add":
            return self._addition(turn)
        if turn.requested_slot == "order_confirm" and not another:
            said = confirms(turn, "withdraw", "cancel")
            if said is not None:
                return Result(events=outcome(turn, {"order_confirm": said}))
        elif leaves(turn):
            return Result()
        back = goes_back(turn, ORDER, self.phrases)
        if back is not None:
            return back
        filled = self._read(turn)
        notes = []
        if "work_order_no" in turn.doubtful:
            notes.append(messages.text(self.phrases.say("order_no_invalid"), status="form_note"))
        if not filled and not notes and interrupts(turn, *TASKS):
            return Result()
        return Result(notes, outcome(turn, filled))

    def _addition(self, turn: Turn) -> Result:
        """While the words to add are asked for, almost anything is them."""
        if leaves(turn) or turn.intent in {"human", "urgent"}:
            return Result()
        if turn.intent == "deny":
            return Result(events=outcome(turn, {"order_confirm": False}))
        words = added_words(turn.text)
        if len(words) >= SHORTEST:
            return Result(events=outcome(turn, {"order_confirm": words}))
        note = messages.text(self.phrases.say("message_too_short"), status="form_note")
        return Result([note], outcome(turn, {}))

    def _read(self, turn: Turn) -> dict[str, Any]:
        """What is wanted, of which order, and the proof; only a withdrawal has to be confirmed."""
        # A bare number asks for nothing new.
        task = TASKS.get(turn.intent) if WORDS.search(turn.text) else None
        if not turn.slots.get("order_task") and shared_policy().cues["adds"].search(turn.text):
            task = "add"
        filled: dict[str, Any] = {}
        if task and task != turn.slots.get("order_task"):
            filled["order_task"] = task
        mine = [o for o in self._orders.orders(turn.conversation_id) if o.state != "withdrawn"]
        filled |= self._number(turn, mine)
        number = filled.get("order_no") or turn.slots.get("order_no")
        digits = last4(turn)
        if number and any(o.order_no == number for o in mine):
            filled["order_phone"] = OWN
        elif code := SIX_DIGITS.search(turn.text) if turn.requested_slot == "order_phone" else None:
            filled["order_phone"] = f"{CODE}{code.group()}"
        elif digits:
            filled["order_phone"] = digits
        if task == "add" and len(words := added_words(turn.text)) >= SHORTEST:
            filled["order_confirm"] = words
        if number and (task or turn.slots.get("order_task")) in {"status", "urge"}:
            filled["order_confirm"] = True
        return filled

    @staticmethod
    def _number(turn: Turn, mine: Sequence[WorkOrder]) -> dict[str, Any]:
        if turn.first("work_order_no"):
            return {"order_no": str(turn.first("work_order_no"))}
        if "work_order_no" in turn.doubtful or turn.slots.get("order_no"):
            return {}
        at = place_in_list(turn, len(mine)) if turn.requested_slot == "order_no" else None
        if at is not None:
            return {"order_no": mine[at].order_no}
        return {"order_no": mine[0].order_no} if len(mine) == 1 else {}


def added_words(text: str) -> str:
    """What an addition says beyond announcing itself and naming the order."""
    left = shared_policy().cues["announces_addition"].sub("", text)
    return re.sub(r"GD\d{10,}", "", left).strip(" ,，。：:")


class AskOrder(TurnAction):
    """`action_ask_order_form_<slot>`."""

    def __init__(self, slot: str, phrases: Phrases, orders: WorkOrderSystem) -> None:
        super().__init__(f"action_ask_order_form_{slot}", phrases)
        self._slot = slot
        self._orders = orders

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        adding = self._slot == "order_confirm" and turn.slots.get("order_task") == "add"
        question = self.phrases.say(f"ask_{self._slot}")
        if adding:
            question = self.phrases.say("ask_order_addition")
        sentence, replies = asked(turn, self.phrases, question)
        options: list[dict[str, Any]] = []
        rows: list[tuple[str, str]] = []
        if self._slot == "order_no":
            mine = [o for o in self._orders.orders(turn.conversation_id) if o.state != "withdrawn"]
            options = [{"label": o.order_no, "say": o.order_no, "hint": o.text[:20]} for o in mine]
        elif self._slot == "order_confirm" and not adding:
            options, replies = self.phrases.replies("order_confirm_options"), []
            rows = [(self.phrases.say("label_order_no"), str(turn.slots.get("order_no")))]
        asking = {"order_no": "work_order_no", "order_phone": "phone_last4"}.get(self._slot, "confirm")
        asking = "message" if adding else asking
        return Result([messages.ask(sentence, asking=asking, options=options, rows=rows, replies=replies)])


class HandleOrder(TurnAction):
    """`action_work_order`: do it in the system; only then say so."""

    def __init__(self, phrases: Phrases, orders: WorkOrderSystem) -> None:
        super().__init__("action_work_order", phrases)
        self._orders = orders

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        task = str(turn.slots.get("order_task") or "status")
        if turn.slots.get("order_confirm") is False:
            return Result([messages.text(self.phrases.say("order_kept"), status="order_kept")], clear())
        try:
            order = self._done(turn, task)
        except WorkOrderNotFound:
            sentence = self.phrases.say("order_not_found")
            replies = self.phrases.replies("replies_complaint")
            return Result([messages.text(sentence, status="order_not_found", replies=replies)], clear())
        except TooManyAttempts as locked:
            minutes = max(1, -(-locked.retry_after_s // 60))
            sentence = self.phrases.say("order_locked", minutes=minutes)
            return Result([messages.text(sentence, status="order_locked")], clear())
        except IllegalTransition:
            sentence = self.phrases.say("order_over_add" if task == "add" else "order_over_withdraw")
            replies = self.phrases.replies("replies_complaint")
            return Result([messages.text(sentence, status="order_over", replies=replies)], clear())
        return self._shown(turn, task, order)

    def _shown(self, turn: Turn, task: str, order: WorkOrder) -> Result:
        key = STATUS[order.state]
        if order.reopened and order.state == "returned":
            key = "order_reopened"
        if task == "urge" and order.state in OPEN:
            key = "order_urge"
        elif task == "add":
            key = "order_added"
        sentence = self.phrases.say(
            key,
            number=order.order_no,
            due=messages.day_text(order.due_on),
            department=order.department,
            answer=order.answer,
            emergency=order.emergency_number,
            main=self.phrases.say(STATE_KEYS[order.main_state]) if order.main_state else "",
        )
        if order.state == "merged" and order.answer:
            sentence += self.phrases.say("order_merged_answer", answer=order.answer)
        state = "urged" if order.urged and order.state == "accepted" else order.state
        status = self.phrases.say(STATE_KEYS[state])
        replies = self.phrases.replies("replies_order" if order.state in OPEN else "replies_start")
        steps = self._timeline(turn, order) if task == "status" else []
        message = messages.work_order(sentence, order, replies, status=status, steps=steps)
        return Result([shown(message, order)], clear([SlotSet("last_service", rateable(order))]))

    def _timeline(self, turn: Turn, order: WorkOrder) -> list[tuple[str, datetime]]:
        """What has happened to it, and when; nothing while it was only accepted."""
        owner, last4, code = proof_of(turn)
        steps = self._orders.timeline(order.order_no, owner=owner, phone_last4=last4, code=code)
        words = dict(entry.split(" ", 1) for entry in self.phrases.words("order_step_words"))
        told = [(f"{words[s.step]}{s.department}", s.at) for s in steps if s.step in words]
        return told if len(told) > 1 else []

    def _done(self, turn: Turn, task: str) -> WorkOrder:
        number = str(turn.slots.get("order_no"))
        owner, last4, code = proof_of(turn)
        if task == "urge":
            return self._orders.urge(number, owner=owner, key=turn.message_id, phone_last4=last4, code=code)
        if task == "withdraw":
            return self._orders.withdraw(number, owner=owner, reason="", phone_last4=last4, code=code)
        if task == "add":
            words = str(turn.slots.get("order_confirm"))
            return self._orders.add(
                number, owner=owner, text=words, key=turn.message_id, phone_last4=last4, code=code
            )
        return self._orders.find(number, owner=owner, phone_last4=last4, code=code)


def proof_of(turn: Turn) -> tuple[str, str | None, str | None]:
    """(conversation, last four digits of the phone, code of an anonymous order), as the form has them."""
    proof = str(turn.slots.get("order_phone") or OWN)
    if proof.startswith(CODE):
        return turn.conversation_id, None, proof.removeprefix(CODE)
    return turn.conversation_id, None if proof == OWN else proof, None
