"""The line for full slots in the conversation: 有空位通知我, 我要这个空位, 不排了.

In the booking form a turn in line is a slot like any other: `booking_slot` is then `wait:` and what is waited
for (a slot's id, a session, or nothing for any slot of the day). So the form asks name and phone, reads all
back, and `action_book` joins the line where it would have booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, cast

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import BookingSystem, Slot, Wait
from actions.booking_refusals import REFUSALS, refusal
from actions.booking_slots import day_label, slot_label
from actions.cues import cue
from actions.forms import QUESTION
from actions.phrases import Phrases
from actions.turn import Turn

WAIT = "wait:"
SESSIONS = {"noon": "session_noon", "evening": "session_evening", "weekend": "session_weekend"}
"""Session -> its phrase."""


def wish(fitting: Sequence[Slot], narrowed: bool) -> str:
    """`booking_slot` for the line: the one slot that fits, their session, or any of the day.

    `narrowed`: the citizen named a time or part of the day.
    """
    if narrowed and len(fitting) == 1:
        return WAIT + fitting[0].id
    sessions = {slot.session for slot in fitting}
    return WAIT + (sessions.pop() if narrowed and len(sessions) == 1 else "")


def waited_for(chosen: str, slots: Sequence[Slot], phrases: Phrases) -> str:
    """What is waited for, in words: 09:00-09:30（排队等空位）."""
    what = chosen.removeprefix(WAIT)
    slot = next((slot_label(s) for s in slots if s.id == what), "")
    if not slot:
        slot = phrases.say(SESSIONS.get(what, "session_any"))
    return phrases.say("wait_slot", slot=slot)


def join(turn: Turn, phrases: Phrases, system: BookingSystem, clear: list[dict[str, Any]]) -> Result:
    """Join the line with what the form holds. Raises what `BookingSystem.join_waitlist` raises."""
    slots = turn.slots
    what = str(slots["booking_slot"]).removeprefix(WAIT)
    session = cast(Literal["", "noon", "evening", "weekend"], what if what in SESSIONS else "")
    wait = system.join_waitlist(
        hall_id=slots["booking_hall"],
        day=date.fromisoformat(slots["booking_day"]),
        session=session,
        slot_id="" if session else what,
        item_id=slots["booking_item"]["id"],
        item=slots["booking_item"]["name"],
        name=slots["booking_name"],
        phone=slots["booking_phone"],
        owner=turn.conversation_id,
        key=f"{turn.conversation_id}:{turn.message_id}:{slots['booking_slot']}:{slots['booking_day']}",
    )
    if wait.offered:
        return Result([offer(wait, phrases)], clear)
    sentence = phrases.say("wait_joined", hall=wait.hall.name, day=day_label(wait.day), n=wait.place)
    return Result(
        [messages.text(sentence, status="wait_joined", replies=phrases.replies("replies_waiting"))], clear
    )


def offer(wait: Wait, phrases: Phrases) -> messages.Message:
    """A place that is held for this turn."""
    assert wait.offered is not None and wait.until is not None, "an offer without its slot"
    sentence = phrases.say(
        "wait_offer",
        item=wait.item,
        hall=wait.hall.name,
        when=f"{day_label(wait.offered.day)} {slot_label(wait.offered)}",
        until=f"{wait.until:%H:%M}",
    )
    return messages.text(sentence, status="wait_offer", replies=phrases.replies("replies_offer"))


def standing(waits: Sequence[Wait], phrases: Phrases) -> list[messages.Message]:
    """One's turns in line, offers first."""
    said = [offer(w, phrases) for w in waits if w.offered]
    for w in waits:
        if not w.offered:
            sentence = phrases.say(
                "wait_standing", item=w.item, hall=w.hall.name, day=day_label(w.day), n=w.place
            )
            said.append(
                messages.text(sentence, status="wait_standing", replies=phrases.replies("replies_waiting"))
            )
    return said


def answered(turn: Turn, phrases: Phrases, system: BookingSystem) -> Result | None:
    """What 我要这个空位 or 不排了 does; None when the message says neither."""
    leaves, takes = cue("leaves_line").search(turn.text), cue("takes_offer").search(turn.text)
    if turn.intent == "waitlist" and not QUESTION.search(turn.text):  # a question is no answer
        leaves = leaves or cue("declines_offer").search(turn.text)
        takes = takes or cue("wants_offer").search(turn.text)
    if not leaves and not takes:
        return None
    waits = system.waits(turn.conversation_id)
    if leaves:
        return _left(turn, waits, phrases, system)
    offers = [w for w in waits if w.offered]
    if not offers:
        sentence, replies = phrases.say("offer_gone"), phrases.replies("replies_rebook")
        return Result([messages.text(sentence, status="offer_gone", replies=replies)])
    try:
        booked = system.accept_offer(offers[0].id, owner=turn.conversation_id)
    except REFUSALS as refused:
        return refusal(refused, phrases, [])
    sentence = phrases.say("booked", number=booked.booking_no)
    return Result(
        [messages.bookings(sentence, [booked], phrases.replies("replies_booked"))],
        [SlotSet("last_service", f"booking:{booked.booking_no}")],
    )


def _left(turn: Turn, waits: Sequence[Wait], phrases: Phrases, system: BookingSystem) -> Result:
    """The offer is declined if there is one, else every turn is left."""
    if not waits:
        return Result([_nowhere(phrases)])
    for wait in [w for w in waits if w.offered][:1] or waits:
        system.leave_waitlist(wait.id, owner=turn.conversation_id)
    sentence, replies = phrases.say("wait_left"), phrases.replies("replies_no_booking")
    return Result([messages.text(sentence, status="wait_left", replies=replies)])


def _nowhere(phrases: Phrases) -> messages.Message:
    sentence, replies = phrases.say("wait_none"), phrases.replies("replies_no_booking")
    return messages.text(sentence, status="wait_none", replies=replies)


class Waitlist(TurnAction):
    """`action_waitlist`: take or decline an offered place, leave the line, or see where one stands."""

    def __init__(self, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__("action_waitlist", phrases)
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        done = answered(turn, self.phrases, self._system)
        if done is not None:
            return done
        said = standing(self._system.waits(turn.conversation_id), self.phrases)
        return Result(said or [_nowhere(self.phrases)])
