"""Read booking times by hand or in batch.

    python -m bot.booking_time "下周三下午三点半" --now 2026-11-24T10:00

Batch (--batch cases.jsonl) reads objects with `q` and `now` and writes one object a line: date, until, start,
end (null where nothing was said) and reason: past, ambiguous, none or null. With expected values beside them
in the file (date, start, end, reason), --score prints how many are right, by group, instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

from bot.zh_datetime import parse

NONE = "none"
KEYS = ("date", "until", "start", "end")


def read_time(text: str, now: datetime) -> dict[str, Optional[str]]:
    """What a text says of a booking time; `reason` is set when there is none to book."""
    found = parse(text, now)
    return {
        "date": found.day.isoformat() if found.day else None,
        "until": found.until.isoformat() if found.until else None,
        "start": found.start,
        "end": found.end,
        "reason": found.problem or (None if found else NONE),
    }


def is_right(case: Mapping[str, Any], got: Mapping[str, Any]) -> bool:
    """Whether a reading is what a case expects. Where it is past or ambiguous, only the reason counts."""
    reason = case.get("reason")
    if reason is not None:
        return bool(got["reason"] == reason)
    return got["reason"] is None and all(got[k] == case.get(k) for k in KEYS if k in case)


def cases(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines. Raises ValueError naming every line that is none."""
    faults, found = [], []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
            case["now"] = datetime.fromisoformat(case["now"]).replace(tzinfo=None)
            case["q"] + ""
        except (ValueError, KeyError, TypeError) as error:
            faults.append(f"{path}:{number}: {type(error).__name__} {error}; expected q and now (ISO time)")
            continue
        found.append(case)
    if faults:
        raise ValueError("\n".join(faults))
    yield from found


def score(found: list[dict[str, Any]]) -> list[str]:
    """One line per group and one for all."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for case in found:
        ok = is_right(case, read_time(case["q"], case["now"]))
        for group in (str(case.get("group", "")), "all"):
            total[group] += 1
            right[group] += ok
    return [f"{name:12} {right[name]:4} / {total[name]:4}  {right[name] / total[name]:.3f}" for name in total]


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m bot.booking_time", description=__doc__)
    parser.add_argument("text", nargs="?", help="what a citizen says")
    parser.add_argument("--now", type=datetime.fromisoformat, help="local ISO time; default: now")
    parser.add_argument("--batch", type=Path, help="a file of JSON lines with q and now")
    parser.add_argument("--score", action="store_true", help="with --batch: compare with the expected values")
    args = parser.parse_args()
    if (args.text is None) == (args.batch is None):
        parser.error("give either a text or --batch FILE")
    if args.batch is None:
        rows = [read_time(args.text, (args.now or datetime.now()).replace(tzinfo=None))]
    else:
        try:
            found = list(cases(args.batch))
        except (OSError, ValueError) as error:
            parser.exit(1, f"{error}\n")
        if args.score:
            sys.stdout.write("\n".join(score(found)) + "\n")
            return
        rows = [read_time(case["q"], case["now"]) for case in found]
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
