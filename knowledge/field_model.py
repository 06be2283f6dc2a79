"""Which parts of a guide a question asks for: rules and words, and the reader, half each; several at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from knowledge.encode import Encoder
from knowledge.field import cue_votes
from knowledge.guide import FIELDS
from knowledge.lexical import grams
from knowledge.text import clauses, normalise, strip_fillers

TAIL_CLAUSES = 2
MIN_TEXTS = 2
"""A run of characters must stand in so many examples to be a feature."""
C = 4.0


@dataclass(frozen=True, slots=True)
class FieldExample:
    """A question and the fields a careful clerk would answer."""

    question: str
    fields: tuple[str, ...]
    free: bool = False
    """Written without an item in mind."""
    guide: bool = False
    """Stands in a guide."""


def field_views(text: str) -> tuple[str, str]:
    """The whole question and its last clauses, where people usually put what they ask."""
    main = strip_fillers(normalise(text))
    parts = clauses(main)
    return main, "，".join(parts[-TAIL_CLAUSES:]) or main


class FieldModel:
    """One logistic model per field over shared features. Read-only, thread-safe."""

    def __init__(
        self,
        terms: Sequence[str],
        weights: np.ndarray,
        bias: np.ndarray,
        least: Sequence[float],
        head: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        """
        Args:
            terms: runs of characters that are features.
            weights: (len(FIELDS), features).
            bias: (len(FIELDS),).
            least: probability from which the likeliest field counts as asked, and any further one.
            head: the reader's weights (len(FIELDS), its dim) and bias; where it reads, both count half.

        """
        self.terms = {term: place for place, term in enumerate(terms)}
        self.weights, self.bias = weights, bias
        self.least = (float(least[0]), float(least[1]))
        self.head = head

    def probabilities(self, text: str, encoder: Encoder) -> np.ndarray:
        """(len(FIELDS),) in [0, 1]."""
        views = field_views(text)
        dense = dense_row(views)
        places, values = term_row(views, self.terms)
        scores = self.weights[:, : len(dense)] @ dense + self.bias
        scores = scores + self.weights[:, len(dense) :][:, places] @ values
        classified = _chance(scores)
        read = encoder.readings(views[:1]) if self.head is not None else None
        if read is None or self.head is None:
            return classified
        return np.asarray((classified + _chance(self.head[0] @ read[0] + self.head[1])) / 2)

    def asked(self, text: str, encoder: Encoder) -> tuple[str, ...]:
        """Fields that are asked for, surest first; () for the whole guide."""
        p = self.probabilities(text, encoder)
        first, *others = np.argsort(-p)
        if p[first] < self.least[0]:
            return ()
        return (FIELDS[first], *(FIELDS[place] for place in others if p[place] >= self.least[1]))

    def save(self, folder: Path) -> None:
        """Write fields.npz."""
        none = np.zeros((0, 0), np.float32)
        np.savez(
            folder / "fields.npz",
            terms=np.array(list(self.terms)),
            weights=self.weights,
            bias=self.bias,
            least=self.least,
            head=self.head[0] if self.head else none,
            head_bias=self.head[1] if self.head else none,
        )

    @classmethod
    def load(cls, folder: Path) -> FieldModel:
        """Read what `save` wrote."""
        with np.load(folder / "fields.npz", allow_pickle=False) as a:
            head = (a["head"], a["head_bias"]) if a["head"].size else None
            return cls([str(t) for t in a["terms"]], a["weights"], a["bias"], a["least"], head)


def _chance(scores: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-scores)))


def dense_row(views: Sequence[str]) -> np.ndarray:
    """Features every question has: rules and cues on both views."""
    return np.concatenate([cue_votes(view) for view in views])


def term_row(views: Sequence[str], terms: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Places and values of the runs of characters of both views; each view has its own places."""
    places, values = [], []
    for shift, view in enumerate(views):
        own = [terms[term] + shift * len(terms) for term in grams([view]) if term in terms]
        places += own
        values += [1.0 / np.sqrt(max(len(own), 1))] * len(own)
    return np.array(places, np.int64), np.array(values, np.float32)


def fit_field_model(
    examples: Sequence[FieldExample],
    least: Sequence[float],
    head: tuple[np.ndarray, np.ndarray] | None = None,
) -> FieldModel:
    """Fit on labelled questions; a field without any example is never asked. `head`: the reader's."""
    from sklearn.linear_model import LogisticRegression

    if not examples:
        return FieldModel([], *_silent(), least)
    views = [field_views(e.question) for e in examples]
    counts: dict[str, int] = {}
    for pair in views:
        for term in set(grams(pair)):
            counts[term] = counts.get(term, 0) + 1
    terms = {t: place for place, t in enumerate(sorted(t for t, n in counts.items() if n >= MIN_TEXTS))}
    dense = np.stack([dense_row(pair) for pair in views])
    rows = sparse.csr_matrix(sparse.hstack([sparse.csr_matrix(dense), _term_rows(views, terms)]))
    rows.indices, rows.indptr = rows.indices.astype(np.int32), rows.indptr.astype(np.int32)  # liblinear's
    weights, bias = np.zeros((len(FIELDS), rows.shape[1]), np.float32), np.full(len(FIELDS), -9.0, np.float32)
    for place, field in enumerate(FIELDS):
        truth = np.array([field in e.fields for e in examples])
        if truth.any() and not truth.all():
            model = LogisticRegression(C=C, max_iter=300, solver="liblinear").fit(rows, truth)
            weights[place], bias[place] = model.coef_[0], model.intercept_[0]
    return FieldModel(list(terms), weights, bias, least, head)


def _silent() -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases of a model that never finds a field asked for."""
    width = len(dense_row(("", "")))
    return np.zeros((len(FIELDS), width), np.float32), np.full(len(FIELDS), -9.0, np.float32)


def _term_rows(views: Sequence[tuple[str, str]], terms: dict[str, int]) -> sparse.csr_matrix:
    rows, columns, values = [], [], []
    for row, pair in enumerate(views):
        places, found = term_row(pair, terms)
        rows += [row] * len(places)
        columns += places.tolist()
        values += found.tolist()
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(views), 2 * len(terms)))
