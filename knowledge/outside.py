"""What lies outside: services no guide covers and small talk, as distractors that are never shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge.encode import Encoder
from knowledge.index import PassageIndex
from knowledge.lexical import LexicalIndex
from knowledge.library import catalogue
from knowledge.wording import data

COVERED = 4
"""A distractor that holds a name of ours with so many characters, or stands inside one, is ours."""


class OutsideIndex:
    """Read-only, thread-safe."""

    def __init__(
        self,
        texts: Sequence[str],
        vectors: np.ndarray,
        lexical: LexicalIndex,
        users: dict[str, list[int]],
        guides: int,
    ) -> None:
        """
        Args:
            texts: distractors.
            vectors: (n, dim) float32 unit rows of `texts`, encoded as passages.
            lexical: one document per distractor.
            users: mark -> columns of the guides that use the word.
            guides: number of guides.

        """
        self.users, self._guides = users, guides
        self.texts = tuple(texts)
        self.vectors, self._lexical = vectors, lexical
        self._place = {text: place for place, text in enumerate(self.texts)}

    @classmethod
    def build(cls, index: PassageIndex, encoder: Encoder) -> OutsideIndex:
        """Distractors that our own guides and stubs do not cover."""
        names = [p.text for p in index.passages if p.kind in ("name", "alias") and len(p.text) >= COVERED]
        texts = [
            text for text in dict.fromkeys(distractors()) if not any(n in text or text in n for n in names)
        ]
        vectors = encoder.passages(texts)
        users: dict[str, list[int]] = {mark: [] for mark in data("outside_marks")["marks"]}
        for mark, columns in users.items():
            columns += sorted(
                {int(index.owner[place]) for place, p in enumerate(index.passages) if mark in p.text}
            )
        lexical = LexicalIndex.build([[text] for text in texts], [[]] * len(texts))
        return cls(texts, vectors, lexical, users, len(index.ids))

    def foreign(self, text: str) -> np.ndarray:
        """(guides,) bool: the text has a word of outside services that this guide never uses."""
        out = np.zeros(self._guides, bool)
        for mark, columns in self.users.items():
            if mark in text:
                own = np.zeros(self._guides, bool)
                own[columns] = True
                out |= ~own
        return out

    def nearness(
        self, vectors: np.ndarray, views: Sequence[str], without: str = "", drop: int = 0
    ) -> tuple[float, float]:
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
        """Write everything into the sub-folder outside/."""
        target = folder / "outside"
        target.mkdir()
        np.save(target / "vectors.npy", self.vectors)
        (target / "texts.json").write_text(
            json.dumps(self.texts, ensure_ascii=False, indent=0), encoding="utf-8"
        )
        about = {"users": self.users, "guides": self._guides}
        (target / "marks.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        self._lexical.save(target)

    @classmethod
    def load(cls, folder: Path) -> OutsideIndex:
        """Read what `save` wrote."""
        target = folder / "outside"
        texts = json.loads((target / "texts.json").read_text("utf-8"))
        vectors = np.load(target / "vectors.npy", allow_pickle=False)
        about = json.loads((target / "marks.json").read_text("utf-8"))
        return cls(texts, vectors, LexicalIndex.load(target), about["users"], about["guides"])


def distractors() -> list[str]:
    """All lines of both data files, and the catalogue's items: those without a guide are outside too."""
    found = [*catalogue().values(), *(name for names in data("other_services").values() for name in names)]
    return found + [line for lines in data("out_of_scope_dev").values() for line in lines]
