"""Words that mean danger now (nlu_data/danger.yml). They outrank the intent model: a miss costs more."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple, Optional

import yaml

from bot.folded_text import fold

DATA = Path(__file__).resolve().parents[1] / "nlu_data" / "danger.yml"


class Danger(NamedTuple):
    """A kind of danger (a key of the data file) and the half-open span of the words that told it."""

    kind: str
    start: int
    end: int


class _Words(NamedTuple):
    kinds: tuple[tuple[str, re.Pattern[str]], ...]
    calm: re.Pattern[str]
    now: re.Pattern[str]


@cache
def _words(path: Path = DATA) -> _Words:
    table = yaml.safe_load(path.read_text("utf-8"))
    kinds = tuple((kind, re.compile("|".join(patterns))) for kind, patterns in table["kinds"].items())
    return _Words(kinds, re.compile(table["calm"]), re.compile(table["now"]))


def kinds() -> tuple[str, ...]:
    """Every kind of danger."""
    return tuple(kind for kind, _ in _words().kinds)


def find_danger(raw: str) -> Optional[Danger]:
    """The danger a text speaks of now; None for papers about one (火灾证明怎么开) or a manner of speaking."""
    words, folded = _words(), fold(raw)
    for kind, pattern in words.kinds:
        match = pattern.search(folded.text)
        if match is None:
            continue
        rest = folded.text[: match.start()] + "□" + folded.text[match.end() :]
        if words.calm.search(folded.text) and not words.now.search(rest):
            continue
        return Danger(kind, *folded.span(*match.span()))
    return None


def means_danger(text: str) -> bool:
    """Whether a text speaks of danger now."""
    return find_danger(text) is not None
