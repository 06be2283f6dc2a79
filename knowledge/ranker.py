"""Ranks guides for a question: nearest passages, character TF-IDF and a linear classifier, added as z-scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.encode import Encoder
from knowledge.homophone import HomophoneLexicon
from knowledge.index import PassageIndex
from knowledge.lexical import LexicalIndex
from knowledge.text import clauses, normalise, strip_fillers

LONG_TEXT = 24
"""Characters; longer questions are also looked at without their first clauses."""
MOST_CLAUSES = 2


@dataclass(frozen=True, slots=True)
class LinearModel:
    """scores = (vectors - mean) @ weights.T + bias."""

    weights: np.ndarray
    """(classes, dim) float32"""
    bias: np.ndarray
    """(classes,)"""
    mean: np.ndarray
    """(dim,)"""

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """(m, dim) -> (m, classes)."""
        return np.asarray((vectors - self.mean) @ self.weights.T + self.bias)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What each ranker says about one question; arrays are (guides,) in the index's order."""

    cosine: np.ndarray
    """Mean cosine of the two nearest passages, best over the views."""
    lexical: np.ndarray
    """TF-IDF cosine, best over the views."""
    logit: np.ndarray
    """Log probability of the classifier."""
    domain: float
    """Logit of "this is about a service at all"."""
    length: int
    """Characters of the question."""
    nearest: np.ndarray
    """(guides,) place of the nearest passage."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares of the three rankers in the sum of z-scores."""

    cosine: float = 1.0
    lexical: float = 0.5
    logit: float = 1.0


def views(text: str, lexicon: HomophoneLexicon) -> list[str]:
    """Ways to read a question: stripped, with homophones undone, and a long one by its last clauses. First is main."""
    main = strip_fillers(normalise(text))
    found = [main, lexicon.corrected(main)]
    parts = clauses(main)
    if len(main) > LONG_TEXT and len(parts) > MOST_CLAUSES:
        found.append("，".join(parts[-MOST_CLAUSES:]))
    return list(dict.fromkeys(found))


class Ranker:
    """All parts together. Read-only, thread-safe."""

    def __init__(
        self,
        encoder: Encoder,
        index: PassageIndex,
        lexical: LexicalIndex,
        lexicon: HomophoneLexicon,
        classifier: LinearModel,
        domain: LinearModel,
        weights: Weights,
    ) -> None:
        self.encoder, self.index, self.lexical, self.lexicon = encoder, index, lexical, lexicon
        self.classifier, self.domain, self.weights = classifier, domain, weights

    def evidence(self, text: str) -> Evidence:
        """What each part says about the question."""
        seen = views(text, self.lexicon)
        vectors = self.encoder.queries(seen)
        cosines = self.index.cosines(vectors)
        best = cosines.max(axis=0)
        return Evidence(
            cosine=self.index.by_guide(cosines).max(axis=0),
            lexical=np.max([self.lexical.scores(view) for view in seen], axis=0),
            logit=log_softmax(self.classifier.scores(vectors[:2])).max(axis=0),
            domain=float(self.domain.scores(vectors[:2]).max()),
            length=len(seen[0]),
            nearest=nearest(best, self.index.owner, len(self.index.ids)),
        )

    def total(self, evidence: Evidence) -> np.ndarray:
        """(guides,) sum of z-scores, higher is better."""
        return total(evidence, self.weights)


def total(evidence: Evidence, weights: Weights) -> np.ndarray:
    return np.asarray(
        weights.cosine * z_score(evidence.cosine)
        + weights.lexical * z_score(evidence.lexical)
        + weights.logit * z_score(evidence.logit)
    )


def z_score(values: np.ndarray) -> np.ndarray:
    """(n,) -> mean 0, deviation 1; zeros when all are alike."""
    spread = float(values.std())
    return np.zeros_like(values) if spread < 1e-9 else (values - values.mean()) / spread


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """(m, classes) logits -> log probabilities."""
    high = scores.max(axis=1, keepdims=True)
    return np.asarray(scores - high - np.log(np.exp(scores - high).sum(axis=1, keepdims=True)))


def nearest(best: np.ndarray, owner: np.ndarray, guides: int) -> np.ndarray:
    """(n,) cosines -> (guides,) place of each guide's best passage."""
    out = np.zeros(guides, np.int64)
    order = np.argsort(best)
    out[owner[order]] = order
    return out


def save_models(path: Path, models: dict[str, LinearModel]) -> None:
    arrays = {f"{name}_{part}": getattr(model, part) for name, model in models.items() for part in _PARTS}
    np.savez(path, **arrays)


def load_models(path: Path, names: Sequence[str]) -> dict[str, LinearModel]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: LinearModel(*(stored[f"{name}_{part}"] for part in _PARTS)) for name in names}


_PARTS = ("weights", "bias", "mean")
