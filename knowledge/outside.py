"""What lies outside: names of services no guide covers and small talk, as distractors. Never shown, never answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge.encode import Encoder
from knowledge.index import PassageIndex
from knowledge.lexical import LexicalIndex
from knowledge.wording import data

COVERED = 0.955
"""A distractor this near (cosine) to a name or alias of ours is ours after all and left out."""


class OutsideIndex:
    """Read-only, thread-safe."""

    def __init__(self, texts: Sequence[str], vectors: np.ndarray, lexical: LexicalIndex) -> None:
        """`vectors`: (n, dim) float32 unit rows of `texts`, encoded as passages."""
        self.texts = tuple(texts)
        self.vectors, self._lexical = vectors, lexical
        self._place = {text: place for place, text in enumerate(self.texts)}

    @classmethod
    def build(cls, index: PassageIndex, encoder: Encoder) -> OutsideIndex:
        """Distractors that our own guides and stubs do not cover."""
        texts = list(dict.fromkeys(distractors()))
        vectors = encoder.passages(texts)
        names = np.array([p.kind in ("name", "alias") for p in index.passages])
        nearest = (vectors @ index.vectors()[names].T).max(axis=1)
        keep = [place for place, cosine in enumerate(nearest) if cosine < COVERED]
        texts, vectors = [texts[place] for place in keep], vectors[keep]
        return cls(texts, vectors, LexicalIndex.build([[text] for text in texts], [[]] * len(texts)))

    def nearness(self, vectors: np.ndarray, views: Sequence[str], without: str = "", drop: int = 0) -> tuple[float, float]:
        """Cosine and TF-IDF cosine with the nearest distractor.

        Args:
            vectors: (m, dim) of the views.
            views: the question's views.
            without: a distractor that is not to be looked at.
            drop: leave out so many of the nearest as well (for a service the list does not know).
        """
        cosines = (vectors @ self.vectors.T).max(axis=0)
        lexical = np.max([self._lexical.scores(view)[0] for view in views], axis=0)
        hidden = [self._place[without]] if without in self._place else []
        hidden += list(np.argsort(-cosines)[: drop + 1]) if drop else []
        cosines[hidden], lexical[hidden] = -1.0, 0.0
        return float(cosines.max()), float(lexical.max())

    def save(self, folder: Path) -> None:
        target = folder / "outside"
        target.mkdir()
        np.save(target / "vectors.npy", self.vectors)
        (target / "texts.json").write_text(json.dumps(self.texts, ensure_ascii=False, indent=0), encoding="utf-8")
        self._lexical.save(target)

    @classmethod
    def load(cls, folder: Path) -> OutsideIndex:
        target = folder / "outside"
        texts = json.loads((target / "texts.json").read_text("utf-8"))
        vectors = np.load(target / "vectors.npy", allow_pickle=False)
        return cls(texts, vectors, LexicalIndex.load(target))


def distractors() -> list[str]:
    """All lines of both data files."""
    found = [name for names in data("other_services").values() for name in names]
    return found + [line for lines in data("out_of_scope_dev").values() for line in lines]
