"""Demo cases, put in as the seeded ones are."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from actions.backends.clock import add_workdays
from actions.backends.demo_run import HOLDER, ITEMS, Filling
from actions.backends.numbers import CASE, check_digit
from actions.backends.seed import seed_demo_cases

COURSE = ("已提交", "已受理", "审核中", "已办结")


def make_cases(run: Filling, amount: int) -> list[str]:
    """The numbers of the cases."""
    rows = [_case(run, number) for number in range(amount)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.yml"
        path.write_text(yaml.safe_dump({"cases": rows}, allow_unicode=True), "utf-8")
        seed_demo_cases(run.store, path)
    run.made.update(f"cases.{row['status']}" for row in rows)
    return [str(row["case_no"]) for row in rows]


def _case(run: Filling, number: int) -> dict[str, Any]:
    dice = run.dice(f"case:{number}")
    name, phone, _ = run.person(number)
    _, item, department = dice.choice(ITEMS)
    stage = number % len(COURSE)
    start = run.today.date() - timedelta(days=stage * 4 + dice.randrange(1, 5))
    digits = f"{start:%Y%m%d}{(run.seed * 7919 + number) % 1_000_000:06}"
    steps = [_step(run, title, place, stage, start) for place, title in enumerate(COURSE)]
    return {
        "case_no": f"{CASE}{digits}{check_digit(digits)}",
        "phone_last4": phone[-4:],
        "applicant": name,
        "item": item,
        "department": department,
        "status": COURSE[stage],
        "submitted_on": start,
        "promised_days": 10,
        "promised_on": add_workdays(start, 10),
        "holder_department": department,
        "holder": HOLDER,
        "result_where": HOLDER,
        "next_step": "这是演示数据，不用办理。",
        "citizen_must": "",
        "steps": steps,
    }


def _step(run: Filling, title: str, place: int, stage: int, start: date) -> dict[str, str]:
    if place > stage:
        return {"title": title, "state": "next"}
    at = min(start + timedelta(days=place * 3), run.today.date())
    return {"title": title, "at": f"{at}T09:{place:02}:00", "state": "done" if place < stage else "current"}
