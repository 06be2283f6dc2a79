"""What all forms share: when a message is not meant for the form, and counting failures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk.events import SlotSet

from actions import messages
from actions.action import Result
from actions.cues import cue
from actions.phrases import Phrases
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
        "change_booking",
        "join_waitlist",
        "waitlist",
        "add_to_work_order",
        "work_order_status",
        "urge_work_order",
        "withdraw",
        "elder_mode",
        "slower",
        "repeat",
        "opinion",
    }
)
"""Intents that may interrupt a form. A rule in nlu_data/rules answers each one and resumes the form."""

ASKING = frozenset({"ask_service", "ask_followup", "identity", "capabilities", "out_of_scope"})
"""Interruptions that a question word makes likely enough."""
TASKS = frozenset(
    {
        "case_status",
        "complaint",
        "leave_message",
        "cancel_booking",
        "list_bookings",
        "work_order_status",
        "urge_work_order",
        "withdraw",
        "rate_service",
    }
)
CLEAR = 0.7
QUESTION = re.compile(
    r"[?？]|怎么|如何|什么|多少|多久|多长|哪|几|吗|呢$|为啥|为什么|能不能|可不可以|要不要|是不是|咋"
)
SURE = 0.55
"""Intent confidence above which an interruption is believed without a question word."""


CERTAIN = frozenset({"open_guide", "set_fact", "urgent", "human", "repeat", "elder_mode"})
"""Interruptions that are believed at any confidence: they never hold data of a form."""


def leaves(turn: Turn) -> bool:
    """True when the citizen wants out of the form."""
    return turn.intent in LEAVE


def interrupts(turn: Turn, *own: str) -> bool:
    """True when the message asks for something else than this form (`own`: the form's own intents)."""
    if turn.intent not in ELSEWHERE or turn.intent in own:
        return False
    if turn.intent in CERTAIN or turn.confidence >= SURE:
        return True
    return turn.intent in ASKING and QUESTION.search(turn.text) is not None


def is_another_task(turn: Turn, *own: str) -> bool:
    """True when the message clearly begins another task: nothing in it is data of this form."""
    told = turn.intent == "leave_message" and (turn.first("phone") or turn.first("person_name"))
    return turn.intent in TASKS - set(own) and turn.confidence >= CLEAR and not told


def within(turn: Turn, order: Sequence[str]) -> Turn:
    """The turn as this form sees it: what another form asked just before is no question of its own."""
    return turn if turn.requested_slot in order else replace(turn, requested_slot=None)


def confirms(turn: Turn, *own: str) -> bool | None:
    """The answer to "shall I really?": True, False, or None for a question or anything else.

    `own`: intents that say the deed itself (取消): a yes here, unless refused (不取消) or asked about.
    """
    if QUESTION.search(turn.text):
        return None
    if turn.intent == "deny" or cue("refuses").search(turn.text):
        return False
    if turn.intent == "nlu_fallback" and cue("agrees").search(turn.text):  # 是的 取消
        return True
    return True if turn.intent in {"affirm", *own} else None


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


def goes_back(turn: Turn, order: Sequence[str], phrases: Phrases) -> Result | None:
    """One step back in a form whose slots are asked in `order`; None when that is not what was said.

    The slot before the one in question is emptied, so that the form asks it again. Nothing else is lost.
    """
    if turn.intent != "go_back" or turn.requested_slot not in order:
        return None
    before = [name for name in order[: order.index(turn.requested_slot)] if turn.slots.get(name) is not None]
    if not before:
        note = messages.text(phrases.say("form_at_first"), status="form_note")
        return Result([note], [SlotSet("form_failures", 0)])
    note = messages.text(phrases.say("form_back"), status="form_note")
    return Result([note], [SlotSet(before[-1], None), SlotSet("form_failures", 0)])


def asked(turn: Turn, phrases: Phrases, sentence: str) -> tuple[str, list[dict[str, Any]]]:
    """A form's question and its buttons: after `OFFER_PERSON_AFTER` failures with the offer of a person."""
    if needs_person(turn.slots):
        return f"{phrases.say('form_stuck')}{sentence}", phrases.replies("replies_person")
    return sentence, phrases.replies("replies_cancel")


def needs_person(slots: Mapping[str, Any]) -> bool:
    """True when a person should be offered beside the question."""
    return int(slots.get("form_failures") or 0) >= OFFER_PERSON_AFTER
