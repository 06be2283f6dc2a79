"""What the product is measured against in the same run: BM25 on words and characters, plain e5 on names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

from knowledge.encode import Encoder
from knowledge.guide import Guide, Stub
from knowledge.index import PassageIndex
from knowledge.library import GuideLibrary
from knowledge.text import normalise

K1, B = 1.5, 0.75
"""The usual constants of Okapi BM25."""
Tokens = Callable[[str], list[str]]
Rank = Callable[[str], list[str]]
"""Question -> ids, best first."""


class Bm25:
    """Okapi BM25 over one document per id."""

    def __init__(self, ids: Sequence[str], documents: Sequence[str], tokens: Tokens) -> None:
        self._ids, self._tokens = list(ids), tokens
        counts = [Counter(tokens(text)) for text in documents]
        self._terms = {term: place for place, term in enumerate(dict.fromkeys(t for c in counts for t in c))}
        lengths = np.array([sum(c.values()) for c in counts], np.float64)
        rows = [self._terms[t] for c in counts for t in c]
        columns = [column for column, c in enumerate(counts) for _ in c]
        tf = np.array([n for c in counts for n in c.values()], np.float64)
        owners = np.bincount(rows, minlength=len(self._terms))
        idf = np.log(1 + (len(ids) - owners + 0.5) / (owners + 0.5))
        norm = K1 * (1 - B + B * lengths / lengths.mean())
        values = idf[rows] * tf * (K1 + 1) / (tf + norm[columns])
        self._weights = sparse.csr_array((values, (rows, columns)), shape=(len(self._terms), len(ids)))

    def rank(self, question: str) -> list[str]:
        """Ids, best first."""
        places = [self._terms[t] for t in self._tokens(normalise(question)) if t in self._terms]
        if not places:
            return list(self._ids)
        scores = np.asarray(self._weights[places].sum(axis=0)).ravel()
        return [self._ids[column] for column in np.argsort(-scores, kind="stable")]


def pairs(text: str) -> list[str]:
    """Single characters and pairs."""
    plain = text.lower()
    return [*plain, *(plain[i : i + 2] for i in range(len(plain) - 1))]


def words() -> Tokens | None:
    """Jieba's words; None where jieba is not installed (it belongs to the tests, not to the service)."""
    try:
        import jieba
    except ImportError:
        return None
    jieba.setLogLevel(60)
    return lambda text: [word for word in jieba.lcut(text) if word.strip()]


def baselines(library: GuideLibrary, index: PassageIndex, encoder: Encoder) -> dict[str, Rank]:
    """Name -> ranking. The BM25s see every text of a guide that ours sees; e5 sees the names alone."""
    texts: dict[str, list[str]] = {key: [] for key in index.ids}
    for passage in index.passages:
        texts[passage.guide_id].append(passage.text)
    documents = ["\n".join(own) for own in texts.values()]
    found: dict[str, Rank] = {}
    cut = words()
    if cut:
        found["BM25 on words"] = Bm25(index.ids, documents, cut).rank
    found["BM25 on characters"] = Bm25(index.ids, documents, pairs).rank
    every: dict[str, Guide | Stub] = {**library.guides, **library.stubs}
    names = encoder.passages([every[key].name for key in index.ids])

    def by_name(question: str) -> list[str]:
        scores = names @ encoder.queries([normalise(question)])[0]
        return [index.ids[column] for column in np.argsort(-scores)]

    found["e5 on names"] = by_name
    return found
