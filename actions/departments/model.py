"""The linear model of departments and topics, with its confidence calibrated by leave-one-out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.feature_extraction.text import TfidfVectorizer

from actions.departments.department import Topic
from actions.departments.words import Places, Scores, TopicWords, fold

NGRAMS = (1, 4)
WORDS_A_ROW = 3
"""So many words of a topic make a row to learn from: the build costs the cube of the rows."""


def _groups(words: list[str]) -> list[str]:
    return [" ".join(words[start : start + WORDS_A_ROW]) for start in range(0, len(words), WORDS_A_ROW)]


class LinearModel:
    """Ridge regression on TF-IDF character n-grams, in its dual form.

    Rows are the topics' words, then the examples. The dual form solves departments and topics by one inverse
    and gives every example's score by a model that has not seen it
    (leave-one-out) for nothing, so the calibration needs no second training.
    """

    def __init__(
        self, texts: Sequence[str], topic_of: Sequence[int], topics: Sequence[Topic], ridge: float
    ) -> None:
        """`topic_of` has each text's topic as a place in `topics`, whose order is that of the departments."""
        names = [topic.id.partition(".")[0] for topic in topics]
        order = {name: place for place, name in enumerate(dict.fromkeys(names))}
        self.parts = np.array([order[name] for name in names])
        """The department of each topic: (topics,)."""
        groups = [
            (place, group) for place, topic in enumerate(topics) for group in _groups(list(topic.words))
        ]
        lines = [group for _, group in groups] + [fold(text) for text in texts]
        places = [place for place, _ in groups] + list(topic_of)
        self._vectors = TfidfVectorizer(
            analyzer="char", ngram_range=NGRAMS, sublinear_tf=True, dtype=np.float32
        )
        rows = self._vectors.fit_transform(lines)
        by_department = np.eye(len(order))[self.parts[places]]
        targets = np.hstack([by_department, np.eye(len(topics))[places]])
        # Single precision is ample here and takes half the time.
        gram = (rows @ rows.T).toarray().astype(np.float32)
        gram[np.diag_indices_from(gram)] += ridge
        lower = cholesky(gram, lower=True, overwrite_a=True, check_finite=False)
        dual = np.asarray(cho_solve((lower, True), targets.astype(np.float32), check_finite=False))
        self._split = len(order)
        self._rows, self._dual = rows, dual
        # The examples come last, so their part of the inverse's diagonal needs only the last corner.
        count = len(texts)
        corner = solve_triangular(
            lower[-count:, -count:], np.eye(count, dtype=np.float32), lower=True, check_finite=False
        )
        unseen = targets[-count:] - dual[-count:] / (corner**2).sum(axis=0)[:, None]
        self.unseen = unseen[:, : self._split]
        """Leave-one-out department scores of the texts: (texts, departments)."""
        self.truth = by_department[-count:].argmax(axis=1)
        """The department of each text: (texts,)."""

    def topic_scores(self, folded: Sequence[str]) -> Scores:
        """Scores of the topics for many texts at once: (texts, topics)."""
        likeness = (self._vectors.transform(folded) @ self._rows.T).toarray()
        return np.asarray(likeness @ self._dual[:, self._split :], dtype=np.float64)

    def scores(self, folded: str) -> tuple[Scores, Scores]:
        """Scores of the departments and of the topics, about 0 to 1 each."""
        likeness = (self._vectors.transform([folded]) @ self._rows.T).toarray()
        both = np.asarray(likeness @ self._dual, dtype=np.float64)[0]
        return both[: self._split], both[self._split :]


class Mixture:
    """How much the linear model and the words weigh, as one softmax: softmax(linear * a + words * b).

    1/a is the temperature; a and b minimise the log loss on the leave-one-out scores.
    """

    def __init__(self, linear: Scores, words: Scores, truth: Places) -> None:
        """`linear` and `words`: (texts, departments); `truth`: (texts,) places of departments."""

        def loss(weights: Scores) -> float:
            mixed = log_softmax(linear * np.exp(weights[0]) + words * np.exp(weights[1]), axis=1)
            return -float(mixed[np.arange(len(truth)), truth].mean())

        found = minimize(
            loss, np.log([8.0, 8.0]), method="Nelder-Mead", options={"xatol": 0.05, "fatol": 1e-3}
        )
        self.linear, self.words = (float(weight) for weight in np.exp(found.x))
        self.loss = float(found.fun)

    def confidences(self, linear: Scores, words: Scores) -> Scores:
        """Confidences, summing to 1 over the last axis."""
        return np.asarray(softmax(linear * self.linear + words * self.words, axis=-1))


def department_shares(words: TopicWords, folded: str, parts: Places) -> Scores:
    """The share of the words of each department: the sums over its topics."""
    return np.asarray(np.bincount(parts, weights=words.shares(folded)), dtype=np.float64)
