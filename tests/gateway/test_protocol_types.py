"""The pages' TypeScript types, the phrases and the models belong together."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from gateway import wire
from gateway.phrases import Phrases
from gateway.schema import build

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "gateway" / "web"
TYPES = WEB / "src" / "shared" / "protocol.ts"


def interfaces(text: str) -> dict[str, str]:
    """Name -> body of each exported interface."""
    return dict(re.findall(r"^export interface (\w+) \{\n(.*?)^\}", text, re.M | re.S))


def fields(body: str) -> set[str]:
    """Field names of an interface (top level of its body)."""
    return set(re.findall(r"^  (?:\"|')?(\w+)(?:\"|')?\??:", body, re.M))


def test_every_model_and_field_is_in_the_pages_types() -> None:
    found = interfaces(TYPES.read_text("utf-8"))
    models: dict[str, Any] = build()["$defs"]  # type: ignore[assignment]
    assert len(models) > 40
    missing = sorted(set(models) - set(found))
    assert not missing, (
        f"protocol.ts lacks {missing}; run `python -m gateway.schema | npm run -s protocol` in gateway/web"
    )
    differing = {
        name: sorted(set(model.get("properties", {})) ^ fields(found[name]))
        for name, model in models.items()
        if set(model.get("properties", {})) != fields(found[name])
    }
    assert not differing, f"protocol.ts differs from gateway/wire.py in {differing}; run npm run protocol"
    assert set(found) - set(models) <= {"NanchangWire"}, "protocol.ts has types that no model stands for"


def test_every_fixed_word_is_in_the_pages_types() -> None:
    text = TYPES.read_text("utf-8")
    words: set[str] = set()

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            words.update(w for w in [node.get("const"), *node.get("enum", [])] if isinstance(w, str))
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(build())
    assert {"say", "bot_said", "rate_limited"} <= words
    assert [w for w in sorted(words) if f'"{w}"' not in text] == []


@pytest.mark.skipif(
    not (shutil.which("node") and (WEB / "node_modules" / "json-schema-to-typescript").exists()),
    reason="needs Node and the pages' packages (npm ci in gateway/web)",
)
def test_the_pages_types_are_exactly_what_the_generator_writes() -> None:
    done = subprocess.run(
        ["node", "scripts/protocol.mjs", "--check"],
        cwd=WEB,
        input=json.dumps(build(), sort_keys=True),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_schema_command_prints_the_schema() -> None:
    done = subprocess.run([sys.executable, "-m", "gateway.schema"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(json.dumps(build()))


def test_each_error_code_has_its_sentence() -> None:
    phrases = Phrases.load()
    for code in get_args(wire.ErrorFrame.model_fields["code"].annotation):
        assert phrases.say(f"error_{code}").endswith("。")


def test_an_empty_phrase_is_named(tmp_path: Path) -> None:
    path = tmp_path / "phrases.yml"
    path.write_text("good: 好。\nempty: ''\nlist: [1]\n", "utf-8")
    with pytest.raises(ValueError, match="phrases.yml: expected a sentence under empty, list"):
        Phrases.load(path)


SAMPLES = [
    wire.CitizenSaid(text="您好"),
    wire.BotSaid(messages=[wire.TextMessage(text="您好")], reply_to=2),
    wire.SuggestionUsed(suggestion_id="a", outcome="dismissed", reason="不相关"),
]


@pytest.mark.parametrize("payload", SAMPLES, ids=lambda p: p.kind)
def test_a_frame_survives_the_wire(payload: wire.Wire) -> None:
    frame = wire.EventFrame(conversation_id="c", seq=1, at="2026-11-24T00:00:00.000+00:00", payload=payload)
    assert wire.server_frame.validate_json(frame.model_dump_json()) == frame
