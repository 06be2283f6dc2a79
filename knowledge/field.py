"""Which part of a guide a question asks for: rules over the last clauses; empty: the whole card."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from knowledge.guide import FIELDS
from knowledge.text import clauses, normalise
from knowledge.wording import data

LAST_CLAUSES = 2
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
