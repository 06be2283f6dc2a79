"""Reads the command line, opens the gateway's database, runs one command, prints what it returns."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.accounts import BadAccount, BadPassword
from gateway.admin import audit, staff
from gateway.database import StorageUnavailable, open_database
from gateway.phrases import Phrases
from gateway.settings import GatewaySettings
from gateway.staff_parts import staff_of

REFUSED = 2
EXAMPLES = """examples:
  python -m gateway.admin staff add wang --name 08号 --role officer
  python -m gateway.admin staff list
  python -m gateway.admin --json staff sessions
  python -m gateway.admin staff revoke wang
  python -m gateway.admin audit verify --head 12:9f…
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="python -m gateway.admin",
        description="Accounts of staff, their sessions, and the trail.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--json", action="store_true", help="print one JSON document")
    top.add_argument("--by", default=getpass.getuser(), help="who, for the trail; default: this shell's user")
    groups = top.add_subparsers(dest="group", required=True, metavar="GROUP")
    staff.register(groups)
    audit.register(groups)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0: done, 1: the trail is broken, 2: refused, with one line that says what to do."""
    args = parser().parse_args(arguments)
    args.actor = f"cli:{args.by}"
    settings = GatewaySettings()
    engine = None
    try:
        engine = open_database(settings.database_url)
        result = args.run(args, staff_of(settings, engine))
    except (BadAccount, ValueError, StorageUnavailable) as error:
        sys.stderr.write(f"refused: {error}\n")
        return REFUSED
    except BadPassword as bad:
        sys.stderr.write(f"refused: {Phrases.load().say(f'error_{bad.phrase}')}\n")
        return REFUSED
    finally:
        if engine is not None:
            engine.dispose()
    status = 0
    if isinstance(result, Mapping):
        status = int(result.get("status", 0))
    sys.stdout.write(_text(result, args.json))
    return status


def _text(result: Any, as_json: bool) -> str:
    if as_json:
        return json.dumps(result, ensure_ascii=False) + "\n"
    if isinstance(result, Mapping):
        return "".join(f"{key:<12} {_cell(value)}\n" for key, value in result.items())
    return _table(result)


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "(none)\n"
    names = list(rows[0])
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells)
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "-"
    if isinstance(value, Mapping):
        return " ".join(f"{k}={v}" for k, v in value.items()) or "-"
    if isinstance(value, (list, tuple)):
        return "; ".join(map(str, value)) or "-"
    return str(value) if value != "" else "-"
