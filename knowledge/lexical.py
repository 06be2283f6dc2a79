"""Characters in a row (1 to 3) as evidence: TF-IDF cosines and coverage, per guide. Fitted with scikit-learn.

A guide has two documents: how it is asked for (names, aliases, questions) and what it says (its facts).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import sparse

GRAMS = (1, 2, 3)
COMMON = 1500
"""Guides; below that many guides in all every piece counts."""
COVER = 2
"""Characters of the pieces that coverage counts."""


class LexicalIndex:
    """Read-only, thread-safe."""

    def __init__(
        self, terms: dict[str, int], idf: np.ndarray, asked: sparse.csr_array, said: sparse.csr_array
    ) -> None:
        """`asked` and `said`: (guides, terms) raw counts; `idf`: (terms,)."""
        self.terms, self.idf = terms, idf.astype(np.float32)
        self._counts = (asked.tocsr(), said.tocsr())
        self._documents = tuple(self._weighted(counts) for counts in self._counts)
        self._present = ((asked + said) > 0).astype(np.float32).T.tocsr()
        guides = asked.shape[0]
        self._owners = np.asarray(self._present.sum(axis=1)).ravel()
        self._rarity = np.log((guides + 1) / (self._owners + 0.5)).astype(np.float32)
        self._unseen = float(np.log((guides + 1) / 0.5))

    @classmethod
    def build(cls, asked: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> LexicalIndex:
        """One sequence of texts per guide in each."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectoriser = TfidfVectorizer(analyzer="char", ngram_range=(GRAMS[0], GRAMS[-1]), lowercase=True)
        vectoriser.fit([text for group in (*asked, *said) for text in group])
        terms = {term: int(place) for term, place in vectoriser.vocabulary_.items()}
        return cls(terms, np.asarray(vectoriser.idf_), _count(asked, terms), _count(said, terms))

    def scores(self, text: str) -> np.ndarray:
        """(2, guides) cosines in [0, 1]: with how guides are asked for, with what they say.

        Pieces that stand in more than COMMON guides are passed over: they weigh little and cost most.
        """
        places, weights = self._query(text)
        rare = self._owners[places] <= COMMON
        places, weights = places[rare], weights[rare]
        return np.stack([np.asarray(weights @ document[places]).ravel() for document in self._documents])

    def coverage(self, text: str, owner: int = -1, own: str = "") -> tuple[np.ndarray, float]:
        """Share of the text's pieces, weighted by rarity, that a guide has.

        Args:
            text: the question.
            owner: column of a guide that is to be seen without the text `own`; -1: none.
            own: the text to leave out.

        Returns:
            (guides,) shares in [0, 1], and the share that any guide has.

        """
        pieces = [text[start : start + COVER].lower() for start in range(len(text) - COVER + 1)] or [text]
        own_count = grams([own]) if owner >= 0 else Counter()
        places = np.array([self.terms[p] for p in pieces if p in self.terms], np.int64)
        unseen = self._unseen * (len(pieces) - len(places))
        if not len(places):
            return np.zeros(self._present.shape[1], np.float32), 0.0
        rarity = self._rarity[places]
        whole = float(rarity.sum()) + unseen
        shares = np.asarray(rarity @ self._present[places]).ravel()
        anywhere = (self._owners[places] > 0).astype(np.float32)
        for piece in (p for p in pieces if p in self.terms) if owner >= 0 else ():
            place = self.terms[piece]
            total = sum(int(counts[owner, place]) for counts in self._counts)
            if 0 < total <= own_count[piece]:
                shares[owner] -= self._rarity[place]
                if self._owners[place] == 1:
                    anywhere[places == place] = 0
        return np.asarray(shares / whole), float((rarity * anywhere).sum() / whole)

    def asked_without(self, text: str, owner: int, own: str) -> float:
        """The cosine with how guide `owner` is asked for, as if the text `own` did not stand there."""
        counts = self._counts[0][[owner]].toarray().ravel().astype(np.float32)
        for term, count in grams([own]).items():
            if term in self.terms:
                counts[self.terms[term]] -= count
        document = _sublinear(np.maximum(counts, 0)) * self.idf
        places, weights = self._query(text)
        return float(weights @ document[places]) / max(float(np.linalg.norm(document)), 1e-9)

    def save(self, folder: Path) -> None:
        """Write counts, idf and terms."""
        for name, counts in zip(("asked", "said"), self._counts, strict=True):
            sparse.save_npz(folder / f"{name}.npz", counts)
        np.save(folder / "idf.npy", self.idf)
        ordered = sorted(self.terms, key=self.terms.__getitem__)
        (folder / "terms.json").write_text(json.dumps(ordered, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Read what `save` wrote."""
        ordered = json.loads((folder / "terms.json").read_text("utf-8"))
        asked, said = (
            sparse.csr_array(sparse.load_npz(folder / f"{name}.npz")) for name in ("asked", "said")
        )
        terms = {term: place for place, term in enumerate(ordered)}
        return cls(terms, np.load(folder / "idf.npy", allow_pickle=False), asked, said)

    def _query(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Places of the text's terms and their unit-length weights."""
        found = {self.terms[t]: c for t, c in grams([text]).items() if t in self.terms}
        places = np.fromiter(found, np.int64, len(found))
        weights = _sublinear(np.fromiter(found.values(), np.float32, len(found))) * self.idf[places]
        return places, weights / max(float(np.linalg.norm(weights)), 1e-9)

    def _weighted(self, counts: sparse.csr_array) -> sparse.csr_array:
        """(terms, guides), unit columns."""
        weighted = counts.astype(np.float32).copy()
        weighted.data = _sublinear(weighted.data) * self.idf[weighted.indices]
        norms = np.sqrt(np.asarray(weighted.power(2).sum(axis=1)).ravel())
        scale = sparse.dia_array(
            (1.0 / np.maximum(norms, 1e-9)[None, :], [0]), shape=(len(norms), len(norms))
        )
        return (scale @ weighted).astype(np.float32).T.tocsr()


def grams(texts: Sequence[str]) -> Counter[str]:
    """Character n-grams as scikit-learn's analyzer="char" cuts them, without crossing texts."""
    found: Counter[str] = Counter()
    for text in texts:
        text = " ".join(text.lower().split())
        for size in GRAMS:
            found.update(text[start : start + size] for start in range(len(text) - size + 1))
    return found


def _count(documents: Sequence[Sequence[str]], terms: dict[str, int]) -> sparse.csr_array:
    rows, columns, values = [], [], []
    for row, texts in enumerate(documents):
        for term, count in grams(texts).items():
            if term in terms:
                rows.append(row)
                columns.append(terms[term])
                values.append(count)
    return sparse.csr_array((np.array(values, np.int32), (rows, columns)), shape=(len(documents), len(terms)))


def _sublinear(counts: np.ndarray) -> np.ndarray:
    counts = counts.astype(np.float32)
    return np.where(counts > 0, 1.0 + np.log(np.maximum(counts, 1.0)), 0.0).astype(np.float32)
