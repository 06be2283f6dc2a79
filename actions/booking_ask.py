"""The booking form's questions, with options that help but are never needed."""

from __future__ import annotations

from datetime import date
from typing import Any

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.clock import Clock
from actions.backends.ports import BookingSystem, Slot
from actions.booking import HORIZON_DAYS
from actions.booking_slots import day_label, matching, open_days, slot_label
from actions.booking_waits import WAIT, waited_for
from actions.forms import asked
from actions.masking import mask_name, mask_phone
from actions.phrases import Phrases
from actions.turn import Turn

DAYS_SHOWN = 6


class AskBooking(TurnAction):
    """`action_ask_booking_form_<slot>`."""

    def __init__(self, slot: str, phrases: Phrases, system: BookingSystem, clock: Clock) -> None:
        super().__init__(f"action_ask_booking_form_{slot}", phrases)
        self._slot = slot
        self._system = system
        self._clock = clock

    def act(self, turn: Turn) -> Result:
        """See `TurnAction.act`."""
        sentence, replies = asked(turn, self.phrases, self.phrases.say(self._key(turn)))
        rows: list[tuple[str, str]] = []
        title = ""
        options = self._options(turn)
        if self._slot == "booking_confirm":
            slot = self._chosen(turn)
            rows = self._rows(turn, slot)
            moved = turn.slots.get("booking_moves")
            title = self.phrases.say("booking_move_title" if moved else "booking_read_back_title")
            if slot is None and not self._waits(
                turn
            ):  # its time has come while we talked: nothing left to confirm
                sentence, options = self.phrases.say("time_past"), []
        return Result(
            [
                messages.ask(
                    sentence,
                    asking=self._slot.removeprefix("booking_"),
                    options=options,
                    rows=rows,
                    title=title,
                    replies=replies,
                )
            ]
        )

    def _key(self, turn: Turn) -> str:
        """The phrase: the name of someone else is asked for as such."""
        other = self._slot == "booking_name" and turn.slots.get("booking_for")
        return "ask_booking_name_other" if other else f"ask_{self._slot}"

    def _options(self, turn: Turn) -> list[dict[str, Any]]:
        if self._slot == "booking_item":
            return self.phrases.replies("booking_popular_items")
        if self._slot == "booking_hall":
            return [{"label": h.name, "say": h.name} for h in self._system.halls()]
        if self._slot == "booking_day":
            return self._days(turn)
        if self._slot == "booking_slot":
            return self._slots(turn)
        if self._slot == "booking_confirm":
            return self.phrases.replies("booking_confirm_options")
        return []

    def _days(self, turn: Turn) -> list[dict[str, Any]]:
        hall, today = turn.slots["booking_hall"], self._clock().date()
        span = turn.slots.get("booking_span")
        # Each day looked at is a transaction: all of the horizon only where a period was said.
        count = HORIZON_DAYS if span else DAYS_SHOWN
        days = open_days(self._system, hall, today, count=count, horizon=HORIZON_DAYS)
        if span:
            days = ([(d, n) for d, n in days if span[0] <= d.isoformat() <= span[1]] or days)[:DAYS_SHOWN]
        return [
            {"label": day_label(d), "say": f"{d.month}月{d.day}日", "hint": self._left(n)} for d, n in days
        ]

    def _slots(self, turn: Turn) -> list[dict[str, Any]]:
        found = self._system.free_slots(
            turn.slots["booking_hall"], date.fromisoformat(turn.slots["booking_day"])
        )
        fitting = matching(found, turn.slots.get("booking_time") or {}) or list(found)
        options: list[dict[str, Any]] = [
            {
                "label": slot_label(s),
                "say": f"{s.start:%H:%M}",
                "hint": self._left(s.free),
                "disabled": s.free == 0,
            }
            for s in fitting
        ]
        if any(not s.free for s in fitting) and not turn.slots.get("booking_moves"):
            options += self.phrases.replies("wait_options")
        return options

    @staticmethod
    def _waits(turn: Turn) -> bool:
        """True when a turn in line is about to be confirmed."""
        return str(turn.slots.get("booking_slot") or "").startswith(WAIT)

    def _left(self, places: int) -> str:
        return self.phrases.say("places_left", n=places) if places else self.phrases.say("places_none")

    def _chosen(self, turn: Turn) -> Slot | None:
        """The slot that was chosen; None when it has begun since."""
        day = date.fromisoformat(turn.slots["booking_day"])
        slots = self._system.free_slots(turn.slots["booking_hall"], day)
        return next((s for s in slots if s.id == turn.slots["booking_slot"]), None)

    def _waited(self, turn: Turn) -> str:
        """What is waited for, in words; "" for anything else."""
        if not self._waits(turn):
            return ""
        day = date.fromisoformat(turn.slots["booking_day"])
        slots = self._system.free_slots(turn.slots["booking_hall"], day)
        return waited_for(str(turn.slots["booking_slot"]), slots, self.phrases)

    def _rows(self, turn: Turn, slot: Slot | None) -> list[tuple[str, str]]:
        """The rows that the citizen confirms."""
        slots = turn.slots
        hall = next(h.name for h in self._system.halls() if h.id == slots["booking_hall"])
        values = {
            "label_item": slots["booking_item"]["name"],
            "label_hall": hall,
            "label_day": day_label(date.fromisoformat(slots["booking_day"])),
            "label_slot": slot_label(slot) if slot else self._waited(turn),
            "label_name": mask_name(slots["booking_name"]),
            "label_phone": mask_phone(slots["booking_phone"]),
        }
        return [(self.phrases.say(label), value) for label, value in values.items() if value]
