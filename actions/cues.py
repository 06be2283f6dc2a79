"""What citizens say about a task in hand (data/cues.yml): other place, other day, for someone else."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

DATA = Path(__file__).resolve().parent / "data" / "cues.yml"


@cache
def _table() -> dict[str, str]:
    return {str(key): str(value) for key, value in yaml.safe_load(DATA.read_text("utf-8")).items()}


@cache
def cue(name: str) -> re.Pattern[str]:
    """The compiled pattern `name`. Raises KeyError for an unknown one, re.error for a broken one."""
    return re.compile(_table()[name])


def content(text: str) -> str:
    """What a complaint or message says beyond announcing itself; "" for 我要投诉."""
    left = cue("announces").sub("", text)
    return text if len(left) >= int(_table()["content_at_least"]) else ""


def names() -> list[str]:
    """All pattern names."""
    return [name for name in _table() if name != "content_at_least"]
