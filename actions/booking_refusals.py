"""What the booking system refuses, in plain words and with a next step."""

from __future__ import annotations

from datetime import date
from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result
from actions.backends.ports import (
    AlreadyWaiting,
    BackendError,
    BookingLimit,
    BookingNotFound,
    BookingRefused,
    BookingSuspended,
    BookingTooLate,
    DuplicateBooking,
    ItemNotBookable,
    OfferGone,
    SlotFull,
    TooManyAttempts,
    WaitNotFound,
)
from actions.phrases import Phrases

REFUSALS = (
    AlreadyWaiting,
    BookingLimit,
    BookingNotFound,
    BookingRefused,
    BookingSuspended,
    BookingTooLate,
    DuplicateBooking,
    ItemNotBookable,
    OfferGone,
    SlotFull,
    TooManyAttempts,
    WaitNotFound,
)
"""Everything that booking, moving, cancelling and the line may raise."""
KEEPS_FORM = (SlotFull, BookingTooLate, ItemNotBookable, BookingRefused)
"""After these the form goes on: another time, another hall or another value will do."""


def refusal(error: BackendError, phrases: Phrases, clear: list[dict[str, Any]]) -> Result:
    """The sentence and buttons for an error; `clear` empties the form where nothing more can be asked."""
    message = _said(error, phrases)
    if not isinstance(error, KEEPS_FORM):
        return Result([message], clear)
    kept = [SlotSet("booking_slot", None), SlotSet("booking_confirm", None), SlotSet("booking_time", None)]
    if isinstance(error, ItemNotBookable):
        kept = [*kept[:2], SlotSet("booking_hall", None)]
    if isinstance(error, BookingRefused):
        kept = [
            SlotSet("booking_confirm", None),
            SlotSet("booking_name", None),
            SlotSet("booking_phone", None),
        ]
    return Result([message], kept)


def _said(error: BackendError, phrases: Phrases) -> messages.Message:
    if isinstance(error, SlotFull):
        sentence, replies = phrases.say("slot_just_taken"), phrases.replies("replies_rebook")
        return messages.text(sentence, status="booking_full", replies=replies)
    if isinstance(error, BookingTooLate):
        sentence = phrases.say("booking_too_late", minutes=error.minutes)
        replies = phrases.replies("replies_too_late")
        return messages.text(sentence, status="booking_too_late", replies=replies)
    if isinstance(error, DuplicateBooking):
        sentence = phrases.say("booking_duplicate", number=error.booking_no)
        return messages.text(sentence, status="booking_duplicate", replies=phrases.replies("replies_booked"))
    if isinstance(error, BookingSuspended):
        until = messages.day_text(date.fromisoformat(error.until))
        sentence = phrases.say("booking_suspended", until=until)
        return messages.text(sentence, status="booking_suspended", replies=phrases.replies("replies_person"))
    if isinstance(error, BookingLimit):
        return _limit(error, phrases)
    if isinstance(error, TooManyAttempts):
        sentence = phrases.say("booking_locked", minutes=-(-error.retry_after_s // 60))
        return messages.text(sentence, status="booking_locked", replies=phrases.replies("replies_person"))
    return _plain(error, phrases)


def _limit(error: BookingLimit, phrases: Phrases) -> messages.Message:
    if error.per == "item_day":
        sentence = phrases.say("booking_limit_item_day", n=error.limit)
    elif error.per == "waits":
        sentence = phrases.say("booking_limit_waits", n=error.limit)
    else:
        sentence = phrases.say("booking_limit_phone", n=error.limit)
    return messages.text(sentence, status="booking_limit", replies=phrases.replies("replies_limit"))


def _plain(error: BackendError, phrases: Phrases) -> messages.Message:
    """Those whose sentence has no values."""
    if isinstance(error, ItemNotBookable):
        sentence, replies = phrases.say("booking_not_here"), phrases.replies("replies_person")
        return messages.text(sentence, status="booking_not_here", replies=replies)
    if isinstance(error, BookingRefused):
        sentence, replies = phrases.say("booking_refused"), phrases.replies("replies_person")
        return messages.text(sentence, status="booking_refused", replies=replies)
    if isinstance(error, AlreadyWaiting):
        sentence, replies = phrases.say("already_waiting"), phrases.replies("replies_waiting")
        return messages.text(sentence, status="already_waiting", replies=replies)
    if isinstance(error, (OfferGone, WaitNotFound)):
        sentence, replies = phrases.say("offer_gone"), phrases.replies("replies_rebook")
        return messages.text(sentence, status="offer_gone", replies=replies)
    sentence, replies = phrases.say("booking_not_found"), phrases.replies("replies_person")
    return messages.text(sentence, status="booking_not_found", replies=replies)
