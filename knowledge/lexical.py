"""TF-IDF over characters (1 to 3 in a row), one document per guide. Fitted with scikit-learn, run with numpy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

GRAMS = (1, 2, 3)


class LexicalIndex:
    """Cosine of a query with every guide's document. Read-only, thread-safe."""

    def __init__(self, terms: dict[str, int], idf: np.ndarray, counts: np.ndarray) -> None:
        """`counts`: (guides, terms) raw counts."""
        self.terms, self.idf, self.counts = terms, idf.astype(np.float32), counts
        weighted = _sublinear(counts) * self.idf
        norms = np.linalg.norm(weighted, axis=1, keepdims=True)
        self._documents = np.ascontiguousarray((weighted / np.maximum(norms, 1e-9)).T.astype(np.float16))

    @classmethod
    def build(cls, documents: Sequence[Sequence[str]]) -> LexicalIndex:
        """One sequence of texts per guide."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectoriser = TfidfVectorizer(analyzer="char", ngram_range=(GRAMS[0], GRAMS[-1]), lowercase=True)
        vectoriser.fit([text for texts in documents for text in texts])
        terms = {term: int(place) for term, place in vectoriser.vocabulary_.items()}
        counts = np.zeros((len(documents), len(terms)), np.uint16)
        for row, texts in enumerate(documents):
            for term, count in grams(texts).items():
                if term in terms:
                    counts[row, terms[term]] = count
        return cls(terms, np.asarray(vectoriser.idf_), counts)

    def scores(self, text: str) -> np.ndarray:
        """(guides,) cosines in [0, 1]."""
        places, weights = self.weights(text)
        if not len(places):
            return np.zeros(self._documents.shape[1], np.float32)
        return np.asarray(weights @ self._documents[places].astype(np.float32))

    def weights(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Places of the query's terms and their unit-length weights."""
        found = {self.terms[t]: c for t, c in grams([text]).items() if t in self.terms}
        places = np.fromiter(found, np.int64, len(found))
        weights = _sublinear(np.fromiter(found.values(), np.float32, len(found))) * self.idf[places]
        return places, weights / max(float(np.linalg.norm(weights)), 1e-9)

    def score_without(self, text: str, row: int, own: str) -> float:
        """The cosine with guide `row` as if the text `own` did not stand in its document."""
        counts = self.counts[row].astype(np.float32)
        for term, count in grams([own]).items():
            if term in self.terms:
                counts[self.terms[term]] -= count
        document = _sublinear(np.maximum(counts, 0)) * self.idf
        places, weights = self.weights(text)
        return float(weights @ document[places]) / max(float(np.linalg.norm(document)), 1e-9)

    def save(self, folder: Path) -> None:
        rows, columns = np.nonzero(self.counts)
        np.savez_compressed(
            folder / "lexical.npz",
            idf=self.idf,
            rows=rows.astype(np.int32),
            columns=columns.astype(np.int32),
            counts=self.counts[rows, columns],
            shape=np.array(self.counts.shape),
        )
        ordered = sorted(self.terms, key=self.terms.__getitem__)
        (folder / "terms.json").write_text(json.dumps(ordered, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        ordered = json.loads((folder / "terms.json").read_text("utf-8"))
        with np.load(folder / "lexical.npz", allow_pickle=False) as stored:
            counts = np.zeros(tuple(stored["shape"]), np.uint16)
            counts[stored["rows"], stored["columns"]] = stored["counts"]
            return cls({term: place for place, term in enumerate(ordered)}, stored["idf"], counts)


def grams(texts: Sequence[str]) -> Counter[str]:
    """Character n-grams as scikit-learn's analyzer="char" cuts them, without crossing texts."""
    found: Counter[str] = Counter()
    for text in texts:
        text = " ".join(text.lower().split())
        for size in GRAMS:
            found.update(text[start : start + size] for start in range(len(text) - size + 1))
    return found


def _sublinear(counts: np.ndarray) -> np.ndarray:
    counts = counts.astype(np.float32)
    return np.where(counts > 0, 1.0 + np.log(np.maximum(counts, 1.0)), 0.0).astype(np.float32)
