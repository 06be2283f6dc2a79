"""Work orders in the chat: how far it is, urge it (催办), take it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import WorkOrder, WorkOrderNotFound, WorkOrderSystem
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

FORM_SLOTS = ("order_task", "order_no", "order_phone", "order_confirm")
ORDER = ("order_no", "order_phone", "order_confirm")
TASKS = {"work_order_status": "status", "urge_work_order": "urge", "withdraw": "withdraw"}
"""Intent -> what is wanted of the work order. Only a withdrawal is read back first."""


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

    def _read(self, turn: Turn) -> dict[str, Any]:
        """What is wanted, of which order, and the proof; only a withdrawal has to be confirmed."""
        task = TASKS.get(turn.intent)
        filled: dict[str, Any] = {}
        if task and task != turn.slots.get("order_task"):
            filled["order_task"] = task
        mine = [o for o in self._orders.orders(turn.conversation_id) if o.state != "withdrawn"]
        filled |= self._number(turn, mine)
        number = filled.get("order_no") or turn.slots.get("order_no")
        digits = last4(turn)
        if number and any(o.order_no == number for o in mine):
            filled["order_phone"] = OWN
        elif digits:
            filled["order_phone"] = digits
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


class AskOrder(TurnAction):
    """`action_ask_order_form_<slot>`."""

    def __init__(self, slot: str, phrases: Phrases, orders: WorkOrderSystem) -> None:
        super().__init__(f"action_ask_order_form_{slot}", phrases)
        self._slot = slot
        self._orders = orders

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        sentence, replies = asked(turn, self.phrases, self.phrases.say(f"ask_{self._slot}"))
        options: list[dict[str, Any]] = []
        rows: list[tuple[str, str]] = []
        if self._slot == "order_no":
            mine = [o for o in self._orders.orders(turn.conversation_id) if o.state != "withdrawn"]
            options = [{"label": o.order_no, "say": o.order_no, "hint": o.text[:20]} for o in mine]
        elif self._slot == "order_confirm":
            options, replies = self.phrases.replies("order_confirm_options"), []
            rows = [(self.phrases.say("label_order_no"), str(turn.slots.get("order_no")))]
        asking = {"order_no": "work_order_no", "order_phone": "phone_last4"}.get(self._slot, "confirm")
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
        key = "order_urge" if task == "urge" else "order_accepted"
        if order.state == "withdrawn":
            key = "order_withdrawn"
        sentence = self.phrases.say(key, number=order.order_no, due=messages.day_text(order.due_on))
        shown = "urged" if order.urged and order.state == "accepted" else order.state
        status = self.phrases.say(f"order_state_{shown}")
        replies = self.phrases.replies("replies_order" if order.state == "accepted" else "replies_start")
        message = messages.work_order(sentence, order, replies, status=status)
        return Result([message], clear([SlotSet("last_service", f"work_order:{order.order_no}")]))

    def _done(self, turn: Turn, task: str) -> WorkOrder:
        number, proof = str(turn.slots.get("order_no")), turn.slots.get("order_phone")
        owner, last4 = turn.conversation_id, None if proof == OWN else proof
        if task == "urge":
            return self._orders.urge(number, owner=owner, key=turn.message_id, phone_last4=last4)
        if task == "withdraw":
            return self._orders.withdraw(number, owner=owner, reason="", phone_last4=last4)
        return self._orders.find(number, owner=owner, phone_last4=last4)
