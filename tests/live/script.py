"""Conversations as data: what a citizen says, and what must be true of the answer.

A file of tests/live/conversations is a list of conversations, each with `name` and `turns`. A turn has one of

    say: words               {phone}, {name}, {case_no}, {last4} and whatever `keep` kept are filled in
    pick: 2                  the words of the 2nd option (from 1; -1 is the last) of the latest question
    press: 转人工             the button with this label, or this beginning of one, in the latest answer
    act: {action, args}      a structured act

and `expect`, all of which must hold of the answer's messages (a list means any of these):

    kind, status, asking, field, effect, guide    of any message of the answer
    last: {...}              the same, of the last message only
    contains, lacks          words in (or not in) all that the answer says, cards included
    level                    of a rating that was taken
    same_as: 2               the answer says what the answer to turn 2 (from 1) said
    keep: {name: path}       remember a value for later turns; path such as bookings.0.booking_no
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.live.clients import Citizen

FOLDER = Path(__file__).parent / "conversations"
CASE = {"case_no": "NC202611030000175", "last4": "2468"}
STEPS = ("say", "pick", "press", "act")
CHECKS = {
    "kind",
    "status",
    "asking",
    "field",
    "effect",
    "guide",
    "last",
    "contains",
    "lacks",
    "level",
    "same_as",
    "keep",
}
_phones = itertools.count(13_700_100_000)


def conversations() -> Iterator[dict[str, Any]]:
    """All of them. Raises ValueError naming every fault of every file."""
    faults: list[str] = []
    names: set[str] = set()
    found: list[dict[str, Any]] = []
    for path in sorted(FOLDER.glob("*.yml")):
        for one in yaml.safe_load(path.read_text("utf-8")):
            where = f"{path.name}: {one.get('name')}"
            if not one.get("name") or one["name"] in names:
                faults.append(f"{where}: a name of its own is needed")
            names.add(one.get("name"))
            for number, turn in enumerate(one.get("turns") or [], 1):
                if sum(step in turn for step in STEPS) != 1:
                    faults.append(f"{where}, turn {number}: expected exactly one of {', '.join(STEPS)}")
                unknown = set(turn.get("expect") or {}) - CHECKS
                if unknown or not turn.get("expect"):
                    faults.append(f"{where}, turn {number}: got {sorted(unknown)}, expected some of {CHECKS}")
            found.append(one)
    if faults:
        raise ValueError("\n".join(faults))
    yield from found


class Talk:
    """One conversation being played."""

    def __init__(self, base: str) -> None:
        self.citizen = Citizen(base)
        self.values: dict[str, str] = {**CASE, "phone": str(next(_phones)), "name": "王小明"}
        self.answers: list[list[dict[str, Any]]] = []

    def play(self, turn: Mapping[str, Any], number: int) -> None:
        """One turn. Raises AssertionError that shows what was said and what came."""
        said = self._say(turn)
        expect = dict(turn["expect"])
        try:
            for path in (expect.pop("keep", None) or {}).items():
                self.values[path[0]] = str(_at(self.answers[-1], path[1]))
            self._check(expect, self.answers[-1])
        except AssertionError as wrong:
            came = [_short(message) for message in self.answers[-1]]
            raise AssertionError(f"turn {number} {said!r}: {wrong}\n  came: {came}") from None

    def _say(self, turn: Mapping[str, Any]) -> str:
        if "act" in turn:
            act = turn["act"]
            args = json.loads(_filled(json.dumps(act.get("args") or {}), self.values))
            self.answers.append(self.citizen.act(act["action"], args, act.get("label", "好")))
            return f"<{act['action']}>"
        if "press" in turn:
            buttons = [b for m in self.answers[-1] for b in _buttons(m)]
            found = [b for b in buttons if b["label"].startswith(turn["press"])]
            assert found, f"no button {turn['press']!r} among {[b['label'] for b in buttons]}"
            if found[0].get("action"):
                answer = self.citizen.act(found[0]["action"], found[0].get("args") or {}, found[0]["label"])
            else:
                answer = self.citizen.ask(found[0]["say"])
            self.answers.append(answer)
            return f"[{found[0]['label']}]"
        if "pick" in turn:
            options = [o for m in self.answers[-1] for o in m.get("options") or [] if not o.get("disabled")]
            place = int(turn["pick"])
            words = options[place - 1 if place > 0 else place]["say"]
        else:
            words = _filled(str(turn["say"]), self.values)
        self.answers.append(self.citizen.ask(words))
        return words

    def _check(self, expect: dict[str, Any], messages: list[dict[str, Any]]) -> None:
        last = expect.pop("last", None)
        if last:
            self._check(dict(last), messages[-1:])
        everything = json.dumps(messages, ensure_ascii=False)
        for words in _any(expect.pop("contains", [])):
            assert _filled(str(words), self.values) in everything, f"{words!r} is not said"
        for words in _any(expect.pop("lacks", [])):
            assert _filled(str(words), self.values) not in everything, f"{words!r} is said"
        same = expect.pop("same_as", None)
        if same is not None:
            assert _texts(messages) == _texts(self.answers[int(same) - 1]), f"not what turn {same} said"
        for key, wanted in expect.items():
            values = [_value(message, key) for message in messages]
            assert any(value in _any(wanted) for value in values), f"{key} {values}, expected {wanted}"


def _any(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _value(message: Mapping[str, Any], key: str) -> Any:
    if key == "guide":
        return (message.get("card") or {}).get("guide_id")
    return message.get(key)


def _texts(messages: list[dict[str, Any]]) -> list[str]:
    return [str(m.get("text") or m.get("lead")) for m in messages]


def _buttons(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [*(message.get("replies") or []), *(message.get("levels") or [])]
    if message.get("kind") == "ask":
        found += message.get("options") or []
    if message.get("kind") == "clarify":
        found += [
            {"label": o["name"], "action": "open_guide", "args": {"guide_id": o["guide_id"]}}
            for o in message["options"]
        ]
    return found


def _short(message: Mapping[str, Any]) -> str:
    keys = ("kind", "status", "asking", "field", "text", "lead")
    parts = [str(message.get(key)) for key in keys if message.get(key)]
    return " | ".join(part[:60] for part in parts)


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _at(value: Any, path: str) -> Any:
    """messages, `bookings.0.booking_no` -> the value in the first message that has it."""
    head, *rest = path.split(".")
    for message in value:
        found = message.get(head)
        for part in rest:
            try:
                found = found[int(part)] if part.isdigit() else found[part]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                found = None
                break
        if found not in (None, ""):
            return found
    raise AssertionError(f"nothing at {path} to keep")
