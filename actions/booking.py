"""Booking an extended-hours slot: take the place, and list what one holds."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import Booking, BookingNotFound, BookingSystem, DuplicateBooking, SlotFull
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
            booked = self._moved(turn) if moves else self._booked(turn)
        except BookingNotFound:
            sentence, replies = self.phrases.say("booking_not_found"), self.phrases.replies("replies_person")
            return Result([messages.text(sentence, status="booking_not_found", replies=replies)], clear())
        except SlotFull:
            keep = [SlotSet("booking_slot", None), SlotSet("booking_confirm", None)]
            sentence = self.phrases.say("slot_just_taken")
            replies = self.phrases.replies("replies_rebook")
            return Result(
                [messages.text(sentence, status="booking_full", replies=replies)],
                [*keep, SlotSet("booking_time", None)],
            )
        except DuplicateBooking as duplicate:
            sentence = self.phrases.say("booking_duplicate", number=duplicate.booking_no)
            replies = self.phrases.replies("replies_booked")
            return Result([messages.text(sentence, status="booking_duplicate", replies=replies)], clear())
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
            key=f"{turn.conversation_id}:{s['booking_slot']}:{s['booking_phone']}:{turn.message_id}",
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
    """`action_list_bookings`: the active bookings of this conversation."""

    def __init__(self, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__("action_list_bookings", phrases)
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        found = self._system.bookings(turn.conversation_id)
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
        return Result([messages.bookings(self.phrases.say("bookings_list", n=len(found)), found, [])])
