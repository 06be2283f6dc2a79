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
    """Thread-safe: all it keeps is which items are not in force today."""

    def __init__(self, library: GuideLibrary, ranker: Ranker, judge: Judge) -> None:
        self.library, self.ranker, self._judge = library, ranker, judge
        self._barred: tuple[date, list[int]] | None = None
        """A day, and the columns of the items that are not in force on it."""

    def look(self, text: str, day: date) -> Look:
        """Look the words up; items that are not in force on `day` come last."""
        evidence = self.ranker.evidence(text)
        totals = self._usable(self.ranker.total(evidence), day)
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
        order = [column for column in np.argsort(-totals)[:most] if np.isfinite(totals[column])]
        return [self._hit(int(column), evidence, float(shares[column])) for column in order]

    def _usable(self, totals: np.ndarray, day: date) -> np.ndarray:
        """Totals with guides that are not in force on `day` put last."""
        barred = self._barred
        if barred is None or barred[0] != day:
            guides, column = self.library.guides, self.ranker.index.column
            columns = [
                place for key, place in column.items() if key in guides and not guides[key].is_current(day)
            ]
            barred = self._barred = (day, columns)
        totals[barred[1]] = -np.inf
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
