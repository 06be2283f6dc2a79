"""Booking an extended-hours slot: take the place, and list what one holds."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import Booking, BookingSystem
from actions.booking_refusals import REFUSALS, refusal
from actions.booking_slots import day_label
from actions.booking_waits import WAIT, answered, join, standing
from actions.phrases import Phrases
from actions.turn import Turn

FORM_SLOTS = (
    "booking_item",
    "booking_hall",
    "booking_day",
    "booking_time",
    "booking_slot",
    "booking_name",
    "booking_phone",
    "booking_confirm",
    "booking_span",
    "booking_for",
    "booking_moves",
    "booking_proof",
)
"""`booking_span`: [first, last] day of a period that was said; `booking_for`: relation of another person;
`booking_moves`: number of the booking that is being moved, `booking_proof`: the phone's last four digits that
allow it."""
HORIZON_DAYS = 30
"""How far ahead the form looks and offers; data/halls.yml opens as many (tests compare the two)."""


def clear(events: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Events that empty the booking form."""
    return [*(events or []), *(SlotSet(name, None) for name in FORM_SLOTS), SlotSet("form_failures", 0)]


class Book(TurnAction):
    """`action_book`: take the place in the database; only then say so."""

    def __init__(self, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__("action_book", phrases)
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        moves = turn.slots.get("booking_moves")
        try:
            if str(turn.slots["booking_slot"]).startswith(WAIT):
                return join(turn, self.phrases, self._system, clear())
            booked = self._moved(turn) if moves else self._booked(turn)
        except REFUSALS as refused:
            return refusal(refused, self.phrases, clear())
        sentence = self.phrases.say("booking_moved" if moves else "booked", number=booked.booking_no)
        known = [SlotSet("known_phone", booked.phone)]
        if not turn.slots.get("booking_for"):
            known.append(SlotSet("known_name", booked.name))
        return Result(
            [messages.bookings(sentence, [booked], self.phrases.replies("replies_booked"))],
            clear([SlotSet("last_service", f"booking:{booked.booking_no}"), *known]),
        )

    def _booked(self, turn: Turn) -> Booking:
        s = turn.slots
        return self._system.book(
            s["booking_slot"],
            item_id=s["booking_item"]["id"],
            item=s["booking_item"]["name"],
            name=s["booking_name"],
            phone=s["booking_phone"],
            owner=turn.conversation_id,
            key=f"{turn.conversation_id}:{s['booking_slot']}:{turn.message_id}",
        )

    def _moved(self, turn: Turn) -> Booking:
        s = turn.slots
        return self._system.change(
            s["booking_moves"],
            s["booking_slot"],
            owner=turn.conversation_id,
            phone_last4=s.get("booking_proof"),
        )


class ListBookings(TurnAction):
    """`action_list_bookings`: bookings and turns in line; 我要这个空位 takes an offer, 不排了 leaves."""

    def __init__(self, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__("action_list_bookings", phrases)
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        done = answered(turn, self.phrases, self._system)
        if done is not None:
            return done
        found = self._system.bookings(turn.conversation_id)
        waiting = standing(self._system.waits(turn.conversation_id), self.phrases)
        if waiting and not found:
            return Result(waiting)
        if not found:
            return Result(
                [
                    messages.text(
                        self.phrases.say("bookings_none"),
                        status="bookings_none",
                        replies=self.phrases.replies("replies_no_booking"),
                    )
                ]
            )
        lost = [b for b in found if b.status == "displaced"]
        kept = [b for b in found if b.status != "displaced"]
        said = [*waiting, *(self._displaced(b) for b in lost)]
        if kept:
            said.append(messages.bookings(self.phrases.say("bookings_list", n=len(kept)), kept, []))
        return Result(said)

    def _displaced(self, lost: Booking) -> messages.Message:
        """A booking whose slot was closed: it still can be moved."""
        when = f"{day_label(lost.day)} {lost.start:%H:%M}"
        sentence = self.phrases.say(
            "booking_displaced", number=lost.booking_no, item=lost.item, hall=lost.hall.name, when=when
        )
        replies = [{"label": self.phrases.say("move_button"), "say": f"改约{lost.booking_no}"}]
        return messages.text(sentence, status="booking_displaced", replies=replies)
