"""Seed the embedded case system with demo cases, once, from data/demo_cases.yml."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from actions.backends.database import insert_new
from actions.backends.numbers import check_digit
from actions.backends.store import Store
from actions.backends.tables import cases

DATA = Path(__file__).resolve().parent.parent / "data" / "demo_cases.yml"


def seed_demo_cases(store: Store, path: Path = DATA) -> int:
    """Insert the demo cases that are not there yet; return how many the file holds.

    Raises ValueError naming each case whose number has a wrong check digit.
    """
    rows = yaml.safe_load(path.read_text("utf-8"))["cases"]
    wrong = [r["case_no"] for r in rows if check_digit(r["case_no"][2:-1]) != r["case_no"][-1]]
    if wrong:
        raise ValueError(f"{path.name}: wrong check digit in {', '.join(wrong)}; see numbers.check_digit")
    with store.begin() as db:
        for row in rows:
            values = {
                **row,
                "steps": json.dumps(
                    [{**s, "at": s.get("at") and f"{s['at']}+08:00"} for s in row["steps"]],
                    ensure_ascii=False,
                ),
                "demo": True,
            }
            insert_new(db, cases, [values])
    return len(rows)
