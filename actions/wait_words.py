"""Turns in line in plain words: a place that is held, where one stands, an offer that ran out."""

from __future__ import annotations

from collections.abc import Sequence

from actions import messages
from actions.backends.ports import Wait
from actions.booking_slots import day_label, slot_label
from actions.phrases import Phrases


def offer(wait: Wait, phrases: Phrases, *, named: bool = False) -> messages.Message:
    """A place that is held for this turn. `named`: the buttons say which, for there are several."""
    assert wait.offered is not None and wait.until is not None, "an offer without its slot"
    sentence = phrases.say(
        "wait_offer_moves" if wait.booking_no else "wait_offer",
        number=wait.booking_no,
        item=wait.item,
        hall=wait.hall.name,
        when=f"{day_label(wait.offered.day)} {slot_label(wait.offered)}",
        until=f"{day_label(wait.until.date())} {wait.until:%H:%M}",
    )
    replies = phrases.replies("replies_offer")
    if named:
        replies = [{**reply, "say": f"{reply['say']}{wait.id}"} for reply in replies]
    return messages.text(sentence, status="wait_offer", replies=replies)


def standing(waits: Sequence[Wait], phrases: Phrases) -> list[messages.Message]:
    """One's turns in line: offers first, those whose offer ran out last."""
    offers = [w for w in waits if w.offered]
    said = [offer(w, phrases, named=len(offers) > 1) for w in offers]
    for w in waits:
        if w.state == "waiting":
            sentence = phrases.say(
                "wait_standing", item=w.item, hall=w.hall.name, day=day_label(w.day), n=w.place
            )
            said.append(
                messages.text(sentence, status="wait_standing", replies=phrases.replies("replies_waiting"))
            )
    for w in waits:
        if w.state == "expired":
            sentence = phrases.say("wait_expired", item=w.item, hall=w.hall.name, day=day_label(w.day))
            replies = phrases.replies("replies_expired")
            said.append(messages.text(sentence, status="wait_expired", replies=replies))
    return said


def gone(phrases: Phrases) -> messages.Message:
    """No place is held (any more)."""
    sentence, replies = phrases.say("offer_gone"), phrases.replies("replies_rebook")
    return messages.text(sentence, status="offer_gone", replies=replies)


def nowhere(phrases: Phrases) -> messages.Message:
    """No turn in line."""
    sentence, replies = phrases.say("wait_none"), phrases.replies("replies_no_booking")
    return messages.text(sentence, status="wait_none", replies=replies)
