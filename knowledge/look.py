"""What the index says about some words: evidence, order, decision, the best few items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from knowledge.answerable import Judge, Judgement
from knowledge.guide import Guide
from knowledge.library import GuideLibrary
from knowledge.passages import Hit
from knowledge.ranker import Evidence, Ranker

SHOWN_HITS = 5


@dataclass(frozen=True, slots=True)
class Look:
    """What the index says about some words."""

    evidence: Evidence
    totals: np.ndarray
    judged: Judgement
    hits: list[Hit]


class Looker:
    """Read-only, thread-safe."""

    def __init__(self, library: GuideLibrary, ranker: Ranker, judge: Judge) -> None:
        self.library, self.ranker, self._judge = library, ranker, judge
        self.column = {key: place for place, key in enumerate(ranker.index.ids)}
        """Id -> its place in arrays over items."""

    def look(self, text: str, day: date) -> Look:
        """Look the words up; items that are not in force on `day` come last."""
        evidence = self.ranker.evidence(text)
        totals = self.usable(self.ranker.total(evidence), day)
        judged = self._judge.judge(evidence, self.ranker.weights)
        return Look(evidence, totals, judged, self.hits(evidence, totals))

    def in_force(self, guide_id: str | None, day: date) -> Guide | None:
        """The guide with this id if it is in force on `day`."""
        guide = self.library.get(guide_id) if guide_id else None
        return guide if guide and guide.is_current(day) else None

    def hits(self, evidence: Evidence, totals: np.ndarray, most: int = SHOWN_HITS) -> list[Hit]:
        """The `most` best items."""
        finite = totals[np.isfinite(totals)]
        shares = np.exp(totals - finite.max()) / np.exp(finite - finite.max()).sum()
        order = [column for column in np.argsort(-totals) if np.isfinite(totals[column])]
        return [self._hit(int(column), evidence, float(shares[column])) for column in order[:most]]

    def usable(self, totals: np.ndarray, day: date) -> np.ndarray:
        """Totals with guides that are not in force on `day` put last."""
        for column, key in enumerate(self.ranker.index.ids):
            guide = self.library.guides.get(key)
            if guide is not None and not guide.is_current(day):
                totals[column] = -np.inf
        return totals

    def _hit(self, column: int, evidence: Evidence, share: float) -> Hit:
        index = self.ranker.index
        key = index.ids[column]
        about = self.library.guides.get(key) or self.library.stubs[key]
        return Hit(
            guide_id=key,
            name=about.name,
            department=about.department,
            summary=about.summary,
            score=share,
            cosine=float(evidence.cosine[column]),
            passage=index.passages[int(evidence.nearest[column])].text,
            stub=key in self.library.stubs,
        )
