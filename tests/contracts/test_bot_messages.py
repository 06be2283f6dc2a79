"""Everything the actions say is a message the gateway accepts, with buttons that it carries out."""

from __future__ import annotations

import ast
import asyncio
import itertools
import json
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from rasa_sdk.executor import CollectingDispatcher

from actions.backends.ports import BackendUnavailable
from actions.guarded import guarded
from actions.own_cases import SIGN_IN
from actions.phrases import Phrases
from gateway import wire
from gateway.dialogue import parse_item
from gateway.identity import TASKS
from gateway.kept_words import kept
from tests.actions.test_guarded import Breaking
from tests.actions.test_turn import tracker
from tests.contracts.branches import IDENTITY, walk, world
from tests.contracts.implementations import local
from tests.fakes import HeldClock

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = set(get_args(wire.Act.model_fields["action"].annotation))
MODELS = get_args(get_args(wire.BotMessage)[0])
KINDS = {get_args(model.model_fields["kind"].annotation)[0] for model in MODELS}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, dict[str, Any]]]:
    """(action, message) of every branch, and of the net under them."""
    phrases, count = Phrases.load(), itertools.count()

    def make():
        clock = HeldClock()
        return world(local(tmp_path_factory.mktemp(f"w{next(count)}"), clock), phrases, clock)

    found = list(walk(make))
    for error in (KeyError("x"), BackendUnavailable("booking", "down")):
        dispatcher = CollectingDispatcher()
        asyncio.run(guarded(Breaking(phrases, error), phrases)(dispatcher, tracker(), {}))
        found += [("guarded", m["custom"]) for m in dispatcher.messages]
    return found


def test_every_message_is_one_the_gateway_accepts(said):
    wrong = {}
    for action, message in said:
        try:
            wire.bot_message.validate_python(message)
        except ValidationError as error:
            wrong[action, message.get("kind")] = [e["loc"] for e in error.errors()]
    assert wrong == {}
    assert len(said) > 100


def test_every_message_survives_the_way_over_http(said):
    for _action, message in said:
        back = parse_item({"recipient_id": "c-1", "custom": json.loads(json.dumps(message))})
        assert back is not None and back.kind == message["kind"]


def test_every_kind_and_every_named_outcome_is_reached(said):
    assert {m["kind"] for _, m in said} == KINDS
    named = set()
    for path in (ROOT / "actions").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            status = node.value if isinstance(node, ast.keyword) and node.arg == "status" else None
            if isinstance(status, ast.Constant) and isinstance(status.value, str):
                named.add(status.value)
    assert "booking_full" in named and "case_locked" in named
    assert named <= {m.get("status") for _, m in said}


def test_every_action_of_the_domain_speaks(said):
    import yaml

    domain = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
    silent = {"validate_reason_form"}  # takes any words as the reason, says nothing itself
    assert {name for name, _ in said} >= set(domain["actions"]) - silent


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """All quick replies of a message."""
    options = message.get("options", []) if message["kind"] == "ask" else []
    return [*message.get("replies", []), *options, *message.get("levels", [])]


def test_buttons_do_what_the_gateway_can_do(said):
    seen = set()
    for action, message in said:
        for button in buttons(message):
            assert button["label"].strip(), (action, button)
            says, acts = button.get("say"), button.get("action")
            assert (says is None) != (acts is None), (action, button)
            if acts == SIGN_IN:  # the page's own: it leaves for the provider
                assert button["args"]["task"] in TASKS, (action, button)
                seen.add(acts)
            elif acts:
                assert acts in ALLOWED, (action, button)
                frame = {"type": "act", "id": "c-1", "action": acts, "label": button["label"]}
                frame["args"] = button.get("args", {})
                wire.citizen_frame.validate_python(frame)
                seen.add(acts)
            else:
                assert 0 < len(says) <= wire.TEXT_LIMIT
    assert {"handoff", "rate", SIGN_IN} <= seen


def test_sentences_are_whole_and_in_chinese(said):
    for action, message in said:
        if message["kind"] == "repeat":  # the gateway puts the words in
            continue
        sentence = message.get("text", message.get("lead", message.get("reason")))
        assert sentence and "{" not in sentence and "None" not in sentence, (action, sentence)
        if message["kind"] != "handoff":
            assert any("\u4e00" <= c <= "\u9fff" for c in sentence), (action, sentence)


def test_names_and_phones_are_stored_masked_only(said):
    """The actions mask what they know to be a name or a phone, the gateway what stands in free words."""
    for action, message in said:
        shown = kept(wire.bot_message.validate_python(message)).model_dump_json()
        for secret in ("13800138000", "王小明", IDENTITY):
            assert secret not in shown, (action, message["kind"])


def test_the_gateways_masking_leaves_all_else_alone(said):
    """Booking numbers, days, times and halls in a read-back are no identifiers."""
    for action, message in said:
        if "message" not in action:
            whole = wire.bot_message.validate_python(message)
            assert kept(whole) == whole, (action, message["kind"])
