"""python -m knowledge check | build | encoder | ask | eval | speed | import | receipt | train-reader"""

from __future__ import annotations

import argparse
import logging
import sys

from knowledge.commands import ask, build, check, evaluate, importing, receipt, speed, train_reader
from knowledge.errors import KnowledgeError
from knowledge.settings import KnowledgeSettings

COMMANDS = (check, build, ask, evaluate, importing, receipt, speed, train_reader)


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0 in order, 1 faults or no answer possible, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m knowledge", description="办事指南：检查、建索引、提问、测量、导入、查凭证。"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="command")
    for command in COMMANDS:
        command.add(actions)
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING)
    try:
        return int(options.run(options, KnowledgeSettings()))
    except KnowledgeError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
