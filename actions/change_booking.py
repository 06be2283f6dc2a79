"""Moving a booking: find it, prove that it is theirs, then the booking form asks for the new time."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import FollowupAction, SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import BookingSystem
from actions.booking import FORM_SLOTS as BOOKING_SLOTS
from actions.booking_refusals import REFUSALS, refusal
from actions.booking_slots import day_label
from actions.forms import asked, goes_back, interrupts, leaves, outcome, within
from actions.own_booking import OWN, booking_number, booking_options, last4, movable
from actions.phrases import Phrases
from actions.turn import Turn, time_value

FORM_SLOTS = ("change_no", "change_phone", "change_to")
"""`change_to`: {"day", "time"} wished for in the first sentence."""
ORDER = ("change_no", "change_phone")


def clear() -> list[dict[str, Any]]:
    """Events that empty the change form."""
    return [*(SlotSet(n, None) for n in FORM_SLOTS), SlotSet("form_failures", 0)]


class ValidateChange(TurnAction):
    """`validate_change_form`."""

    def __init__(self, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__("validate_change_form", phrases)
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        if turn.resumed:
            return Result(events=outcome(turn, {}))
        turn = within(turn, ORDER)
        if leaves(turn):
            return Result()
        back = goes_back(turn, ORDER, self.phrases)
        if back is not None:
            return back
        mine = movable(self._system.bookings(turn.conversation_id))
        filled = booking_number(turn, mine, "change_no")
        wish = {"day": turn.first("day"), "time": time_value(turn.first("time")) or None}
        if turn.requested_slot is None and any(wish.values()) and not turn.first("time_problem"):
            filled["change_to"] = wish
        number = filled.get("change_no") or turn.slots.get("change_no")
        digits = last4(turn)
        if number and any(b.booking_no == number for b in mine):
            filled["change_phone"] = OWN
        elif digits:
            filled["change_phone"] = digits
        notes = []
        if "booking_no" in turn.doubtful:
            notes.append(messages.text(self.phrases.say("booking_no_invalid"), status="form_note"))
        if not filled and not notes and interrupts(turn, "change_booking"):
            return Result()
        return Result(notes, outcome(turn, filled))


class AskChange(TurnAction):
    """`action_ask_change_form_<slot>`."""

    def __init__(self, slot: str, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__(f"action_ask_change_form_{slot}", phrases)
        self._slot = slot
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        sentence, replies = asked(turn, self.phrases, self.phrases.say(f"ask_{self._slot}"))
        mine = movable(self._system.bookings(turn.conversation_id)) if self._slot == "change_no" else []
        return Result(
            [
                messages.ask(
                    sentence,
                    asking="booking_no" if self._slot == "change_no" else "phone_last4",
                    options=booking_options(mine),
                    replies=replies,
                )
            ]
        )


class BeginChange(TurnAction):
    """`action_begin_change`: hand the booking over to the booking form, which asks only for what is new."""

    def __init__(self, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__("action_begin_change", phrases)
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        proof = turn.slots.get("change_phone")
        proof = None if proof == OWN else proof
        try:
            found = self._system.find(
                str(turn.slots.get("change_no")), owner=turn.conversation_id, phone_last4=proof
            )
        except REFUSALS as refused:
            return refusal(refused, self.phrases, clear())
        wish = turn.slots.get("change_to") or {}
        values = dict.fromkeys(BOOKING_SLOTS) | {
            "booking_item": {"id": found.item_id, "name": found.item},
            "booking_hall": found.hall.id,
            "booking_day": wish.get("day"),
            "booking_time": wish.get("time"),
            "booking_name": found.name,
            "booking_phone": found.phone,
            "booking_moves": found.booking_no,
            "booking_proof": proof,
        }
        when = f"{day_label(found.day)} {found.start:%H:%M}"
        key = "booking_moving" if found.status == "booked" else "booking_moving_displaced"
        sentence = self.phrases.say(key, item=found.item, hall=found.hall.name, when=when)
        return Result(
            [messages.text(sentence, status="booking_moving")],
            [*clear(), *(SlotSet(n, v) for n, v in values.items()), FollowupAction("booking_form")],
        )
