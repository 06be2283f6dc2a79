"""Booking an extended-hours slot: take the place, and list what one holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import Booking, BookingSystem
from actions.booking_refusals import REFUSALS, refusal
from actions.booking_states import movable_message, note
from actions.booking_waits import WAIT, answered, join
from actions.identity import Identities, NoIdentities, vouched
from actions.phrases import Phrases
from actions.turn import Turn
from actions.wait_words import standing

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

    def __init__(self, phrases: Phrases, system: BookingSystem, identities: Identities | None = None) -> None:
        super().__init__("action_list_bookings", phrases)
        self._system = system
        self._identities = identities or NoIdentities()

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        done = answered(turn, self.phrases, self._system)
        if done is not None:
            return done
        number, phone = turn.first("booking_no"), turn.first("phone")
        if number and not phone:  # who is signed in has said it already
            phone = self._own_phone(turn, str(number))
        try:
            if number and phone:  # made elsewhere: proven by the number and the phone
                return self._listed(
                    self._system.by_phone(
                        phone=str(phone), booking_no=str(number), owner=turn.conversation_id
                    ),
                    [],
                )
        except REFUSALS as refused:
            return refusal(refused, self.phrases, [])
        turns = self._system.waits(turn.conversation_id)
        # A displaced booking that waits says so itself.
        waiting = standing([w for w in turns if w.offered or not w.booking_no], self.phrases)
        return self._listed(self._system.bookings(turn.conversation_id), waiting)

    def _own_phone(self, turn: Turn, number: str) -> str | None:
        """The phone of who is signed in, for a booking that was not made in this conversation."""
        person = vouched(turn, self._identities)
        here = {booking.booking_no for booking in self._system.bookings(turn.conversation_id)}
        return person.phone if person and number not in here else None

    def _listed(self, found: Sequence[Booking], waiting: list[messages.Message]) -> Result:
        """What is to be decided first: offers, bookings without a place; then those kept, then missed."""
        if not found and not waiting:
            return Result([self._none()])
        said = [*waiting, *(movable_message(b, self.phrases) for b in found if b.status == "displaced")]
        for status, key in (("booked", "bookings_list"), ("no_show", "bookings_missed")):
            these = [b for b in found if b.status == status]
            if these:
                notes = {b.booking_no: note(b, self.phrases) for b in these}
                said.append(messages.bookings(self.phrases.say(key, n=len(these)), these, [], notes=notes))
        return Result(said)

    def _none(self) -> messages.Message:
        sentence, replies = self.phrases.say("bookings_none"), self.phrases.replies("replies_no_booking")
        return messages.text(sentence, status="bookings_none", replies=replies)
