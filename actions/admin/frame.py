"""The frame of the administrator's commands: reads the words, opens the store, runs, prints."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import importlib
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from alembic.util.exc import CommandError

from actions.admin.place import Place
from actions.admin.table import as_json, as_text
from actions.backends.clock import Clock, now
from actions.backends.ports import BackendError, BackendUnavailable
from actions.backends.vault import SealBroken
from actions.services import open_services
from actions.settings import ActionSettings

MODULES = (
    "cases",
    "halls",
    "slots",
    "closures",
    "bookings",
    "orders",
    "ratings",
    "keys",
    "audit",
    "privacy",
    "database",
    "backup",
    "demo",
    "staff",
)
"""Modules of this package that add their groups, in the order of the help."""
ALSO = {"backup": ("restore",)}
"""Groups of a module that are not called as it is."""

FAULT = 2
EXPECTED = (ValueError, BackendError, SealBroken, CommandError, OSError)
"""What is the operator's to mend: told in one line. Anything else is a fault of ours and keeps its trace."""


def build_parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser with every group; or, if the words name some, with these alone.

    What work orders need takes seconds to import: `backup` and the others do not wait for it.
    """
    named = [name for name in MODULES if {name, *ALSO.get(name, ())} & set(words)]
    parser = argparse.ArgumentParser(
        prog="python -m actions.admin", description="南昌智服：管理命令。每个命令都可以加 --help 看用法。"
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON，而不是表格")
    parser.add_argument("--actor", default=whoami(), help="写进审计记录的操作人；默认是当前登录用户")
    groups = parser.add_subparsers(dest="group", required=True, metavar="GROUP")
    for name in named or MODULES:
        importlib.import_module(f"actions.admin.{name}").register(groups)
    return parser


def whoami() -> str:
    """The user of this login, for the audit trail."""
    try:
        return getpass.getuser()[:64]
    except (KeyError, OSError):  # a container without a user entry
        return "admin"


def main(
    argv: Sequence[str] | None = None,
    *,
    settings: ActionSettings | None = None,
    clock: Clock = now,
    out: TextIO | None = None,
    err: TextIO | None = None,
    answers: TextIO | None = None,
) -> int:
    """Run one command. Exit status: 0 done, 2 refused (one line on stderr), 130 interrupted."""
    out, err = out or sys.stdout, err or sys.stderr
    words = sys.argv[1:] if argv is None else argv
    args = build_parser(words).parse_args(words)
    if not args.actor.strip() or len(args.actor) > 64:
        err.write(f"--actor：应当是 1 到 64 个字，现在是 {len(args.actor)} 个\n")
        return FAULT
    try:
        with contextlib.redirect_stderr(err):  # progress and warnings of the commands
            result = _run(args, Place(settings or ActionSettings(), clock, answers or sys.stdin))
    except EXPECTED as fault:
        err.write(f"{explain(fault)}\n")
        return FAULT
    except KeyboardInterrupt:
        err.write("已中断\n")
        return 130
    out.write((as_json(result) if args.json else as_text(result)) + "\n")
    return 0


def _run(args: argparse.Namespace, place: Place) -> Any:
    if getattr(args, "bare", False):
        return args.run(args, place)
    store = open_services(place.settings, place.clock)
    try:
        return args.run(args, store)
    finally:
        store.engine.dispose()


def explain(fault: BaseException) -> str:
    """One line for one fault, also for an exception without words."""
    if isinstance(fault, BackendUnavailable):
        return f"{fault.system} 用不了：{' '.join(fault.reason.split())}"
    words = " ".join(str(fault).split())
    if words:
        return words
    about = (type(fault).__doc__ or "").strip().splitlines()
    return f"{type(fault).__name__}: {about[0]}" if about else type(fault).__name__
