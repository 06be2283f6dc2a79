"""Which parts of a guide a question asks for: rules and words, and the reader, half each; several at once.

A question of several clauses is read as a whole and by each clause that asks, half each: a long story
drowns the part that is asked for in passing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from knowledge.encode import Encoder
from knowledge.field import asking_clauses, cue_votes, mended
from knowledge.guide import FIELDS
from knowledge.lexical import grams
from knowledge.text import clauses, normalise, strip_fillers

TAIL_CLAUSES = 2
MIN_TEXTS = 2
"""A run of characters must stand in so many examples to be a feature."""
C = 4.0
HEAD_C = 0.001
"""For the reader's vectors, each number brought to mean 0 and deviation 1."""
GUIDE_WEIGHT = 0.5
"""Of a question that stands in a guide: all of them are one author's."""
TINY = 1e-6
SURE = 0.6
"""Parts from this probability on are put in the order in which they are asked for."""


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
    main = mended(strip_fillers(normalise(text)))
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
        return self._read(text, encoder)[0]

    def _read(self, text: str, encoder: Encoder) -> tuple[np.ndarray, np.ndarray]:
        """(len(FIELDS),) probabilities, and for each field the number of the clause that asks for it."""
        whole = self._single(text, encoder)
        clauses = asking_clauses(field_views(text)[0])
        if not clauses:
            return whole, np.zeros(len(FIELDS), np.int64)
        each = np.stack([self._single(clause, encoder) for clause in clauses])
        return (whole + each.max(axis=0)) / 2, each.argmax(axis=0)

    def _single(self, text: str, encoder: Encoder) -> np.ndarray:
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
        """Fields asked for: sure ones in the order of asking, then the others; () for the whole guide."""
        p, clause = self._read(text, encoder)
        first, *others = np.argsort(-p)
        if p[first] < self.least[0]:
            return ()
        asked = [first, *(place for place in others if p[place] >= self.least[1])]
        asked.sort(key=lambda place: clause[place] if p[place] >= SURE else len(FIELDS))
        return tuple(FIELDS[place] for place in asked)

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
    encoder: Encoder | None = None,
) -> FieldModel:
    """Fit on labelled questions; a field without any example is never asked.

    Args:
        examples: the questions.
        least: see `FieldModel`.
        encoder: with a reader, the head is fitted anew: it learns from questions the reader never saw.

    """
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
    truth = np.array([[field in e.fields for field in FIELDS] for e in examples])
    weights, bias = _fitted(rows, truth, C, "liblinear")
    read = None if encoder is None else encoder.readings([pair[0] for pair in views])
    head = None
    if read is not None:
        head = _fit_head(read, truth, np.array([GUIDE_WEIGHT if e.guide else 1.0 for e in examples]))
    return FieldModel(list(terms), weights, bias, least, head)


def _fit_head(read: np.ndarray, truth: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias over the reader's vectors as they come: their scaling is folded in."""
    mean, spread = read.mean(axis=0), read.std(axis=0) + TINY
    weights, bias = _fitted((read - mean) / spread, truth, HEAD_C, "lbfgs", counts)
    weights = weights / spread
    return weights.astype(np.float32), (bias - weights @ mean).astype(np.float32)


def _fitted(
    rows: np.ndarray | sparse.csr_matrix,
    truth: np.ndarray,
    c: float,
    solver: str,
    counts: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(fields, columns) and (fields,) of one logistic model per field."""
    from sklearn.linear_model import LogisticRegression

    weights, bias = np.zeros((len(FIELDS), rows.shape[1]), np.float32), np.full(len(FIELDS), -9.0, np.float32)
    for place in range(len(FIELDS)):
        if truth[:, place].any() and not truth[:, place].all():
            model = LogisticRegression(C=c, max_iter=300, solver=solver)
            model.fit(rows, truth[:, place], sample_weight=counts)
            weights[place], bias[place] = model.coef_[0], model.intercept_[0]
    return weights, bias


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
