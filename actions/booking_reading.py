"""What one message says about a booking in hand, collected while the form reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from actions.cues import cue
from actions.forms import QUESTION
from actions.turn import Turn

WHOM = frozenset({"book", "inform", "deny", "change_booking", "affirm", "nlu_fallback", ""})
"""Intents in which a relation may be the person it is for; a question about one is none."""


@dataclass
class Reading:
    """What a message gave: `filled` slot -> value (None empties), `notes` phrase key and values to say."""

    turn: Turn
    filled: dict[str, Any] = field(default_factory=dict)
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def wanted(self) -> str | None:
        """The slot that was asked for."""
        return self.turn.requested_slot

    def have(self, name: str) -> Any:
        """The slot as it stands with this message."""
        return self.filled[name] if name in self.filled else self.turn.slots.get(name)

    def says(self, *names: str) -> bool:
        """True when this message sets or empties one of the slots."""
        return bool(set(names) & self.filled.keys())


def read_changes(said: Reading) -> None:
    """Another hall, another day, another time, another person: empty what was chosen, so that it is asked."""
    text = said.turn.text
    if said.have("booking_hall") and not said.says("booking_hall") and cue("other_hall").search(text):
        said.filled |= {"booking_hall": None, "booking_slot": None}
        said.notes.append(("booking_other_hall", {}))
    if said.have("booking_day") and not said.says("booking_day") and cue("other_day").search(text):
        said.filled |= {"booking_day": None, "booking_slot": None}
    if said.have("booking_slot") and not said.says("booking_slot", "booking_time"):
        if cue("other_slot").search(text):
            said.filled |= {"booking_slot": None, "booking_time": None}
    if said.have("booking_name") and not said.says("booking_name") and cue("other_person").search(text):
        said.filled["booking_name"] = None


def read_whom(said: Reading) -> None:
    """For whom it is: for someone else their name is asked, even where one's own is known."""
    turn = said.turn
    told = turn.intent in WHOM and not QUESTION.search(turn.text)
    relation = (turn.entities.get("relation") or ("",))[-1]  # 不是给我爸，是给我妈: the last one counts
    if told and relation not in ("", "本人") and cue("for_someone").search(turn.text):
        if said.have("booking_for") != relation:
            said.filled["booking_for"] = relation
            if not turn.first("person_name"):
                said.filled["booking_name"] = None
    if cue("several_people").search(turn.text) and turn.intent in {"book", "inform"}:
        said.notes.append(("booking_one_each", {}))


def read_known(said: Reading, begins: bool) -> None:
    """At the start: take over the name and phone that were given before, and say so."""
    if not begins or said.have("booking_moves"):
        return
    slots = said.turn.slots
    note = ""
    if not said.have("booking_name") and slots.get("known_name") and not said.have("booking_for"):
        said.filled["booking_name"] = slots["known_name"]
        note = "known_name"
    if not said.have("booking_phone") and slots.get("known_phone"):
        said.filled["booking_phone"] = slots["known_phone"]
        note = "known_name_phone" if note else "known_phone"
    if note:
        said.notes.append((note, {}))
