"""Seed the embedded case system with demo cases, once, from data/demo_cases.yml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from actions.backends.database import insert_new
from actions.backends.numbers import check_digit
from actions.backends.store import Store
from actions.backends.tables import cases
from actions.backends.vault import Vault

DATA = Path(__file__).resolve().parent.parent / "data" / "demo_cases.yml"
SOURCE = "南昌市一体化政务服务平台（演示数据）"
LISTS = ("pauses", "materials")


def seed_demo_cases(store: Store, path: Path = DATA) -> int:
    """Insert the demo cases that are not there yet; return how many the file holds.

    Raises ValueError naming each case whose number has a wrong check digit.
    """
    rows = yaml.safe_load(path.read_text("utf-8"))["cases"]
    wrong = [r["case_no"] for r in rows if check_digit(r["case_no"][2:-1]) != r["case_no"][-1]]
    if wrong:
        raise ValueError(f"{path.name}: wrong check digit in {', '.join(wrong)}; see numbers.check_digit")
    with store.begin() as db:
        insert_new(db, cases, [_values(row, store.vault) for row in rows])
    return len(rows)


def _values(row: dict[str, Any], vault: Vault) -> dict[str, Any]:
    steps = [{**s, "at": s.get("at") and f"{s['at']}+08:00"} for s in row["steps"]]
    identity = str(row.get("identity", ""))
    return {
        **row,
        **{
            name: vault.seal(f"cases.{name}", str(row.get(name, "")))
            for name in ("phone_last4", "applicant", "identity", "holder")
        },
        **{name: json.dumps(row.get(name, []), ensure_ascii=False) for name in LISTS},
        "identity_digest": vault.digest("id_no", identity) if identity else "",
        "steps": json.dumps(steps, ensure_ascii=False),
        "source": SOURCE,
        "demo": True,
    }
