"""Run every test: `python3 -m deploy.test`. Called by `make test`, which .ci/run calls.

Stages: checks (lint, types, language data, guides, pages), then pytest in the app environment (first the
pure and contract tests, on all cores; then conversations through the real sockets and pages in a real
browser, alone), then pytest in Rasa's.
All stages run; the exit status is 1 if any failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from deploy import layout
from deploy.console import say
from deploy.layout import APP, BOT, ROOT, WEB
from deploy.pages import node

WORKERS = min(os.cpu_count() or 1, 4)
PARTS = "not live and not browser"
CODE = ["actions", "bot", "deploy", "gateway", "knowledge", "tests"]


def stages(fast: bool) -> list[tuple[str, list[str], dict[str, str]]]:
    """(title, command, extra environment) of each stage."""
    app, bot = layout.python(APP), layout.python(BOT)
    npm, env = node()
    checks: list[tuple[str, list[str], dict[str, str]]] = [
        ("lint", [app, "-m", "ruff", "check", *CODE], {}),
        ("types", [app, "-m", "mypy"], {}),
        ("language data", [app, "-m", "bot.nlu_check"], {}),
        ("guides", [app, "-m", "knowledge", "check"], {}),
        ("pages' types", [*npm, "--prefix", str(WEB), "run", "check"], env),
    ]
    tests: list[tuple[str, list[str], dict[str, str]]] = [
        # Each file stays in one process; what watches the clock runs alone, afterwards.
        (
            "tests of parts",
            [app, "-m", "pytest", "-q", "-n", str(WORKERS), "--dist", "loadfile", "-m", PARTS],
            {},
        ),
        ("tests of the whole", [app, "-m", "pytest", "-q", "-m", "live or browser"], {}),
        (
            "tests in Rasa's environment",
            [bot, "-m", "pytest", "-q", "tests/bot", "-c", "tests/bot/pytest.ini"],
            {},
        ),
    ]
    return checks if fast else checks + tests


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python3 -m deploy.test", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only the fast checks")
    args = parser.parse_args()
    failed = []
    for title, command, extra in stages(args.check):
        say(f"\n==> {title}")
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env=layout.environment(**extra))
        took = f"{time.monotonic() - began:.0f} s"
        say(f"    {'ok' if done.returncode == 0 else 'FAILED'} after {took}")
        if done.returncode:
            failed.append(title)
    if failed:
        say(f"\nFAILED: {', '.join(failed)}")
        sys.exit(1)
    say("\nall stages passed")


if __name__ == "__main__":
    main()
