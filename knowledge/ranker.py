"""Ranks guides for a question: nearest ways to ask, nearest facts, TF-IDF with both, a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.encode import Encoder
from knowledge.homophone import HomophoneLexicon
from knowledge.index import PassageIndex
from knowledge.lexical import LexicalIndex
from knowledge.names import ItemNames
from knowledge.outside import OutsideIndex
from knowledge.text import clauses, normalise, strip_fillers

LONG_TEXT = 24
"""Characters; longer questions are also looked at without their first clauses."""
MOST_CLAUSES = 2
SAME_WORDS = 2
"""The first so many views are the whole question: as written, and with homophones undone."""
UNKNOWN_BEHIND = 1.0
"""Deviations by which a guide the classifier knows nothing of stands behind its best guess."""
UNTRAINED = -20.0
"""Bias of a class without examples."""
RANKERS = ("cosine", "said_cosine", "lexical", "said_lexical", "logit")


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

    def log_shares(self, vectors: np.ndarray) -> np.ndarray:
        """(m, dim) -> (m, classes) log probabilities; NaN for classes without examples."""
        found = log_softmax(self.scores(vectors))
        found[:, self.bias <= UNTRAINED] = np.nan
        return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """What each ranker says about one question; arrays are (guides,), best over the views."""

    cosine: np.ndarray
    """Mean cosine of the two nearest ways to ask."""
    said_cosine: np.ndarray
    """Mean cosine of the two nearest facts."""
    lexical: np.ndarray
    """TF-IDF cosine with how the guide is asked for."""
    said_lexical: np.ndarray
    """TF-IDF cosine with its facts."""
    logit: np.ndarray
    """Log probability of the classifier; NaN for guides it has no example of (imported lists)."""
    coverage: np.ndarray
    """Share of the question's pieces that the guide has, in [0, 1]."""
    known: float
    """Share of the question's pieces that any guide has, in [0, 1]."""
    domain: float
    """Logit of "this is about a service at all"."""
    ours: float
    """Logit of "this service is ours" (and not one nobody wrote a guide for)."""
    single: np.ndarray
    """Cosine of the nearest way to ask."""
    outside: float
    """Cosine of the nearest distractor."""
    outside_lexical: float
    """TF-IDF cosine of the nearest distractor."""
    foreign: np.ndarray
    """bool: the question has a word of outside services that the guide never uses."""
    nearest: np.ndarray
    """Place of the nearest passage."""
    named: np.ndarray
    """(guides,) 1.0 where a name or alias of the guide stands in the question."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares of the rankers in the sum of z-scores (data/thresholds.yaml)."""

    cosine: float = 1.0
    said_cosine: float = 0.6
    lexical: float = 0.4
    said_lexical: float = 0.6
    logit: float = 1.5


def views(text: str, lexicon: HomophoneLexicon) -> list[str]:
    """Ways to read a question: stripped, with homophones undone, and a long one by its last clauses."""
    main = strip_fillers(normalise(text))
    parts = clauses(main)
    tail = "，".join(parts[-MOST_CLAUSES:]) if len(main) > LONG_TEXT and len(parts) > MOST_CLAUSES else main
    corrected = lexicon.corrected(main)
    return list(dict.fromkeys((main, corrected, tail)))


class Ranker:
    """All parts together. Read-only, thread-safe."""

    def __init__(
        self,
        encoder: Encoder,
        index: PassageIndex,
        lexical: LexicalIndex,
        lexicon: HomophoneLexicon,
        outside: OutsideIndex,
        classifier: LinearModel,
        domain: LinearModel,
        ours: LinearModel,
        weights: Weights,
    ) -> None:
        self.encoder, self.index, self.lexical, self.lexicon = encoder, index, lexical, lexicon
        self.names = ItemNames.of(index.passages)
        self.outside, self.classifier, self.weights = outside, classifier, weights
        self.domain, self.ours = domain, ours

    def evidence(self, text: str) -> Evidence:
        """What each part says about the question."""
        seen = views(text, self.lexicon)
        vectors = self.encoder.queries(seen)
        cosines = self.index.cosines(vectors)
        asked, said = np.max([self.lexical.scores(view) for view in seen], axis=0)
        shares, known = zip(*(self.lexical.coverage(view) for view in seen[:SAME_WORDS]), strict=True)
        outside, outside_lexical = self.outside.nearness(vectors, seen)
        return Evidence(
            cosine=self.index.by_guide(cosines).max(axis=0),
            said_cosine=self.index.by_guide(cosines, "said").max(axis=0),
            lexical=asked,
            said_lexical=said,
            logit=self.classifier.log_shares(vectors[:SAME_WORDS]).max(axis=0),
            coverage=np.max(shares, axis=0),
            known=max(known),
            domain=float(self.domain.scores(vectors[:SAME_WORDS]).max()),
            ours=float(self.ours.scores(vectors[:SAME_WORDS]).max()),
            single=self.index.best_by_guide(cosines),
            outside=outside,
            outside_lexical=outside_lexical,
            foreign=self.outside.foreign(seen[0]),
            nearest=nearest(cosines.max(axis=0), self.index.owner, len(self.index.ids)),
            named=self.index.marked(self.names.mentioned(seen[0])),
        )

    def total(self, evidence: Evidence) -> np.ndarray:
        """(guides,) sum of z-scores, higher is better."""
        return total(evidence, self.weights)


def total(evidence: Evidence, weights: Weights) -> np.ndarray:
    """(guides,) weighted sum of z-scores."""
    return np.asarray(sum(getattr(weights, name) * z_score(getattr(evidence, name)) for name in RANKERS))


def z_score(values: np.ndarray) -> np.ndarray:
    """(n,) -> mean 0, deviation 1 over what is known; zeros when all are alike.

    An unknown value (NaN) stands a little behind the best known one: not knowing speaks neither way.
    """
    unknown = np.isnan(values)
    known = values[~unknown]
    spread = float(known.std()) if len(known) else 0.0
    if spread < 1e-9:
        return np.zeros_like(values)
    found = (values - known.mean()) / spread
    found[unknown] = found[~unknown].max() - UNKNOWN_BEHIND
    return np.asarray(found)


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
    """Write linear models into one .npz file."""
    arrays = {f"{name}_{part}": getattr(model, part) for name, model in models.items() for part in _PARTS}
    np.savez(path, **arrays)


def load_models(path: Path, names: Sequence[str]) -> dict[str, LinearModel]:
    """Read the named models from what `save_models` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: LinearModel(*(stored[f"{name}_{part}"] for part in _PARTS)) for name in names}


_PARTS = ("weights", "bias", "mean")
