"""What the operator sees: steps with their time, and failures as one sentence with the remedy."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stop(Exception):
    """A failure the operator can mend: one sentence that says what, and what to do."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print a step and how long it took."""
    began = time.monotonic()
    print(f"==> {title}", flush=True)
    yield
    print(f"    {time.monotonic() - began:5.1f} s  {title}", flush=True)


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


def fail(text: str) -> None:
    """Print the failure and leave with status 1."""
    print(f"\nSTOPPED: {text}", file=sys.stderr, flush=True)
    sys.exit(1)
