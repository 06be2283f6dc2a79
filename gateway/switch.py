"""Turn the bot or a channel off and on, or set the emergency notice, while everything runs."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from dataclasses import asdict

from gateway.database import open_database
from gateway.settings import GatewaySettings
from gateway.switches import NAMES, BadSwitch, Switches

EXAMPLES = """examples:
  python -m gateway.switch show
  python -m gateway.switch bot off --reason "wrong answers about fees"
  python -m gateway.switch channel.portal off --reason "attack"
  python -m gateway.switch notice "系统今晚 22:00 至 24:00 升级，期间请拨打 12345。" --reason "upgrade"
  python -m gateway.switch notice "" --reason "upgrade done"
"""


def say(line: str) -> None:
    """One line on stdout."""
    sys.stdout.write(f"{line}\n")


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m gateway.switch",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=("show", *NAMES), help="which switch, or show")
    parser.add_argument("value", nargs="?", help="on or off; for notice the sentence, empty to remove it")
    parser.add_argument("--reason", default="", help="why; kept for ever with your name")
    parser.add_argument("--by", default=getpass.getuser(), help="who; default: the user of this shell")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    engine = open_database(GatewaySettings().database_url)
    switches = Switches(engine)
    try:
        if given.name != "show":
            if given.value is None:
                parser.error(f"{given.name} needs a value")
            switches.change(given.name, given.value, by=given.by, reason=given.reason)
    except BadSwitch as bad:
        sys.stderr.write(f"not changed: {bad}\n")
        return 2
    else:
        board = switches.board()
        shown = {
            "bot": board.bot,
            "closed": sorted(board.closed),
            "notice": board.notice,
            "changes": [asdict(change) for change in switches.history(10)],
        }
        if given.json:
            say(json.dumps(shown, ensure_ascii=False))
            return 0
        say(f"bot      {'on' if board.bot else 'OFF'}")
        say(f"closed   {', '.join(shown['closed']) or '-'}")  # type: ignore[arg-type]
        say(f"notice   {board.notice or '-'}")
        for change in switches.history(10):
            value = change.value or "(none)"
            say(f"  {change.at}  {change.by}  {change.name} = {value}  ({change.reason})")
        return 0
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
