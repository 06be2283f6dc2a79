"""Halls: list them, check the file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from actions.admin.place import Place
from actions.backends.halls import DATA, load


def register(groups: Any) -> None:
    """Add the group."""
    commands = groups.add_parser("halls", help="大厅与延时错时规则").add_subparsers(required=True)
    listed = commands.add_parser("list", help="列出大厅")
    listed.set_defaults(run=_list, bare=True)
    checked = commands.add_parser("check", help="检查 halls.yml，一次列出全部问题")
    checked.add_argument("file", nargs="?", type=Path, default=DATA)
    checked.set_defaults(run=_check, bare=True)


def _list(args: argparse.Namespace, place: Place) -> object:
    plan = load()
    return [
        {
            "id": hall.id,
            "name": hall.name,
            "district": hall.district,
            "items": " ".join(hall.items) or "全部",
            "sessions": " ".join(
                f"{r.session}/{r.days} {r.start:%H:%M}-{r.end:%H:%M}" for r in plan.rules[hall.id]
            ),
        }
        for hall in plan.halls
    ]


def _check(args: argparse.Namespace, place: Place) -> object:
    plan = load(args.file)
    return {"file": str(args.file), "halls": len(plan.halls), "horizon_days": plan.horizon_days}
