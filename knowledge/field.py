"""Which part of a guide a question asks for: rules over the last clauses; empty: the whole card."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from knowledge.guide import FIELDS
from knowledge.homophone import HomophoneLexicon, sound
from knowledge.text import clauses, normalise
from knowledge.wording import data

LAST_CLAUSES = 2
ASKING_CLAUSES = 3
SHORTEST_CLAUSE = 3
FIELD_WORDS = 7
"""Characters of the longest match taken for field words only; a longer one may hold a service's name."""


@cache
def _rules() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (field, re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE))
        for field, patterns in data("fields")["rules"].items()
    )


def asked_field(text: str) -> str:
    """A key of guide.FIELDS, or "" when no field is asked for clearly."""
    found = asked_fields(text)
    return found[0] if found else ""


def asked_fields(text: str) -> list[str]:
    """All fields that the latest clause with any asks for, in the order of the rules."""
    found: list[str] = []
    for clause in reversed(clauses(normalise(text))[-LAST_CLAUSES:]):
        found += [field for field, pattern in _rules() if field not in found and pattern.search(clause)]
        if found:
            break
    return found


@cache
def _lexicon() -> HomophoneLexicon:
    rules = data("fields")
    words = {sound(word): word for word in rules["words"]}
    return HomophoneLexicon(words, frozenset((*words.values(), *rules["kept"])))


def mended(text: str) -> str:
    """The text with homophones of field words undone: 什么流呈, 网上申抱."""
    return _lexicon().corrected(text)


@cache
def _asking() -> re.Pattern[str]:
    return re.compile(data("fields")["asking"])


def asks(text: str) -> bool:
    """Whether the words hold a question word, apart from a 呢 at their end."""
    return bool(_asking().search(text.rstrip("?？。.！! ").removesuffix("呢")))


def asking_clauses(text: str) -> list[str]:
    """The last clauses that ask something, without those that tell the story; none of a single clause."""
    parts = clauses(text)
    if len(parts) < 2:  # noqa: PLR2004
        return []
    return [
        part for part in parts[-ASKING_CLAUSES:] if len(part) >= SHORTEST_CLAUSE and _asking().search(part)
    ]


@cache
def _cues() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in data("fields")["cues"])


def cue_votes(text: str) -> np.ndarray:
    """(fields + cues,) 1.0 where a field's rules, or a cue, match anywhere in the text."""
    rules = dict(_rules())
    found = [field in rules and bool(rules[field].search(text)) for field in FIELDS]
    found += [bool(cue.search(text)) for cue in _cues()]
    return np.array(found, np.float32)


def residue(text: str, extra: tuple[str, ...] = ()) -> str:
    """What is left without field words, pronouns and plain words: the name of a service, or little."""
    left = normalise(text)
    for phrase in sorted((p for p in extra if p), key=len, reverse=True):
        left = left.replace(phrase, " ")
    for _, pattern in _rules():
        left = pattern.sub(lambda found: " " if len(found.group(0)) <= FIELD_WORDS else found.group(0), left)
    words = data("fields")["asks"]
    for word in sorted([*words["pronouns"], *words["plain"]], key=len, reverse=True):
        left = left.replace(word, " ")
    return "".join(re.findall(r"[\u3400-\u9fffA-Za-z]+", left))
