"""Measure what must not be missed, through the trained model: danger, a person, identifiers, booking times.

    .build/bot/bin/python -m bot.measure_rules

Danger and person files hold JSON lines with `q` and `kind` ("none": a false alarm) or `person` (true, false).
No sentence is shown, only counts; give --show for those of a file that you develop on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot import booking_time, identifier_cases
from bot.danger_words import find_danger
from bot.launcher import newest_model, prepare, quiet

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"
PARTS = {"blind": "blind_2", "dev": "dev"}
"""The first blind files have been looked at since: they are development files now."""


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


async def recognised(agent: Any, rows: Sequence[dict[str, Any]], intent: str) -> list[bool]:
    """Whether each message gets the intent."""
    return [(await agent.parse_message(row["q"]))["intent"]["name"] == intent for row in rows]


def counted(name: str, truth: Sequence[bool], said: Sequence[bool]) -> str:
    """One line: recall and false alarms."""
    hits = sum(t and s for t, s in zip(truth, said, strict=True))
    alarms = sum(s and not t for t, s in zip(truth, said, strict=True))
    wanted = sum(truth)
    others = len(truth) - wanted
    return (
        f"{name:24} recall {hits / max(1, wanted):.3f} ({hits}/{wanted})  "
        f"false alarms {alarms / max(1, others):.3f} ({alarms}/{others})"
    )


async def _main(agent: Any, part: str, show: bool) -> None:
    for name, intent in (("urgent", "urgent"), ("person", "human")):
        rows = lines(GOLDEN / f"{name}_{PARTS[part]}.jsonl")
        truth = [row["kind"] != "none" if name == "urgent" else bool(row["person"]) for row in rows]
        said = await recognised(agent, rows, intent)
        sys.stdout.write(counted(f"{name} ({part})", truth, said) + "\n")
        if name == "urgent":
            by_rules = [find_danger(row["q"]) is not None for row in rows]
            sys.stdout.write(counted("  by rules alone", truth, by_rules) + "\n")
        for row, wanted, got in zip(rows, truth, said, strict=True):
            if show and wanted != got:
                sys.stdout.write(f"  {'missed' if wanted else 'false alarm'}: {row['q']}\n")
    if part == "blind":
        precision, recall, count = identifier_cases.score(lines(GOLDEN / "identifiers_blind_2.jsonl"))
        sys.stdout.write(f"identifiers {count:14} precision {precision:.3f}  recall {recall:.3f}\n")
    cases = list(booking_time.cases(GOLDEN / f"time_{PARTS[part]}.jsonl"))
    sys.stdout.write("booking times\n" + "\n".join(f"  {line}" for line in booking_time.score(cases)) + "\n")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m bot.measure_rules", description=__doc__)
    parser.add_argument("--part", choices=("blind", "dev"), default="blind", help="files of tests/golden")
    parser.add_argument("--show", action="store_true", help="print the wrong ones (development files only)")
    parser.add_argument("--models", type=Path, default=Path(".build/models"))
    args = parser.parse_args()
    if args.show and args.part == "blind":
        parser.error("--show is for development files: errors of blind ones are not looked at")
    prepare(Path(".build/cache"))
    from rasa.core.agent import Agent

    quiet("WARNING")
    asyncio.run(_main(Agent.load(str(newest_model(args.models))), args.part, args.show))


if __name__ == "__main__":
    main()
