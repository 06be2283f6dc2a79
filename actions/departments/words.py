"""Scores the weighted words of topics in a text."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from math import log

import numpy as np
from numpy.typing import NDArray

from actions.departments.department import Topic

Scores = NDArray[np.float64]
Places = NDArray[np.intp]
_BLANKS = re.compile(r"\s+")


def fold(text: str) -> str:
    """The text with full-width letters made plain, in lower case and without blanks."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text).lower())


class TopicWords:
    """The words of every topic, found in one pass over the distinct ones."""

    def __init__(self, topics: Iterable[Topic], prior: float) -> None:
        """`prior` is the weight of words at which they count half of their full share (above 0)."""
        self._places: dict[str, list[tuple[int, float]]] = {}
        self._size = 0
        for place, topic in enumerate(topics):
            self._size += 1
            for word, weight in topic.words.items():
                self._places.setdefault(word, []).append((place, weight))
        self._prior = prior

    def counts(self, folded: str) -> Counter[str]:
        """How often each word stands in a folded text."""
        return Counter({word: folded.count(word) for word in self._places if word in folded})

    def shares(self, folded: str) -> Scores:
        """Each topic's share of the weight found: (topics,), at least 0, summing to less than 1."""
        scores = np.zeros(self._size)
        for word, count in self.counts(folded).items():
            for place, weight in self._places[word]:
                scores[place] += weight * (1 + log(count))
        total = float(scores.sum())
        return scores / (self._prior + total)
