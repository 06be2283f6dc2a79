"""Make everything that `make run` needs, showing progress; each part only when its inputs changed.

    python3 -m deploy.setup [--tests]

Parts: uv in .build/tools, the two environments from deploy/locks, the encoder, the index, the trained
Rasa model, the built pages. Needs python3 >= 3.11 with venv; Python 3.10 is looked for (python3.10, pyenv)
and else fetched by uv.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from deploy.console import Stop, fail, say
from deploy.environments import make_app, make_bot, make_tests, make_tools
from deploy.layout import BUILD
from deploy.pages import make_pages
from deploy.products import make_encoder, make_index, make_model


def together(*parts: Callable[[], None]) -> None:
    """Run parts that do not need one another side by side; the first failure is raised."""
    with ThreadPoolExecutor(len(parts)) as pool:
        for done in [pool.submit(part) for part in parts]:
            done.result()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python3 -m deploy.setup", description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also install what the tests need")
    args = parser.parse_args()
    if sys.version_info < (3, 11):
        fail(f"python3 is {sys.version.split()[0]}, 3.11 or newer is needed; install a newer python3.")
    BUILD.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    try:
        make_tools()
        together(make_app, make_bot)
        if args.tests:
            make_tests()
        make_encoder()
        together(make_index, make_model, make_pages)
    except Stop as stop:
        fail(str(stop))
    say(f"==> set up in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
