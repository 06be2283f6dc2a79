"""Topics that the assistant must not answer itself (nlu_data/topics.yml): law, medicine, others' data."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple, Optional

import yaml

from bot.folded_text import fold

DATA = Path(__file__).resolve().parents[1] / "nlu_data" / "topics.yml"


class Topic(NamedTuple):
    """A topic (a key of the data file) and the half-open span of the words that told it."""

    name: str
    start: int
    end: int


@cache
def _topics(path: Path = DATA) -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = yaml.safe_load(path.read_text("utf-8"))
    return tuple((name, re.compile(pattern)) for name, pattern in table["topics"].items())


def names() -> tuple[str, ...]:
    """Every topic."""
    return tuple(name for name, _ in _topics())


def find_topic(raw: str) -> Optional[Topic]:
    """The first topic a text touches, in the order of the file; None for none."""
    folded = fold(raw)
    for name, pattern in _topics():
        match = pattern.search(folded.text)
        if match:
            return Topic(name, *folded.span(*match.span()))
    return None
