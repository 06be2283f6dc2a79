"""What all forms share: when a message is not meant for the form, and counting failures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import SlotSet

from actions.turn import Turn

REQUESTED = "requested_slot"
OFFER_PERSON_AFTER = 2
"""Failures on one slot after which a person is offered; a form never loops silently."""

LEAVE = frozenset({"cancel", "restart_task"})
ELSEWHERE = frozenset(
    {
        "ask_service",
        "ask_followup",
        "open_guide",
        "set_fact",
        "identity",
        "capabilities",
        "small_talk",
        "out_of_scope",
        "urgent",
        "abuse",
        "human",
        "greet",
        "goodbye",
        "thanks",
        "case_status",
        "book",
        "list_bookings",
        "cancel_booking",
        "rate_service",
        "leave_message",
        "complaint",
    }
)
"""Intents that may interrupt a form. A rule in nlu_data/rules answers each one and resumes the form."""

QUESTION = re.compile(r"[?？]|怎么|如何|什么|多少|哪|几|吗|呢$|为啥|为什么|能不能|可不可以|要不要|是不是|咋")
SURE = 0.55
"""Intent confidence above which an interruption is believed without a question word."""


def leaves(turn: Turn) -> bool:
    """True when the citizen wants out of the form."""
    return turn.intent in LEAVE


def interrupts(turn: Turn, own: str) -> bool:
    """True when the message asks for something else than this form (`own`: the form's own intent)."""
    if turn.intent not in ELSEWHERE or turn.intent == own:
        return False
    if turn.intent in {"open_guide", "set_fact", "urgent", "human"}:
        return True
    return turn.confidence >= SURE or QUESTION.search(turn.text) is not None


COUNTED = re.compile(r"[人岁件份套张本]")
"""After a number these count things (两个人); such a number is no place in a list."""


def place_in_list(turn: Turn, count: int) -> int | None:
    """The place, from 0, that 第二个 or 最后一个 names in a list of `count`; None when it names none."""
    number = turn.first("number")
    if not isinstance(number, int) or COUNTED.search(turn.text):
        return None
    at = count - 1 if number == -1 else number - 1
    return at if 0 <= at < count else None


def outcome(turn: Turn, filled: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Turn filled slots into events; if the requested one stayed empty, count the failure.

    Returning at least one SlotSet keeps Rasa inside the form (an empty list rejects it).
    """
    events = [SlotSet(name, value) for name, value in filled.items()]
    wanted = turn.requested_slot
    missed = wanted is not None and filled.get(wanted) is None and not turn.resumed
    failures = int(turn.slots.get("form_failures") or 0) + 1 if missed and not filled else 0
    events.append(SlotSet("form_failures", failures))
    return events


def needs_person(slots: Mapping[str, Any]) -> bool:
    """True when a person should be offered beside the question."""
    return int(slots.get("form_failures") or 0) >= OFFER_PERSON_AFTER
