"""Words that ask for a person (nlu_data/person.yml): they outrank the intent model, never argued with."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from bot.folded_text import fold
from bot.sounds import syllables

DATA = Path(__file__).resolve().parents[1] / "nlu_data" / "person.yml"


class _Words(NamedTuple):
    asks: re.Pattern[str]
    sounds: tuple[str, ...]
    never: re.Pattern[str]


@cache
def _words(path: Path = DATA) -> _Words:
    table = yaml.safe_load(path.read_text("utf-8"))
    sounds = tuple(" ".join(syllables(text)) for text in table["sounds"])
    return _Words(re.compile("|".join(table["asks"]), re.IGNORECASE), sounds, re.compile(table["never"]))


def asks_for_person(raw: str) -> bool:
    """Whether a text plainly asks for a person, also when it only sounds so (转人公)."""
    words, text = _words(), fold(raw).text
    if words.never.search(text):
        return False
    if words.asks.search(text):
        return True
    heard = f" {' '.join(syllables(text))} "
    return any(f" {sound} " in heard for sound in words.sounds)
