"""The intent model: sentence vectors and character n-grams under a calibrated logistic regression.

Training uses scikit-learn; the trained model is plain arrays (npz) and prediction plain numpy.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.linear_model import LogisticRegression

from bot.identifiers import find
from bot.sounds import syllables

NGRAMS = (1, 2, 3)  # characters
SYLLABLES = (1, 2, 3)
COMMON = 3
"""An n-gram must stand in so many texts to count: rarer ones are two of three, and tell nothing new."""
NAMED = {
    "phone": "手机号码",
    "phone_last4": "手机尾号",
    "id_number": "身份证号码",
    "case_no": "办件编号",
    "booking_no": "预约编号",
    "plate": "车牌号码",
    "landline": "电话号码",
    "uscc": "信用代码",
    "work_order_no": "工单编号",
}


def without_identifiers(text: str) -> str:
    """The text with each number replaced by the name of its kind: figures must not decide the intent."""
    for item in reversed(find(text)):
        text = text[: item.start] + NAMED[item.kind] + text[item.end :]
    return text


def _grams(text: str) -> Counter[str]:
    """Runs of characters, and of syllables as they sound (each begins with ~)."""
    padded = f" {text.lower()} "
    found = Counter(padded[i : i + n] for n in NGRAMS for i in range(len(padded) - n + 1))
    heard = ["^", *syllables(text), "$"]
    found.update("~" + " ".join(heard[i : i + n]) for n in SYLLABLES for i in range(len(heard) - n + 1))
    return found


@dataclass(frozen=True)
class IntentModel:
    """Arrays of a trained model.

    Attributes:
        labels: (k,) intent names; mean: (d,) mean sentence vector of the training texts.
        grams: (g,) character n-grams; idf: (g,) their weights; share: length of an n-gram row.
        coef: (k, d + g); bias: (k,); temperature: positive, divides the scores before the softmax.
    """

    labels: np.ndarray
    mean: np.ndarray
    grams: np.ndarray
    idf: np.ndarray
    coef: np.ndarray
    bias: np.ndarray
    share: float
    temperature: float

    def probabilities(self, text: str, vector: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (k,) of a text without identifiers and its sentence vector (d,)."""
        weights = _weights(_grams(text), self)
        scores = self._by_feature[: len(self.mean)].T @ _centred(vector[None], self.mean)[0] + self.bias
        if weights:
            columns = len(self.mean) + np.fromiter(weights, int)
            scores = scores + np.fromiter(weights.values(), float) @ self._by_feature[columns]
        return _softmax(scores[None] / self.temperature)[0]

    @cached_property
    def _by_feature(self) -> np.ndarray:
        """The coefficients (d + g, k), those of a feature side by side: a text has few of them."""
        return np.ascontiguousarray(self.coef.T)

    @cached_property
    def index(self) -> dict[str, int]:
        """Column of each n-gram."""
        return {gram: i for i, gram in enumerate(self.grams.tolist())}

    def save(self, path: Path) -> None:
        """Write an npz file."""
        np.savez_compressed(
            path,
            labels=self.labels,
            mean=self.mean,
            grams=self.grams,
            idf=self.idf,
            coef=self.coef.astype(np.float32),
            bias=self.bias,
            share=self.share,
            temperature=self.temperature,
        )

    @classmethod
    def load(cls, path: Path) -> IntentModel:
        """Read an npz file written by save."""
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files if name not in ("share", "temperature")}
            return cls(**arrays, share=float(data["share"]), temperature=float(data["temperature"]))


