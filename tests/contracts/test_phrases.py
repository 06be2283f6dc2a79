"""Sentences and code fit: no key is missing, no sentence is left over, every field is filled."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from actions.phrases import PLAIN, SUFFIX, Phrases
from gateway import wire
from gateway.citizen_chat import Step
from gateway.identity import TASKS
from gateway.identity_routes import KNOWN_REASONS
from tests.contracts.branches import walk, world
from tests.contracts.implementations import local
from tests.fakes import HeldClock, NotingPhrases

ROOT = Path(__file__).resolve().parents[2]
DOMAIN: dict[str, Any] = yaml.safe_load((ROOT / "domain.yml").read_text("utf-8"))
TABLES: dict[str, dict[str, Any]] = {
    name: yaml.safe_load((ROOT / name / "data" / "phrases.yml").read_text("utf-8"))
    for name in ("actions", "gateway")
}
CALLS = {"say", "replies", "words", "fields"}
RATED = ("booking", "case", "work_order", "handoff", "guide")
"""Kinds of service that a rating names; see actions.backends.ports.Rating.subject."""
ERROR_CODES = get_args(wire.ErrorFrame.model_fields["code"].annotation)
REST_CODES = ("code_locked", "code_wrong", "no_conversation", "sign_in_needed", "ticket_refused")
"""Of routes that build the key of their sentence: `Chat.fail` of gateway/citizen_chat.py."""
PASSWORD_FAULTS = ("wrong", "length", "has_name", "common", "same")
"""Of gateway/passwords.py and of the account's own routes."""
ASKED = {slot for form in DOMAIN["forms"].values() for slot in form["required_slots"]}


def data(name: str) -> dict[str, Any]:
    """A file of nlu_data."""
    return dict(yaml.safe_load((ROOT / "nlu_data" / f"{name}.yml").read_text("utf-8")))


FAMILIES: dict[str, dict[str, set[str]]] = {
    # A key that code builds -> what it may become. `say_` and `replies_` are optional per intent.
    "actions": {
        "ask_": {f"ask_{slot}" for slot in ASKED},
        "say_": {f"say_{intent}" for intent in DOMAIN["intents"]} & TABLES["actions"].keys(),
        "replies_": {f"replies_{intent}" for intent in DOMAIN["intents"]} & TABLES["actions"].keys(),
        "service_": {f"service_{kind}" for kind in RATED},
        "urgent_": {f"urgent_{kind}" for kind in (*data("danger")["kinds"], "any")},
        "topic_": {f"topic_{name}" for name in data("topics")["topics"]},
        "order_state_": {f"order_state_{state}" for state in ("accepted", "urged", "withdrawn")},
    },
    "gateway": {
        "error_": {f"error_{code}" for code in (*ERROR_CODES, *REST_CODES)},
        "error_must_": {f"error_must_{first}" for first in ("password", "totp")},
        "error_password_": {f"error_password_{fault}" for fault in PASSWORD_FAULTS},
        "task_": {f"task_{task}" for task in TASKS},
        "identity_": {f"identity_{step}" for step in get_args(Step)} | {"identity_signed_in_only"},
        "sign_in_": {f"sign_in_{reason}" for reason in (*KNOWN_REASONS, "refused", "unavailable")},
    },
}


def tree(package: str) -> list[tuple[Path, ast.Module]]:
    """The package's sources, parsed."""
    return [(p, ast.parse(p.read_text("utf-8"))) for p in sorted((ROOT / package).rglob("*.py"))]


def spoken(package: str) -> tuple[set[str], set[str]]:
    """Keys that calls such as `.say("key")` name outright, and the beginnings of those they build."""
    outright: set[str] = set()
    built: set[str] = set()
    for _, module in tree(package):
        for node in ast.walk(module):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            if node.func.attr not in CALLS or "phrases" not in ast.unparse(node.func.value):
                continue
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.JoinedStr) and isinstance(part.values[0], ast.Constant):
                    built.add(str(part.values[0].value))
            if isinstance(node.args[0], ast.Constant):
                outright.add(node.args[0].value)
            elif isinstance(node.args[0], ast.IfExp):
                either = (node.args[0].body, node.args[0].orelse)
                outright |= {n.value for n in either if isinstance(n, ast.Constant)}
    return outright, built


