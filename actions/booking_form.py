"""`validate_booking_form`: what one message says about a booking, with corrections and honest refusals."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.clock import Clock
from actions.backends.ports import BookingSystem, Slot
from actions.booking import HORIZON_DAYS
from actions.booking_reading import Reading, read_changes, read_known, read_whom
from actions.booking_slots import day_label, matching, slot_label
from actions.booking_waits import wish
from actions.cues import cue
from actions.forms import (
    QUESTION,
    goes_back,
    interrupts,
    is_another_task,
    leaves,
    outcome,
    place_in_list,
    within,
)
from actions.items import ItemFinder
from actions.phrases import Phrases
from actions.turn import Turn, time_value

HAN_NAME = re.compile(r"^[\u4e00-\u9fff·]{2,6}$")
ORDER = (
    "booking_item",
    "booking_hall",
    "booking_day",
    "booking_slot",
    "booking_name",
    "booking_phone",
    "booking_confirm",
)
"""The order in which the form asks, as in domain.yml."""
ITEM_CORRECTIONS = frozenset({"inform", "deny", "book"})
"""Intents with which a service named at the read-back replaces the one that was read back."""


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
        turn = within(turn, ORDER)
        if leaves(turn) or is_another_task(turn):
            return Result()
        back = goes_back(turn, ORDER, self.phrases)
        if back is not None:
            return back
        said = Reading(turn)
        self._read_item(said)
        self._read_hall(said)
        self._read_time(said)
        read_changes(said)
        read_whom(said)
        self._check_day(said)
        self._choose_slot(said)
        self._read_person(said)
        read_known(said, begins=said.wanted is None)
        self._read_answer(said)
        if not said.filled and not said.notes and interrupts(turn, "book", "change_booking", "join_waitlist"):
            return Result()
        return Result([self._note(key, values) for key, values in said.notes], outcome(turn, said.filled))

    def _note(self, key: str, values: dict[str, Any]) -> messages.Message:
        """A note; the one about a full day has a button that joins the line."""
        wait = values.get("wait")
        replies = [{"label": self.phrases.say("wait_button"), "say": wait}] if wait else []
        return messages.text(self.phrases.say(key, **values), status="form_note", replies=replies)

    @staticmethod
    def _would_wait(said: Reading) -> bool:
        """有空位通知我: wants the next place that falls free. Not for a move, which keeps its old place."""
        if said.have("booking_moves"):
            return False
        return bool(cue("tell_when_free").search(said.turn.text)) or said.turn.intent == "join_waitlist"

    def _read_item(self, said: Reading) -> None:
        turn, hint = said.turn, said.turn.first("guide_hint")
        fresh = turn.intent in ("book", "join_waitlist") and not said.have("booking_item")
        wrong = turn.intent in ITEM_CORRECTIONS or cue("wrong_item").search(turn.text)
        corrected = said.wanted == "booking_confirm" and bool(hint) and bool(wrong)
        if not (fresh or corrected or self._answers_which_item(said)):
            return
        if turn.intent == "open_guide":  # a button under "which of these", pressed while the form asks which
            item = self._items.under_discussion(str(turn.args.get("guide_id")), hint=None)
        else:
            item = self._items.find(self._without_halls(turn.text), hint=hint)
        if item is None and fresh:
            item = self._items.under_discussion(turn.slots.get("guide_id"), hint=hint)
        if item:
            said.filled["booking_item"] = item

    def _without_halls(self, text: str) -> str:
        """The words without names of halls: they pull a short name of a service aside."""
        names = {name for hall in self._system.halls() for name in (hall.name, *hall.names, hall.district)}
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(name, "") if len(name) > 1 else text
        return cue("hall_words").sub("", text)

    @staticmethod
    def _answers_which_item(said: Reading) -> bool:
        """A service's bare name sounds like a question about it; asked which one, it is the answer."""
        if said.wanted != "booking_item":
            return False
        bare = said.turn.intent == "ask_service" and not QUESTION.search(said.turn.text)
        return bare or said.turn.intent == "open_guide" or not interrupts(said.turn, "book", "change_booking")

    def _read_hall(self, said: Reading) -> None:
        halls = self._system.halls()
        named, district = said.turn.first("hall"), said.turn.first("district")
        found = next((h.id for h in halls if h.id == named), None)
        if found is None and district:
            found = next((h.id for h in halls if h.district == district and h.id != "city"), None)
        if found is None and not district and said.wanted == "booking_hall":
            at = place_in_list(said.turn, len(halls))
            found = None if at is None else halls[at].id
        if found:
            said.filled["booking_hall"] = found

    @staticmethod
    def _read_time(said: Reading) -> None:
        turn = said.turn
        if turn.first("time_problem") == "past":
            said.notes.append(("time_past", {}))
            return
        if turn.first("time_problem") == "ambiguous":
            said.notes.append(("time_ambiguous", {}))
            return
        if turn.first("day_until"):  # a period: its open days are offered
            said.filled |= {"booking_day": None, "booking_slot": None}
            said.filled["booking_span"] = [str(turn.first("day")), str(turn.first("day_until"))]
        elif turn.first("day"):
            said.filled["booking_day"] = str(turn.first("day"))
        wish = time_value(turn.first("time"))
        if wish:
            said.filled["booking_time"] = wish

    def _check_day(self, said: Reading) -> None:
        hall, day = said.have("booking_hall"), said.have("booking_day")
        if not hall or not day or not said.says("booking_hall", "booking_day"):
            return
        when = date.fromisoformat(day)
        slots = self._system.free_slots(hall, when)
        if any(s.free for s in slots) or (slots and self._would_wait(said)):
            return
        ahead = (when - self._clock().date()).days
        if ahead < 0:
            said.notes.append(("time_past", {}))
        elif ahead > HORIZON_DAYS:
            said.notes.append(("day_too_far", {"day": day_label(when), "n": HORIZON_DAYS}))
        else:
            said.notes.append(self._full_or_closed(said, hall, when, bool(slots)))
        said.filled["booking_day"] = None
        said.filled["booking_slot"] = None

    def _full_or_closed(self, said: Reading, hall: str, day: date, opens: bool) -> tuple[str, dict[str, Any]]:
        """Why nothing is free that day, and what can be done."""
        label = day_label(day)
        if opens and said.have("booking_moves"):
            return "day_full", {"day": label}
        if opens:
            words = self.phrases.say("wait_words", day=f"{day.month}月{day.day}日")
            return "day_full_wait", {"day": label, "wait": words}
        reason = self._system.closed_because(hall, day)
        if reason:
            return "day_closed_because", {"day": label, "reason": reason}
        return "day_closed", {"day": label}

    def _choose_slot(self, said: Reading) -> None:
        hall, day = said.have("booking_hall"), said.have("booking_day")
        if not hall or not day:
            return
        time = said.have("booking_time") or {}
        slots = self._system.free_slots(hall, date.fromisoformat(day))
        fitting = matching(slots, time)
        if self._would_wait(said) and slots:
            said.filled["booking_slot"] = wish(fitting or slots, bool(time and fitting))
        elif said.says("booking_hall", "booking_day", "booking_time"):
            said.filled["booking_slot"] = self._only(said, fitting, time, date.fromisoformat(day))
        elif said.wanted == "booking_slot" or (
            said.wanted == "booking_confirm" and cue("slot_word").search(said.turn.text)
        ):
            at = place_in_list(said.turn, len(fitting))
            if at is None:
                return
            if not fitting[at].free:
                said.notes.append(("slot_full", {"slot": slot_label(fitting[at])}))
            said.filled["booking_slot"] = fitting[at].id if fitting[at].free else None

    @staticmethod
    def _only(said: Reading, fitting: list[Slot], wish: dict[str, Any], day: date) -> str | None:
        """The one free slot that fits the wish; a wish that nothing fits is dropped, and said to be."""
        free = [s for s in fitting if s.free]
        if wish and not free:
            said.notes.append(("slot_none_then", {"day": day_label(day)}))
            said.filled["booking_time"] = None
        return free[0].id if wish and len(free) == 1 else None

    @staticmethod
    def _read_person(said: Reading) -> None:
        turn = said.turn
        if turn.first("phone"):
            said.filled["booking_phone"] = str(turn.first("phone"))
        elif said.wanted == "booking_phone" and re.search(r"\d{5,}", turn.text):
            said.notes.append(("phone_invalid", {}))
        name = turn.first("person_name")
        bare = HAN_NAME.match(turn.text) and not cue("not_a_name").search(turn.text)
        if said.wanted == "booking_name" and not name and not said.filled and bare:
            if turn.intent in {"inform", "nlu_fallback", ""} or turn.confidence < 0.5:
                name = turn.text
        corrects = cue("other_person").search(turn.text)
        if name and (said.wanted == "booking_name" or corrects or turn.intent in {"inform", "book", "deny"}):
            said.filled["booking_name"] = str(name)

    @staticmethod
    def _read_answer(said: Reading) -> None:
        """Yes or no to the read-back; a correction in the same breath counts for more than the yes."""
        if said.wanted != "booking_confirm" or said.filled:
            return
        if said.turn.intent == "affirm":
            said.filled["booking_confirm"] = True
        elif said.turn.intent == "deny":
            said.notes.append(("booking_what_to_change", {}))
