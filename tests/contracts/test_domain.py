"""domain.yml, the rules and the action server name the same actions, intents and slots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from actions import (
    booking,
    cancel_booking,
    case_status,
    change_booking,
    forms,
    leave_message,
    rate_reason,
    work_orders,
)
from actions.phrases import Phrases
from actions.server import build_actions
from tests.fakes import ScriptedAnswerer

ROOT = Path(__file__).resolve().parents[2]
DOMAIN: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
RULES: list[dict[str, Any]] = [
    rule
    for path in sorted((ROOT / "nlu_data" / "rules").glob("*.yml"))
    for rule in yaml.safe_load(path.read_text("utf-8"))["rules"]
]
RASAS_OWN = {"action_deactivate_loop", "action_listen", "action_default_fallback", "action_restart"}
FORM_SLOTS = {
    "booking_form": booking.FORM_SLOTS,
    "case_form": case_status.FORM_SLOTS,
    "cancel_form": cancel_booking.FORM_SLOTS,
    "message_form": leave_message.FORM_SLOTS,
    "change_form": change_booking.FORM_SLOTS,
    "order_form": work_orders.FORM_SLOTS,
    "reason_form": rate_reason.FORM_SLOTS,
}


def steps_of(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a rule, alternatives unfolded."""
    flat: list[dict[str, Any]] = []
    for step in rule["steps"]:
        flat += step["or"] if "or" in step else [step]
    return flat


def test_every_action_of_the_domain_is_built_and_none_besides(systems):
    built = [a.name() for a in build_actions(systems, ScriptedAnswerer(), Phrases.load())]
    assert sorted(built) == sorted(DOMAIN["actions"])
    assert len(built) == len(set(built))


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r["rule"])
def test_a_rule_names_only_what_exists(rule):
    known = {*DOMAIN["actions"], *DOMAIN["forms"], *RASAS_OWN}
    for step in steps_of(rule):
        if "action" in step:
            assert step["action"] in known
        if "intent" in step:
            assert step["intent"] in {*DOMAIN["intents"], "nlu_fallback"}
        if step.get("active_loop"):
            assert step["active_loop"] in DOMAIN["forms"]


@pytest.mark.parametrize("form", sorted(FORM_SLOTS))
def test_form_slots_exist_and_can_be_asked_for(form):
    required = DOMAIN["forms"][form]["required_slots"]
    assert set(FORM_SLOTS[form]) <= set(DOMAIN["slots"])
    assert set(required) <= set(FORM_SLOTS[form])
    for slot in required:
        assert f"action_ask_{form}_{slot}" in DOMAIN["actions"]
    assert f"validate_{form}" in DOMAIN["actions"]


def test_no_form_is_without_its_slots_here():
    assert set(FORM_SLOTS) == set(DOMAIN["forms"])


def test_only_actions_set_slots():
    for name, slot in DOMAIN["slots"].items():
        assert slot["mappings"] == [{"type": "custom"}], name
        assert slot["influence_conversation"] is False, name


def test_the_forms_know_only_intents_of_the_domain():
    assert forms.ELSEWHERE | forms.LEAVE <= set(DOMAIN["intents"])


@pytest.mark.parametrize("form", sorted(FORM_SLOTS))
def test_every_interruption_has_a_rule_that_answers_it(form):
    """When a validator returns nothing, Rasa needs a rule for that intent, inside the form or outside."""
    answered: set[str] = set()
    for rule in RULES:
        inside = [c.get("active_loop") for c in rule.get("condition", [])]
        if not inside or form in inside:
            answered |= {s["intent"] for s in steps_of(rule)[:1] if "intent" in s}
            answered |= {a["intent"] for s in rule["steps"][:1] for a in s.get("or", [])}
    assert forms.ELSEWHERE | forms.LEAVE <= answered
