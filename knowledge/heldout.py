"""Files of questions for measuring, and the proof that none leaked into what is searched or fitted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import KnowledgeError
from knowledge.guide import FIELDS
from knowledge.reading import load_yaml
from knowledge.text import normalise, strip_fillers

STYLES = ("plain", "slang", "long", "typo", "indirect")
OUTSIDE = ("near_miss", "chat", "other")
CONTEXTS = ("ellipsis", "pronoun", "switch", "return", "correction")
KINDS = (*STYLES, *OUTSIDE, *CONTEXTS)
ALIKE = 0.8
"""Jaccard of character pairs from which two questions count as the same."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A question nobody tuned on."""

    question: str
    guide_id: str | None
    """None: no guide answers it."""
    kind: str
    fields: tuple[str, ...] | None = None
    """None: not judged."""
    turns: tuple[str, ...] = ()
    """The citizen's earlier turns."""


def read_heldout(path: Path) -> list[HeldOut]:
    """A YAML list of {question, guide_id, kind, fields?, turns?}; all faults at once.

    Raises:
        KnowledgeError: the file cannot be read, or entries are wrong.

    """
    try:
        rows = load_yaml(path)
    except OSError as error:
        raise KnowledgeError(f"{path}: cannot be read ({error.strerror})") from error
    if not isinstance(rows, list):
        raise KnowledgeError(f"{path}: expected a list of questions, got {type(rows).__name__}")
    found, faults = [], []
    for place, row in enumerate(rows):
        fault = _fault(row)
        if fault:
            faults.append(f"{path}[{place}]: {fault}")
            continue
        fields = row.get("fields") or ([row["field"]] if row.get("field") else None)
        found.append(
            HeldOut(
                row["question"],
                row.get("guide_id"),
                row["kind"],
                tuple(fields) if fields else None,
                tuple(row.get("turns") or ()),
            )
        )
    if faults:
        raise KnowledgeError("\n".join(faults))
    return found


def _fault(row: object) -> str:
    if not isinstance(row, dict) or not isinstance(row.get("question"), str):
        return "expected a mapping with a text `question`"
    if row.get("kind") not in KINDS:
        return f"kind {row.get('kind')!r}, expected one of {'/'.join(KINDS)}"
    unknown = [f for f in (row.get("fields") or [row.get("field")]) if f and f not in FIELDS]
    return f"fields {unknown}, expected some of {'/'.join(FIELDS)}" if unknown else ""


def leaks(questions: Sequence[HeldOut], texts: Iterable[str]) -> list[tuple[str, str, float]]:
    """Questions that stand, or nearly stand, among the texts: (question, text, Jaccard of pairs)."""
    known = {_pairs(text): text for text in texts}
    owners: dict[str, list[frozenset[str]]] = {}
    for pairs in known:
        for pair in pairs:
            owners.setdefault(pair, []).append(pairs)
    found = []
    for asked in questions:
        own = _pairs(asked.question)
        near = {pairs for pair in own for pairs in owners.get(pair, ())}
        best = max(near, key=lambda pairs: len(pairs & own) / len(pairs | own), default=None)
        share = len(best & own) / len(best | own) if best else 0.0
        if best is not None and share >= ALIKE:
            found.append((asked.question, known[best], share))
    return found


def _pairs(text: str) -> frozenset[str]:
    plain = strip_fillers(normalise(text)).lower()
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1)) or frozenset([plain])
