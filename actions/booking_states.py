"""What has become of a booking, in plain words, and what to do next."""

from __future__ import annotations

from actions import messages
from actions.backends.ports import Booking
from actions.booking_slots import day_label
from actions.phrases import Phrases


def note(booked: Booking, phrases: Phrases) -> str:
    """Of a booking that lost its place, or that nobody came to; "" for others."""
    if booked.status == "displaced":
        return phrases.say("booking_note_displaced")
    rule = booked.missed
    if booked.status != "no_show" or rule is None:
        return ""
    if rule.until:
        return phrases.say(
            "booking_note_barred", days=rule.days, n=rule.count, until=messages.day_text(rule.until)
        )
    return phrases.say(
        "booking_note_missed", days=rule.days, limit=rule.limit, barred=rule.barred_days, n=rule.count
    )


def movable_message(lost: Booking, phrases: Phrases) -> messages.Message:
    """A booking whose slot was closed: it still can be moved, or given up."""
    when = f"{day_label(lost.day)} {lost.start:%H:%M}"
    sentence = phrases.say(
        "booking_displaced", number=lost.booking_no, item=lost.item, hall=lost.hall.name, when=when
    )
    replies = [
        {"label": phrases.say("move_button"), "say": f"改约{lost.booking_no}"},
        {"label": phrases.say("give_up_button"), "say": f"取消预约{lost.booking_no}"},
    ]
    return messages.bookings(sentence, [lost], replies, notes={lost.booking_no: note(lost, phrases)})
