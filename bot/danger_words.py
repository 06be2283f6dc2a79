"""Danger now, by rules: words (nlu_data/danger.yml) and scenes (danger_scenes.yml).

They outrank the intent model: a miss costs more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple, Optional

import yaml

from bot.folded_text import fold
from bot.scenes import Span, scenes

FOLDER = Path(__file__).resolve().parents[1] / "nlu_data"
DATA, SCENES = FOLDER / "danger.yml", FOLDER / "danger_scenes.yml"


class Danger(NamedTuple):
    """A kind of danger (a key of the data file) and the half-open span of the words that told it."""

    kind: str
    start: int
    end: int


@cache
def _words(path: Path = DATA) -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = yaml.safe_load(path.read_text("utf-8"))
    return tuple((kind, re.compile("|".join(patterns))) for kind, patterns in table["kinds"].items())


def kinds() -> tuple[str, ...]:
    """Every kind of danger."""
    return tuple(kind for kind, _ in _words())


def find_danger(raw: str) -> Optional[Danger]:
    """The danger a text speaks of now; None for papers about one (火灾证明怎么开) or a manner of speaking."""
    told, folded = scenes(SCENES), fold(raw)
    text = told.plain(folded.text)
    for kind, span in _signs(text):
        if not told.is_told(text, span):
            return Danger(kind, *folded.span(*span))
    return None


def _signs(text: str) -> Iterator[tuple[str, Span]]:
    """What may be danger: words first, then scenes."""
    for kind, pattern in _words():
        for match in pattern.finditer(text):
            yield kind, match.span()
    yield from scenes(SCENES).find(text)


def means_danger(text: str) -> bool:
    """Whether a text speaks of danger now."""
    return find_danger(text) is not None


def sounds_calm(raw: str) -> bool:
    """Whether a text speaks of papers, the past, a long grievance, or in manners of speaking: not of now.

    No danger then, unless the intent model is sure of one.
    """
    return scenes(SCENES).is_calm(fold(raw).text)
