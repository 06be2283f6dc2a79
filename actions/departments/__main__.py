"""Command line: propose a department for a text, check the data, measure."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Optional

from actions.departments.data import DataFault
from actions.departments.measure import measure_letters, measure_own
from actions.departments.proposer import Proposer


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def _print(table: dict[str, Any], indent: str = "") -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            print(f"{indent}{key}:")
            _print(value, indent + "  ")
        else:
            print(f"{indent}{key}: {value}")


def _show(table: dict[str, Any], as_json: bool) -> None:
    plain = json.loads(json.dumps(table, default=_plain))
    if as_json:
        print(json.dumps(plain, ensure_ascii=False))
    else:
        _print(plain)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m actions.departments", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    propose = commands.add_parser(
        "propose", help="propose the department of one text, to be confirmed by a person"
    )
    propose.add_argument("text", help="what the citizen says")
    measure = commands.add_parser("measure", help="measure on the own held-out texts and on public letters")
    measure.add_argument(
        "--letters", type=Path, help="att2_train_without_heldout.csv (columns tokens, label)"
    )
    measure.add_argument("--part", choices=("test", "dev"), default="test", help="which part of the letters")
    check = commands.add_parser("check", help="report every fault of the data")
    for command in (propose, measure, check):
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def main(arguments: Optional[list[str]] = None) -> int:
    """Runs a command; the exit status is 0, or 2 for broken data or a missing file."""
    options = _parser().parse_args(arguments)
    try:
        proposer = Proposer()
        if options.command == "propose":
            _show(proposer.propose(options.text).as_json(), options.json)
        elif options.command == "check":
            counts = {"departments": len(proposer.departments), "topics": len(proposer.topics)}
            _show(
                {**counts, "examples": len(proposer.data.examples), "demo": proposer.data.demo}, options.json
            )
        else:
            result: dict[str, Any] = {"own": measure_own(proposer)}
            if options.letters:
                result["letters"] = measure_letters(proposer, options.letters, part=options.part)
            _show(result, options.json)
    except (DataFault, ValueError) as fault:
        print(fault, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
