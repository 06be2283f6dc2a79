"""The same fact with two values: sentences of two guides that are alike but for a number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from knowledge.guide import Guide
from knowledge.wording import data

_NUMBER = re.compile(
    r"\d+(?:\.\d+)?|[一二两三四五六七八九十百]+(?=个?(?:工作日|日|天|月|年|周岁|岁|元|倍|次|份))"
)
_SENTENCE = re.compile(r"[^。；！？]+")
ALIKE = 0.86
"""Jaccard of the character pairs, numbers left out, from which two sentences state the same fact."""
_HOTLINE = re.compile(r"1[12]\d{1,3}|9\d{4}")
"""Telephone numbers are names, not values."""
SHORTEST = 8
"""Characters of a sentence that is compared."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence with numbers, and where it stands."""

    label: str
    place: str
    text: str
    when: str
    """The situations it is limited to: the same words under other conditions are no contradiction."""


def contradictions(guides: Iterable[tuple[str, Guide]]) -> list[str]:
    """Faults "file: place: what": fixed values that are stated otherwise, and two values for one fact."""
    every = list(guides)
    statements = [s for label, guide in every for s in statements_of(label, guide)]
    allowed = {frozenset(pair) for pair in data("shared_facts")["not_the_same"]}
    return [*_against_shared(statements), *_against_each_other(statements, allowed)]


def statements_of(label: str, guide: Guide) -> list[Statement]:
    """Sentences of a guide's facts, notes and headlines that hold a number."""
    found: list[tuple[str, str, Mapping[str, tuple[str, ...]]]] = [
        ("summary", guide.summary, {}),
        ("fee.summary", f"{guide.name}{guide.fee.summary}", {}),
    ]
    for part in guide.parts():
        text = part.text if hasattr(part, "text") else f"{part.name}，{part.note}"
        found.append((f"“{text[:12]}…”", text, part.when))
    return [
        Statement(label, place, sentence, str(sorted(when.items())))
        for place, text, when in found
        for sentence in _SENTENCE.findall(text)
        if _NUMBER.search(sentence)
    ]


def _against_shared(statements: list[Statement]) -> list[str]:
    """Sentences about a fact of shared_facts.yaml that name another value of its unit."""
    found = []
    for fact in data("shared_facts")["facts"]:
        about = re.compile(fact["where"])
        value = re.compile(rf"(\d+(?:\.\d+)?){fact['unit']}")
        for s in statements:
            numbers = {float(n) for n in value.findall(s.text)}
            if about.search(s.text) and numbers and float(fact["value"]) not in numbers:
                said = "、".join(f"{n:g}{fact['unit']}" for n in sorted(numbers))
                wanted = f"{fact['value']:g}{fact['unit']}"
                found.append(
                    f"{s.label}: {s.place}: says {said}, but {fact['what']} is {wanted} (shared_facts.yaml)"
                )
    return found


def _against_each_other(statements: list[Statement], allowed: set[frozenset[str]]) -> list[str]:
    long = [s for s in statements if len(s.text) >= SHORTEST]
    masked = [_NUMBER.sub(_mask, s.text) for s in long]
    numbers = [tuple(n for n in _NUMBER.findall(s.text) if not _HOTLINE.fullmatch(n)) for s in long]
    found = []
    for first, second in _alike(masked):
        a, b = long[first], long[second]
        other = a.label != b.label and a.when == b.when and numbers[first] != numbers[second]
        if other and frozenset((a.text, b.text)) not in allowed:
            found.append(f"{a.label}: {a.place}: says “{a.text}”, but {b.label} says “{b.text}”")
    return found


def _mask(found: re.Match[str]) -> str:
    return found.group(0) if _HOTLINE.fullmatch(found.group(0)) else "#"


def _alike(texts: list[str]) -> list[tuple[int, int]]:
    """Pairs of places whose texts share nearly all character pairs."""
    terms: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for pair in {text[i : i + 2] for i in range(len(text) - 1)}:
            rows.append(row)
            columns.append(terms.setdefault(pair, len(terms)))
    if not rows:
        return []
    has = sparse.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(texts), len(terms)))
    shared = sparse.triu(has @ has.T, k=1).tocoo()
    sizes = np.asarray(has.sum(axis=1)).ravel()
    jaccard = shared.data / (sizes[shared.row] + sizes[shared.col] - shared.data)
    near = jaccard >= ALIKE
    return [(int(a), int(b)) for a, b in zip(shared.row[near], shared.col[near], strict=True)]