def strings(package: str) -> set[str]:
    """Every string in the package's code, docstrings left out."""
    found: set[str] = set()
    for _, module in tree(package):
        docs = {
            id(n.body[0].value)
            for n in ast.walk(module)
            if isinstance(n, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and n.body and isinstance(n.body[0], ast.Expr)
        }
        found |= {
            n.value
            for n in ast.walk(module)
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docs
        }
    return found


@pytest.mark.parametrize("package", sorted(TABLES))
def test_every_key_that_code_names_exists(package):
    outright, built = spoken(package)
    assert outright and outright <= TABLES[package].keys()
    assert built <= FAMILIES[package].keys(), "a new family of keys: say in FAMILIES what it may become"
    for prefix in built:
        assert FAMILIES[package][prefix] and FAMILIES[package][prefix] <= TABLES[package].keys()


@pytest.mark.parametrize("package", sorted(TABLES))
def test_no_sentence_is_left_over(package):
    used = strings(package) | set().union(*FAMILIES[package].values())
    left = TABLES[package].keys() - used
    assert {key for key in left if not key.endswith(SUFFIX)} == set()


def test_a_plain_sentence_says_the_same_in_fewer_characters():
    phrases = Phrases(TABLES["actions"])
    plain = {key for key in phrases.keys() if key.endswith(SUFFIX)}
    assert len(plain) > 10
    for key in plain:
        base = key.removesuffix(SUFFIX)
        assert phrases.fields(key) <= phrases.fields(base), key
        assert len(str(TABLES["actions"][key])) < len(str(TABLES["actions"][base])), key
    token = PLAIN.set(True)
    try:
        assert phrases.say("ask_booking_day") == TABLES["actions"]["ask_booking_day_plain"]
        assert phrases.say("say_greet") == TABLES["actions"]["say_greet"]
    finally:
        PLAIN.reset(token)


def test_every_error_code_has_a_sentence():
    assert {f"error_{code}" for code in ERROR_CODES} <= TABLES["gateway"].keys()


def test_every_intent_that_gets_small_talk_has_its_sentence():
    rules = yaml.safe_load((ROOT / "nlu_data" / "rules" / "answers.yml").read_text("utf-8"))["rules"]
    (talk,) = [r for r in rules if {"action": "action_say"} in r["steps"]]
    for step in talk["steps"][0]["or"]:
        assert f"say_{step['intent']}" in TABLES["actions"], step


def test_every_sentence_of_the_actions_is_said_somewhere(tmp_path_factory):
    """The walk over all branches uses every key, except those of the net under the actions."""
    phrases, count = NotingPhrases(TABLES["actions"]), itertools.count()

    def make():
        clock = HeldClock()
        return world(local(tmp_path_factory.mktemp(f"p{next(count)}"), clock), phrases, clock)

    assert len(list(walk(make))) > 100
    net = {"failure", "backend_unavailable", "replies_failure"}
    said = {key for key in TABLES["actions"] if not key.endswith(SUFFIX)}
    assert said - phrases.used == net


@pytest.mark.parametrize("package", sorted(TABLES))
def test_sentences_are_plain(package):
    for key, value in TABLES[package].items():
        for sentence in [value] if isinstance(value, str) else []:
            assert not re.search(r"\s$|^\s|  |,|;|\?|!", sentence), (key, sentence)
            assert sentence.count("“") == sentence.count("”"), key
            assert sentence.count("{") == sentence.count("}"), key


def test_a_file_with_faults_names_them_all(tmp_path):
    broken = tmp_path / "phrases.yml"
    broken.write_text("a: 好\nb:\nc: 3\nd: ' '\n", "utf-8")
    with pytest.raises(ValueError, match="phrases.yml: expected a sentence or a list under b, c, d"):
        Phrases.load(broken)


def test_popular_items_are_names_of_guides():
    """The buttons under 您要办什么事 must name their item exactly, or the search may find a neighbour."""
    names = {
        line.split(":", 1)[1].strip()
        for path in (ROOT / "knowledge" / "guides").rglob("*.yaml")
        for line in path.read_text("utf-8").splitlines()
        if line.startswith("name:")
    }
    assert set(TABLES["actions"]["booking_popular_items"]) <= names


def test_popular_items_are_served_at_a_counter():
    from actions.items import NOT_AT_A_COUNTER

    for path in (ROOT / "knowledge" / "guides").rglob("*.yaml"):
        head = dict(
            line.split(":", 1) for line in path.read_text("utf-8").splitlines()[:8] if line[:1].isalpha()
        )
        if head.get("name", "").strip() in TABLES["actions"]["booking_popular_items"]:
            assert head["department"].strip() not in NOT_AT_A_COUNTER
