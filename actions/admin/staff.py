"""Where officers' accounts are kept: with the gateway, which has its own commands."""

from __future__ import annotations

import argparse
from typing import Any

from actions.admin.place import Place

POINTER = "工作人员账号由网关保管，不在业务库里，用 python -m gateway.admin 管理；说明见 docs/staff.md。"


def register(groups: Any) -> None:
    """Add the group."""
    parser: argparse.ArgumentParser = groups.add_parser(
        "staff", help="工作人员账号在哪里管理", description=POINTER
    )
    parser.set_defaults(run=_where, bare=True)


def _where(args: argparse.Namespace, place: Place) -> object:
    return {"账号所在": str(place.settings.data_dir / "gateway.db"), "说明": POINTER}
