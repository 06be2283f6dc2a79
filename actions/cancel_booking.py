"""Cancelling a booking: the number, proof that it is theirs, and a yes."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import Booking, BookingSystem
from actions.booking_refusals import REFUSALS, refusal
from actions.booking_slots import day_label
from actions.forms import asked, confirms, goes_back, interrupts, leaves, outcome, within
from actions.own_booking import OWN, booking_number, booking_options, last4, movable
from actions.phrases import Phrases
from actions.turn import Turn

FORM_SLOTS = ("cancel_no", "cancel_phone", "cancel_confirm")
ORDER = FORM_SLOTS


def clear() -> list[dict[str, Any]]:
    """Events that empty the cancel form."""
    return [*(SlotSet(n, None) for n in FORM_SLOTS), SlotSet("form_failures", 0)]


class ValidateCancel(TurnAction):
    """`validate_cancel_form`."""

    def __init__(self, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__("validate_cancel_form", phrases)
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        if turn.resumed:
            return Result(events=outcome(turn, {}))
        turn = within(turn, ORDER)
        another = turn.first("booking_no") not in (None, turn.slots.get("cancel_no"))
        if turn.requested_slot == "cancel_confirm" and not another:
            # 取消 as an answer to "要取消这个预约吗" means yes, not "leave the form"; 不取消 means no.
            said = confirms(turn, "cancel", "cancel_booking")
            if said is not None:
                return Result(events=outcome(turn, {"cancel_confirm": said}))
        elif leaves(turn):
            return Result()
        back = goes_back(turn, ORDER, self.phrases)
        if back is not None:
            return back
        filled = self._read(turn)
        notes = []
        if "booking_no" in turn.doubtful:
            notes.append(messages.text(self.phrases.say("booking_no_invalid"), status="form_note"))
        if not filled and not notes and interrupts(turn, "cancel_booking"):
            return Result()
        return Result(notes, outcome(turn, filled))

    def _read(self, turn: Turn) -> dict[str, Any]:
        """Number, proof, and the yes that the voucher's own button is."""
        mine = movable(self._system.bookings(turn.conversation_id))
        filled = booking_number(turn, mine, "cancel_no")
        digits = last4(turn)
        number = filled.get("cancel_no") or turn.slots.get("cancel_no")
        if number and any(b.booking_no == number for b in mine):
            filled["cancel_phone"] = OWN
            if turn.args.get("booking_no") == number:
                filled["cancel_confirm"] = True  # the voucher's own button has asked "sure?" already
        elif digits:
            filled["cancel_phone"] = digits
        elif filled and turn.slots.get("cancel_phone") == OWN:
            filled["cancel_phone"] = None  # another number than the one that was ours
        return filled


class AskCancel(TurnAction):
    """`action_ask_cancel_form_<slot>`."""

    def __init__(self, slot: str, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__(f"action_ask_cancel_form_{slot}", phrases)
        self._slot = slot
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        sentence, replies = asked(turn, self.phrases, self.phrases.say(f"ask_{self._slot}"))
        mine = movable(self._system.bookings(turn.conversation_id))
        options: list[dict[str, Any]] = []
        rows: list[tuple[str, str]] = []
        if self._slot == "cancel_no":
            options = booking_options(mine)
        elif self._slot == "cancel_confirm":
            options = self.phrases.replies("cancel_confirm_options")
            replies = []
            number = str(turn.slots.get("cancel_no"))
            this = next((b for b in mine if b.booking_no == number), None)
            rows = self._rows(this) if this else [(self.phrases.say("label_booking_no"), number)]
            if this and this.status == "displaced":  # no place is given back
                sentence = self.phrases.say("cancel_displaced")
        asking = {"cancel_no": "booking_no", "cancel_phone": "phone_last4"}.get(self._slot, "confirm")
        return Result([messages.ask(sentence, asking=asking, options=options, rows=rows, replies=replies)])

    def _rows(self, booking: Booking) -> list[tuple[str, str]]:
        when = f"{day_label(booking.day)} {booking.start:%H:%M}-{booking.end:%H:%M}"
        values = [booking.booking_no, booking.item, booking.hall.name, when]
        labels = ("label_booking_no", "label_item", "label_hall", "label_time")
        return [(self.phrases.say(label), value) for label, value in zip(labels, values, strict=True)]


class CancelBooking(TurnAction):
    """`action_cancel_booking`: cancel in the database; only then say so."""

    def __init__(self, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__("action_cancel_booking", phrases)
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        if turn.slots.get("cancel_confirm") is False:
            return Result([messages.text(self.phrases.say("booking_kept"), status="booking_kept")], clear())
        proof = turn.slots.get("cancel_phone")
        try:
            cancelled = self._system.cancel(
                turn.slots["cancel_no"],
                owner=turn.conversation_id,
                phone_last4=None if proof == OWN else proof,
            )
        except REFUSALS as refused:
            return refusal(refused, self.phrases, clear())
        sentence = self.phrases.say("booking_cancelled")
        replies = self.phrases.replies("replies_no_booking")
        return Result([messages.bookings(sentence, [cancelled], replies)], clear())
