"""Measure the trained model's intents on labelled utterances that it has not seen: `make nlu-eval`.

    .build/bot/bin/python -m bot.measure tests/golden/intents_blind.jsonl

A file holds JSON lines with `q` and `intent` (and `style`, if you like), or is a YAML mapping of intents to
utterances. Utterances that stand in the training data are left out and counted. Nothing is learned from a
file; runs in Rasa's environment.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bot.intent_scores import Judged, report
from bot.launcher import newest_model, prepare, quiet

FALLBACK = "nlu_fallback"
ROOT = Path(__file__).resolve().parents[1]
NLU = ROOT / "nlu_data" / "nlu"
GOLDEN_BLIND = ROOT / "tests" / "golden" / "intents_blind.jsonl"


class Utterance(NamedTuple):
    """One labelled utterance."""

    text: str
    intent: str
    style: str = ""


def read(path: Path) -> list[Utterance]:
    """Utterances of a file. Raises ValueError naming every line that is none."""
    if path.suffix in (".yml", ".yaml"):
        table = yaml.safe_load(path.read_text("utf-8"))
        if not isinstance(table, dict):
            got = type(table).__name__
            raise ValueError(f"{path}: expected a mapping of intents to lists, got {got}")
        return [Utterance(str(text), intent) for intent, texts in table.items() for text in texts]
    found, faults = [], []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found.append(Utterance(str(row["q"]), str(row["intent"]), str(row.get("style", ""))))
        except (ValueError, KeyError, TypeError) as error:
            faults.append(f"{path}:{number}: {type(error).__name__} {error}; expected q and intent")
    if faults:
        raise ValueError("\n".join(faults))
    return found


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower() or text


def taught(folder: Path = NLU) -> set[str]:
    """Keys of every training example."""
    lines = [line for path in folder.glob("*.yml") for line in path.read_text("utf-8").splitlines()]
    return {_key(line.strip()[2:]) for line in lines if line.strip().startswith("- ")}


def unseen(utterances: Sequence[Utterance], known: set[str]) -> list[Utterance]:
    """Those that are no training examples."""
    return [u for u in utterances if _key(u.text) not in known]


async def judge(agent: Any, utterances: Sequence[Utterance]) -> tuple[list[Judged], list[float]]:
    """What the model says of each, and the milliseconds each took."""
    rows, took = [], []
    for utterance in utterances:
        began = time.perf_counter()
        parsed = await agent.parse_message(utterance.text)
        took.append((time.perf_counter() - began) * 1000)
        best = next((row for row in parsed["intent_ranking"] if row["name"] != FALLBACK), None)
        guess, confidence = (best["name"], best["confidence"]) if best else ("", 0.0)
        kept = parsed["intent"]["name"] != FALLBACK
        rows.append(Judged(*utterance, str(guess), float(confidence), kept))
    return rows, sorted(took)


async def _main(agent: Any, files: Sequence[Path], short: bool) -> None:
    await agent.parse_message("预热")
    known = taught()
    for path in files:
        utterances = read(path)
        fresh = unseen(utterances, known)
        rows, took = await judge(agent, fresh)
        left = len(utterances) - len(fresh)
        out = [f"{path.name} (left out, because trained on: {left})", *report(rows, by_intent=not short)]
        if took:
            out.append(f"parse p50 {took[len(took) // 2]:.1f} ms  p95 {took[int(len(took) * 0.95)]:.1f} ms")
        sys.stdout.write("\n".join(out) + "\n")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m bot.measure", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--models", type=Path, default=Path(".build/models"))
    parser.add_argument("--short", action="store_true", help="totals and styles only")
    args = parser.parse_args()
    prepare(Path(".build/cache"))
    from rasa.core.agent import Agent

    quiet("WARNING")
    asyncio.run(_main(Agent.load(str(newest_model(args.models))), args.files, args.short))


if __name__ == "__main__":
    main()
