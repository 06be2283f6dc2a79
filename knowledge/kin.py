"""Items related to the one at hand: another event for the same thing, the same event for another thing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from knowledge.answerable import Zone
from knowledge.focus import Move, done, family
from knowledge.guide import Guide
from knowledge.look import Look, Looker
from knowledge.passages import Hit
from knowledge.wording import data

Referred = tuple[Guide, list[Hit], float]
"""The guide, what was looked at, and how sure that it is meant."""
_BARE = re.compile(r"^(那|那么|要是|如果|是|我是)+|(的)?(呢|咧|哩|勒|嘞)?[?？]?$")


class Kin:
    """Thread-safe: what it remembers is only worked out once."""

    def __init__(self, looker: Looker) -> None:
        self._looker = looker
        self._families: dict[str, dict[str, str]] = {}

    def sibling(self, move: Move, current: Guide, day: date) -> Referred | None:
        """Another item of the family, when the words with what both are about lie nearer to it."""
        column, family = self._looker.ranker.index.column, self.family(current)
        best: tuple[float, str, Look] | None = None
        lead = float(data("thresholds")["sibling_lead"])
        for shared in sorted({head for head in family.values() if head}):
            seen = self._looker.look(f"{shared}{move.text}", day)
            key = _first(seen, column, lead)
            if family.get(key) == shared:
                ahead = float(seen.totals[column[key]] - seen.totals[column[current.id]])
                if ahead >= lead and (best is None or ahead > best[0]):
                    best = (ahead, key, seen)
        return None if best is None else (self._looker.library.guides[best[1]], best[2].hits, 0.8)

    def family(self, guide: Guide) -> dict[str, str]:
        """Items a citizen may mean by 那…呢: id -> what both are about, "" when only related."""
        if guide.id not in self._families:
            self._families[guide.id] = family(guide, self._looker.library)
        return self._families[guide.id]

    def same_done(self, move: Move, current: Guide, others: set[str], day: date) -> Referred | None:
        """The item that does with the thing the words name what the one at hand does with its own.

        `others`: ids of items whose names stand in the words; then it must be one of them.
        """
        what = done(current)
        if not what:
            return None
        thing = _BARE.sub("", move.text)
        seen = self._looker.look(f"{thing}{what}", day)
        first = seen.hits[0]
        if first.stub or first.guide_id == current.id or seen.judged.zone is Zone.REFUSE:
            return None
        guide = self._looker.library.guides[first.guide_id]
        fits = set(done(guide)) & set(what) and (not others or guide.id in others)
        return (guide, seen.hits, seen.judged.right) if fits else None


def _first(seen: Look, column: Mapping[str, int], lead: float) -> str:
    """The first item, or the second where the first is handled elsewhere and less than `lead` ahead."""
    first, *others = seen.hits
    second = others[0] if others else first
    ahead = float(seen.totals[column[first.guide_id]] - seen.totals[column[second.guide_id]])
    return second.guide_id if first.stub and ahead < lead else first.guide_id
