"""Write nlu_data/rules/forms.yml: every form answers the same interruptions, from one table.

    python -m bot.form_rules > nlu_data/rules/forms.yml

A form's validator hands a message on by returning no event; Rasa then needs a rule for its intent. Writing
them by hand for each form forgets some; a test compares the file with what this prints.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True)
class Form:
    """One form: how the rules call it, the intents that start it, the action that ends it."""

    title: str
    name: str
    starts: Sequence[str]
    submit: str
    left_by: Sequence[str] = ("cancel", "deny")


FORMS = (
    Form("Look up a case", "case_form", ("case_status",), "action_case_status"),
    Form("Book a slot", "booking_form", ("book", "join_waitlist"), "action_book"),
    Form("Cancel a booking", "cancel_form", ("cancel_booking",), "action_cancel_booking"),
    Form("Move a booking", "change_form", ("change_booking",), "action_begin_change"),
    Form("Leave a message", "message_form", ("leave_message", "complaint"), "action_leave_message"),
    Form(
        "A work order",
        "order_form",
        ("work_order_status", "urge_work_order", "withdraw", "add_to_work_order"),
        "action_work_order",
    ),
    Form("The reason of a rating", "reason_form", (), "action_rate_reason"),
)
ASKS = ("ask_service", "ask_followup", "open_guide", "set_fact", "out_of_scope", "nlu_fallback")
TALK = (
    "greet",
    "goodbye",
    "thanks",
    "affirm",
    "identity",
    "capabilities",
    "small_talk",
    "abuse",
    "opinion",
    "dont_know",
    "elder_mode",
    "slower",
    "join_waitlist",
    "rate_reason",
    "inform",
    "go_back",
)
ANSWERED = (
    ("a question in the middle", ASKS, "action_answer_guide"),
    ("talk in the middle", TALK, "action_say"),
    ("danger in the middle", ("urgent",), "action_urgent"),
    ("say it again", ("repeat",), "action_repeat"),
    ("bookings in the middle", ("list_bookings",), "action_list_bookings"),
    ("the waitlist in the middle", ("waitlist",), "action_waitlist"),
    ("a rating in the middle", ("rate_service",), "action_rate"),
)


def _steps(intents: Sequence[str]) -> list[dict[str, Any]]:
    alternatives = [{"intent": name} for name in intents]
    return alternatives if len(alternatives) == 1 else [{"or": alternatives}]


def _of(form: Form) -> Iterator[dict[str, Any]]:
    goes_on = [{"action": form.name}, {"active_loop": form.name}]
    inside = [{"active_loop": form.name}]
    ended = [{"action": "action_deactivate_loop"}, {"active_loop": None}]
    if form.starts:
        yield {"rule": f"{form.title} - activate", "steps": [*_steps(form.starts), *goes_on]}
    yield {
        "rule": f"{form.title} - submit",
        "condition": inside,
        "steps": [
            {"action": form.name},
            {"active_loop": None},
            {"slot_was_set": [{"requested_slot": None}]},
            {"action": form.submit},
        ],
    }
    yield {
        "rule": f"{form.title} - leave",
        "condition": inside,
        "steps": [*_steps(form.left_by), *ended, {"action": "action_leave_form"}],
    }
    yield {
        "rule": f"{form.title} - start over",
        "condition": inside,
        "steps": [{"intent": "restart_task"}, *ended, {"action": "action_start_over"}],
    }
    for what, every, action in ANSWERED:
        intents = [name for name in every if name not in form.starts]
        yield {
            "rule": f"{form.title} - {what}",
            "condition": inside,
            "steps": [*_steps(intents), {"action": action}, *goes_on],
        }


def text() -> str:
    """The rules file."""
    head = (
        "# Written by `python -m bot.form_rules`; change the table there.\n"
        "# Forms: activate, submit, leave, and every interruption answered before the form goes on.\n"
    )
    rules = [rule for form in FORMS for rule in _of(form)]
    body = yaml.safe_dump({"version": "3.1", "rules": rules}, allow_unicode=True, sort_keys=False, width=200)
    return head + body


def main() -> None:
    """Entry point."""
    argparse.ArgumentParser(prog="python -m bot.form_rules", description=__doc__).parse_args()
    sys.stdout.write(text())


if __name__ == "__main__":
    main()
