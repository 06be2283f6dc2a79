"""Words that ask for a person (nlu_data/person.yml): they outrank the intent model, never argued with."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from bot.folded_text import fold
from bot.scenes import scenes
from bot.sounds import heard

DATA = Path(__file__).resolve().parents[1] / "nlu_data" / "person.yml"


@cache
def _alone(path: Path = DATA) -> frozenset[str]:
    return frozenset(map(heard, yaml.safe_load(path.read_text("utf-8"))["alone"]))


def asks_for_person(raw: str) -> bool:
    """Whether a text asks for a person, also when it only sounds so (转人公)."""
    if only_asks_for_person(raw):
        return True
    signs = scenes(DATA)
    text = signs.plain(fold(raw).text)
    return any(not signs.is_told(text, span) for _, span in signs.find(text))


def only_asks_for_person(raw: str) -> bool:
    """Whether a text is the wish for a person and nothing else: no model need be asked."""
    return heard(raw) in _alone()


def speaks_of_person(raw: str) -> bool:
    """Whether a person is only spoken of (周六窗口有人吗): no wish, unless the model is sure of one."""
    return scenes(DATA).is_calm(fold(raw).text) and not asks_for_person(raw)
