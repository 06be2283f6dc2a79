"""Booking an extended-hours slot: validate what was said, ask for what is missing, book, list, cancel."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.clock import Clock
from actions.backends.ports import BookingSystem, DuplicateBooking, Slot, SlotFull
from actions.booking_slots import day_label, matching, open_days, slot_label
from actions.forms import interrupts, leaves, needs_person, outcome
from actions.items import ItemFinder
from actions.masking import mask_name, mask_phone
from actions.phrases import Phrases
from actions.turn import Turn, time_value

FORM_SLOTS = (
    "booking_item",
    "booking_hall",
    "booking_day",
    "booking_time",
    "booking_slot",
    "booking_name",
    "booking_phone",
    "booking_confirm",
)
HAN_NAME = re.compile(r"^[\u4e00-\u9fff·]{2,6}$")
ORDINAL = re.compile(r"^第?([一二三四五六七八九1-9])个?$")
DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")}
HORIZON_DAYS = 30


def clear(events: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Events that empty the booking form."""
    return [*(events or []), *(SlotSet(name, None) for name in FORM_SLOTS), SlotSet("form_failures", 0)]


class ValidateBooking(TurnAction):
    """`validate_booking_form`: several facts in one sentence, corrections, and honest refusals."""

    def __init__(self, phrases: Phrases, system: BookingSystem, items: ItemFinder, clock: Clock) -> None:
        super().__init__("validate_booking_form", phrases)
        self._system = system
        self._items = items
        self._clock = clock

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`. An empty result hands the message to another rule."""
        if turn.resumed:
            return Result(events=outcome(turn, {}))
        if leaves(turn):
            return Result()
        filled, notes = self._read(turn)
        if not filled and not notes and interrupts(turn, "book"):
            return Result()
        result = Result(events=outcome(turn, filled))
        for key, values in notes:
            result.messages.append(messages.text(self.phrases.say(key, **values), status="form_note"))
        return result

    def _read(self, turn: Turn) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
        filled: dict[str, Any] = {}
        notes: list[tuple[str, dict[str, Any]]] = []
        have = dict(turn.slots)
        wanted = turn.requested_slot
        self._read_item(turn, wanted, have, filled)
        hall = self._hall(turn, wanted)
        if hall:
            filled["booking_hall"] = hall
        if turn.first("time_problem") == "past":
            notes.append(("time_past", {}))
        elif turn.first("day"):
            filled["booking_day"] = str(turn.first("day"))
        wish = time_value(turn.first("time")) if turn.first("time") else {}
        if wish:
            filled["booking_time"] = wish
        have.update(filled)
        self._check_day(have, filled, notes)
        self._choose_slot(turn, wanted, have, filled, notes)
        self._read_person(turn, wanted, filled, notes)
        if wanted == "booking_confirm" and not filled:
            if turn.intent == "affirm":
                filled["booking_confirm"] = True
            elif turn.intent == "deny":
                notes.append(("booking_what_to_change", {}))
        return filled, notes

    def _read_item(
        self, turn: Turn, wanted: str | None, have: dict[str, Any], filled: dict[str, Any]
    ) -> None:
        asked = wanted == "booking_item" and not interrupts(turn, "book")
        if not asked and (turn.intent != "book" or have.get("booking_item")):
            return
        item = self._items.find(turn.text, hint=turn.first("guide_hint"))
        if item:
            filled["booking_item"] = item

    def _hall(self, turn: Turn, wanted: str | None) -> str | None:
        halls = self._system.halls()
        known = {h.id for h in halls}
        if turn.first("hall") in known:
            return str(turn.first("hall"))
        district = turn.first("district")
        if district:
            return next((h.id for h in halls if h.district == district and h.id != "city"), None)
        if wanted == "booking_hall":
            number = _ordinal(turn.text)
            if number and number <= len(halls):
                return halls[number - 1].id
        return None

    def _check_day(
        self, have: dict[str, Any], filled: dict[str, Any], notes: list[tuple[str, dict[str, Any]]]
    ) -> None:
        hall, day = have.get("booking_hall"), have.get("booking_day")
        if not hall or not day or not ({"booking_hall", "booking_day"} & filled.keys()):
            return
        when = date.fromisoformat(day)
        slots = self._system.free_slots(hall, when)
        if not any(s.free for s in slots):
            key = "day_full" if slots else "day_closed"
            notes.append((key, {"day": day_label(when)}))
            filled["booking_day"] = None
            filled["booking_slot"] = None
            have["booking_day"] = None

    def _choose_slot(
        self,
        turn: Turn,
        wanted: str | None,
        have: dict[str, Any],
        filled: dict[str, Any],
        notes: list[tuple[str, dict[str, Any]]],
    ) -> None:
        hall, day = have.get("booking_hall"), have.get("booking_day")
        if not hall or not day:
            return
        moved = {"booking_hall", "booking_day", "booking_time"} & filled.keys()
        number = _ordinal(turn.text) if wanted == "booking_slot" else None
        if not moved and not number:
            return
        fitting = matching(
            self._system.free_slots(hall, date.fromisoformat(day)), have.get("booking_time") or {}
        )
        free = [s for s in fitting if s.free]
        chosen: Slot | None = None
        if number and number <= len(fitting):
            chosen = fitting[number - 1]
            if not chosen.free:
                notes.append(("slot_full", {"slot": slot_label(chosen)}))
                chosen = None
        elif len(free) == 1 and (have.get("booking_time") or {}):
            chosen = free[0]
        elif not free and "booking_time" in filled:
            notes.append(("slot_none_then", {"day": day_label(date.fromisoformat(day))}))
            filled["booking_time"] = None
        filled["booking_slot"] = chosen.id if chosen else None

    def _read_person(
        self,
        turn: Turn,
        wanted: str | None,
        filled: dict[str, Any],
        notes: list[tuple[str, dict[str, Any]]],
    ) -> None:
        if turn.first("phone"):
            filled["booking_phone"] = str(turn.first("phone"))
        elif wanted == "booking_phone" and re.search(r"\d{5,}", turn.text):
            notes.append(("phone_invalid", {}))
        name = turn.first("person_name")
        if wanted == "booking_name" and not name and HAN_NAME.match(turn.text):
            if turn.intent in {"inform", "nlu_fallback", ""} or turn.confidence < 0.5:
                name = turn.text
        if name and (wanted == "booking_name" or turn.intent in {"inform", "book"}):
            filled["booking_name"] = str(name)


def _ordinal(text: str) -> int | None:
    match = ORDINAL.match(text.strip())
    if not match:
        return None
    digit = match.group(1)
    return DIGITS.get(digit) or int(digit)


class AskBooking(TurnAction):
    """`action_ask_booking_form_<slot>`: the question, with options that help but are never needed."""

    def __init__(self, slot: str, phrases: Phrases, system: BookingSystem, clock: Clock) -> None:
        super().__init__(f"action_ask_booking_form_{slot}", phrases)
        self._slot = slot
        self._system = system
        self._clock = clock

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        replies = self.phrases.replies("replies_person" if needs_person(turn.slots) else "replies_cancel")
        options: list[dict[str, Any]] = []
        rows: list[tuple[str, str]] = []
        title = ""
        if self._slot == "booking_item":
            options = self.phrases.replies("booking_popular_items")
        elif self._slot == "booking_hall":
            options = [{"label": h.name, "say": h.name} for h in self._system.halls()]
        elif self._slot == "booking_day":
            days = open_days(
                self._system,
                turn.slots["booking_hall"],
                self._clock().date(),
                count=6,
                horizon=HORIZON_DAYS,
            )
            options = [
                {"label": day_label(d), "say": f"{d.month}月{d.day}日", "hint": self._left(n)} for d, n in days
            ]
        elif self._slot == "booking_slot":
            options = self._slot_options(turn)
        elif self._slot == "booking_confirm":
            rows = read_back(turn, self._system)
            title = self.phrases.say("booking_read_back_title")
            options = self.phrases.replies("booking_confirm_options")
        sentence = self.phrases.say(f"ask_{self._slot}")
        if needs_person(turn.slots):
            sentence = f"{self.phrases.say('form_stuck')}{sentence}"
        asking = self._slot.removeprefix("booking_")
        return Result(
            [
                messages.ask(
                    sentence, asking=asking, options=options, rows=rows, title=title, replies=replies
                )
            ]
        )

    def _left(self, places: int) -> str:
        return self.phrases.say("places_left", n=places) if places else self.phrases.say("places_none")

    def _slot_options(self, turn: Turn) -> list[dict[str, Any]]:
        found = self._system.free_slots(
            turn.slots["booking_hall"], date.fromisoformat(turn.slots["booking_day"])
        )
        fitting = matching(found, turn.slots.get("booking_time") or {}) or list(found)
        return [
            {
                "label": slot_label(s),
                "say": f"{s.start:%H:%M}",
                "hint": self._left(s.free),
                "disabled": s.free == 0,
            }
            for s in fitting
        ]


def read_back(turn: Turn, system: BookingSystem) -> list[tuple[str, str]]:
    """The rows that the citizen confirms; labels are field names, not sentences."""
    slots = turn.slots
    hall = next(h for h in system.halls() if h.id == slots["booking_hall"])
    day = date.fromisoformat(slots["booking_day"])
    slot = next(s for s in system.free_slots(hall.id, day) if s.id == slots["booking_slot"])
    return [
        ("办理事项", slots["booking_item"]["name"]),
        ("办事大厅", hall.name),
        ("日期", day_label(day)),
        ("时段", slot_label(slot)),
        ("姓名", mask_name(slots["booking_name"])),
        ("手机号", mask_phone(slots["booking_phone"])),
    ]


class Book(TurnAction):
    """`action_book`: take the place in the database; only then say so."""

    def __init__(self, phrases: Phrases, system: BookingSystem) -> None:
        super().__init__("action_book", phrases)
        self._system = system

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        s = turn.slots
        try:
            booked = self._system.book(
                s["booking_slot"],
                item_id=s["booking_item"]["id"],
                item=s["booking_item"]["name"],
                name=s["booking_name"],
                phone=s["booking_phone"],
                owner=turn.conversation_id,
                key=f"{turn.conversation_id}:{s['booking_slot']}:{s['booking_phone']}:{turn.message_id}",
            )
        except SlotFull:
            keep = [SlotSet("booking_slot", None), SlotSet("booking_confirm", None)]
            sentence = self.phrases.say("slot_just_taken")
            return Result(
                [messages.text(sentence, status="booking_full", replies=self.phrases.replies("replies_rebook"))],
                [*keep, SlotSet("booking_time", None)],
            )
        except DuplicateBooking as duplicate:
            sentence = self.phrases.say("booking_duplicate", number=duplicate.booking_no)
            return Result(
                [messages.text(sentence, status="booking_duplicate", replies=self.phrases.replies("replies_booked"))],
                clear(),
            )
        subject = f"booking:{booked.booking_no}"
        return Result(
            [
                messages.bookings(
                    self.phrases.say("booked", number=booked.booking_no),
                    [booked],
                    self.phrases.replies("replies_booked"),
                ),
            ],
            clear([SlotSet("last_service", subject)]),
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
