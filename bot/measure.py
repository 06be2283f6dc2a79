"""Measure the trained model's intents on held-out files: accuracy, fallback, time to parse.

    .build/bot/bin/python -m bot.measure tests/golden/intents_test.yml

A file maps each intent to a list of utterances. Nothing is learned from it; runs in Rasa's environment.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import Any

import yaml

from bot.launcher import newest_model, prepare, quiet

FALLBACK = "nlu_fallback"


def read(path: Path) -> list[tuple[str, str]]:
    """(intent, utterance) pairs of a file. Raises ValueError for another form."""
    table = yaml.safe_load(path.read_text("utf-8"))
    if not isinstance(table, dict):
        raise ValueError(f"{path}: expected a mapping of intents to lists, got {type(table).__name__}")
    return [(intent, str(text)) for intent, texts in table.items() for text in texts]


async def measure(agent: Any, pairs: list[tuple[str, str]]) -> str:
    """One line of figures."""
    right = kept = right_of_kept = 0
    took = []
    for intent, text in pairs:
        began = time.perf_counter()
        parsed = await agent.parse_message(text)
        took.append((time.perf_counter() - began) * 1000)
        best = next(row["name"] for row in parsed["intent_ranking"] if row["name"] != FALLBACK)
        right += best == intent
        if parsed["intent"]["name"] != FALLBACK:
            kept += 1
            right_of_kept += parsed["intent"]["name"] == intent
    took.sort()
    n = len(pairs)
    return (
        f"n {n}  top-1 {right / n:.3f}  kept {kept / n:.3f}  "
        f"right of kept {right_of_kept / max(1, kept):.3f}  "
        f"parse p50 {took[n // 2]:.1f} ms  p95 {took[int(n * 0.95)]:.1f} ms"
    )


async def _main(agent: Any, files: list[Path]) -> None:
    await agent.parse_message("预热")
    for path in files:
        print(path.name, await measure(agent, read(path)))


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m bot.measure", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--models", type=Path, default=Path(".build/models"))
    args = parser.parse_args()
    prepare(Path(".build/cache"))
    from rasa.core.agent import Agent

    quiet("WARNING")
    asyncio.run(_main(Agent.load(str(newest_model(args.models))), args.files))


if __name__ == "__main__":
    main()