def _centred(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    shifted = vectors - mean
    return shifted / np.maximum(np.linalg.norm(shifted, axis=1, keepdims=True), 1e-12)


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _weights(grams: Counter[str], model: IntentModel) -> dict[int, float]:
    """Column -> TF-IDF weight, the whole row of length share."""
    raw = {model.index[g]: 1 + math.log(c) for g, c in grams.items() if g in model.index}
    weighted = {i: w * float(model.idf[i]) for i, w in raw.items()}
    norm = math.sqrt(sum(w * w for w in weighted.values()))
    return {i: w / norm * model.share for i, w in weighted.items()} if norm else {}


def _rows(grams: Sequence[Counter[str]], vectors: np.ndarray, model: IntentModel) -> csr_matrix:
    """Feature rows (n, d + g): the centred vector, then the n-grams."""
    rows = [_weights(counts, model) for counts in grams]
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((i for row in rows for i in row), int)
    values = np.fromiter((w for row in rows for w in row.values()), float)
    sparse = csr_matrix((values, columns, starts), (len(rows), len(model.idf)))
    return hstack([csr_matrix(_centred(vectors, model.mean)), sparse]).tocsr()


Lookalikes = tuple[Sequence[str], np.ndarray]
"""n texts without identifiers and their vectors (n, d)."""


def fit(
    texts: Sequence[str],
    labels: Sequence[str],
    vectors: np.ndarray,
    *,
    c: float = 10.0,
    share: float = 1.0,
    temperature: float = 1.0,
    lookalikes: Mapping[str, Lookalikes] | None = None,
) -> IntentModel:
    """Train on n texts without identifiers, their labels and vectors (n, d).

    `temperature` divides the scores before the softmax. The reader has seen these texts, so it cannot be
    fitted on them: it is chosen on tests/golden/intents_dev.yml. `lookalikes`: by intent, texts that are not
    of it; the other intents learn nothing from them.

    Raises:
        ValueError: fewer than two intents, or look-alikes of an intent without examples.
    """
    counts = Counter(labels)
    if len(counts) < 2:
        raise ValueError(
            f"intent model: got {dict(counts)}, expected at least two intents; add examples to nlu_data/nlu"
        )
    lookalikes = lookalikes or {}
    strange = sorted(lookalikes.keys() - counts.keys())
    if strange:
        raise ValueError(
            f"intent model: look-alikes of {strange}, expected of {sorted(counts)}; "
            "mend nlu_data/lookalikes.yml"
        )
    fitted = _fit(texts, np.asarray(labels), vectors, c, share, lookalikes)
    return replace(fitted, temperature=float(temperature))


def _fit(
    texts: Sequence[str],
    y: np.ndarray,
    vectors: np.ndarray,
    c: float,
    share: float,
    lookalikes: Mapping[str, Lookalikes],
) -> IntentModel:
    grams = [_grams(text) for text in texts]
    documents = Counter(gram for counts in grams for gram in counts)
    kept = sorted(gram for gram, count in documents.items() if count >= min(COMMON, len(texts) // 4))
    idf = np.array([math.log((1 + len(texts)) / (1 + documents[gram])) + 1 for gram in kept])
    empty = np.zeros(0)
    features = IntentModel(empty, vectors.mean(axis=0), np.array(kept), idf, empty, empty, share, 1.0)
    rows = _narrow(_rows(grams, vectors, features))
    classes = np.unique(y)

    # One against the rest: ten times as fast as one softmax over all, and as accurate here; in its dual form
    # three times as fast again. liblinear runs without the interpreter's lock, so that two cores do two
    # classes at once.
    def against_the_rest(name: str) -> LogisticRegression:
        given, truth = rows, y == name
        if name in lookalikes:
            others, their_vectors = lookalikes[name]
            more = _rows([_grams(text) for text in others], their_vectors, features)
            given = _narrow(vstack([rows, more]).tocsr())
            truth = np.concatenate([truth, np.zeros(len(others), bool)])
        model = LogisticRegression(
            C=c, max_iter=100, tol=0.1, class_weight="balanced", solver="liblinear", dual=True, random_state=0
        )
        return model.fit(given, truth)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        fitted = list(pool.map(against_the_rest, classes))
    coef = np.vstack([one.coef_[0] for one in fitted])
    bias = np.array([one.intercept_[0] for one in fitted])
    return replace(features, labels=classes, coef=coef, bias=bias)


def _narrow(rows: csr_matrix) -> csr_matrix:
    """The same rows with the 32-bit indices that liblinear wants."""
    rows.indices, rows.indptr = rows.indices.astype(np.int32), rows.indptr.astype(np.int32)
    return rows
