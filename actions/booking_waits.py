"""The line for full slots in the conversation: 有空位通知我, 我要这个空位, 继续排队, 不排了.

In the booking form a turn in line is a slot like any other: `booking_slot` is then `wait:` and what is waited
for (a slot's id, a session, or nothing for any slot of the day). So the form asks name and phone, reads all
back, and `action_book` joins the line where it would have booked.
"""

from __future__ import annotations

import re
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
from actions.turn import Turn, time_value
from actions.wait_words import gone, nowhere, offer, standing

WAIT = "wait:"
NUMBERED = re.compile(r"空位(\d{1,9})$", re.ASCII)
"""What the buttons of several offers say: a place that is offered no more is then not taken for another."""
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
    return _joined(wait, phrases, clear)


def _joined(wait: Wait, phrases: Phrases, clear: list[dict[str, Any]]) -> Result:
    if wait.offered:
        return Result([offer(wait, phrases)], clear)
    sentence = phrases.say("wait_joined", hall=wait.hall.name, day=day_label(wait.day), n=wait.place)
    return Result(
        [messages.text(sentence, status="wait_joined", replies=phrases.replies("replies_waiting"))], clear
    )


def answered(turn: Turn, phrases: Phrases, system: BookingSystem) -> Result | None:
    """What 我要这个空位, 不排了 or 继续排队 does; None when the message says none of them."""
    leaves, takes = cue("leaves_line").search(turn.text), cue("takes_offer").search(turn.text)
    asks = QUESTION.search(turn.text)
    if turn.intent == "waitlist" and not asks:  # a question is no answer
        leaves = leaves or cue("declines_offer").search(turn.text)
        takes = takes or cue("wants_offer").search(turn.text)
    again = cue("rejoins_line").search(turn.text) and not asks and not leaves
    if not (leaves or takes or again):
        return None
    waits = system.waits(turn.conversation_id)
    if leaves:
        return _left(turn, waits, phrases, system)
    if again:
        return _again(turn, waits, phrases, system)
    return _taken(turn, waits, phrases, system)


def _taken(turn: Turn, waits: Sequence[Wait], phrases: Phrases, system: BookingSystem) -> Result:
    offers = _meant(turn, waits)
    if not offers:
        return Result([gone(phrases)])
    if len(offers) > 1:
        lead = messages.text(phrases.say("which_offer"), status="which_offer")
        return Result([lead, *(offer(w, phrases, named=True) for w in offers)])
    try:
        booked = system.accept_offer(offers[0].id, owner=turn.conversation_id)
    except REFUSALS as refused:
        return refusal(refused, phrases, [])
    moved = bool(offers[0].booking_no)
    sentence = phrases.say("booking_moved" if moved else "booked", number=booked.booking_no)
    return Result(
        [messages.bookings(sentence, [booked], phrases.replies("replies_booked"))],
        [SlotSet("last_service", f"booking:{booked.booking_no}")],
    )


def _meant(turn: Turn, waits: Sequence[Wait]) -> list[Wait]:
    """The offers that the message names: a button's by its number, else by hall, day or time; or all."""
    offers = [w for w in waits if w.offered]
    number = NUMBERED.search(turn.text)
    if number:
        return [w for w in offers if w.id == int(number[1])]
    if len(offers) < 2:
        return offers
    start = str(time_value(turn.first("time")).get("start") or "")
    said = (turn.first("hall"), turn.first("day"), start)
    told = [(w.hall.id, w.day.isoformat(), f"{w.offered.start:%H:%M}" if w.offered else "") for w in offers]
    named = [
        w
        for w, has in zip(offers, told, strict=True)
        if all(not wish or wish == mine for wish, mine in zip(said, has, strict=True))
    ]
    return named or offers


def _again(turn: Turn, waits: Sequence[Wait], phrases: Phrases, system: BookingSystem) -> Result | None:
    """Join again the last turn that ran out; None where none did: the words then meant something else."""
    out = [w for w in waits if w.state == "expired"]
    if not out:
        return None
    key = f"{turn.conversation_id}:again:{out[-1].id}"
    try:
        wait = system.join_again(out[-1].id, owner=turn.conversation_id, key=key)
    except REFUSALS as refused:
        return refusal(refused, phrases, [])
    return _joined(wait, phrases, [])


def _left(turn: Turn, waits: Sequence[Wait], phrases: Phrases, system: BookingSystem) -> Result:
    """The offer is declined if there is one, else every turn is left; 不要这个空位 leaves none that waits."""
    offers = _meant(turn, waits)[:1]
    waiting = [w for w in waits if w.state == "waiting"]
    if not offers and cue("declines_place").search(turn.text):
        return Result([gone(phrases)])
    if not offers and not waiting:
        return Result([nowhere(phrases)])
    for wait in offers or waiting:
        system.leave_waitlist(wait.id, owner=turn.conversation_id)
    sentence, replies = phrases.say("wait_left"), phrases.replies("replies_no_booking")
    return Result([messages.text(sentence, status="wait_left", replies=replies)])


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
        return Result(said or [nowhere(self.phrases)])
