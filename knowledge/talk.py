"""A talk in turns: what one answer leaves behind for the next (item at hand, situation, items before it)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from knowledge.answerer import Answer, Answerer

MOST_RECENT = 4
"""Items a citizen may come back to by pointing (刚才那个)."""


@dataclass(slots=True)
class Talk:
    """One citizen's thread; not thread-safe."""

    answerer: Answerer
    guide_id: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    recent: tuple[str, ...] = ()
    """Guides talked about before the one at hand, latest first."""
    asked: tuple[str, ...] = ()
    """Fields of the last answer."""
    pending: str = ""
    """Words that were asked back about in the last turn."""

    def ask(self, question: str, today: date | None = None) -> Answer:
        """Answer in the light of the turns so far, and remember."""
        found = self.answerer.answer(
            question, self.guide_id, self.facts, today, self.recent, self.asked, self.pending
        )
        self.remember(question, found)
        return found

    def remember(self, question: str, found: Answer) -> None:
        """Note what an answer leaves behind, also of one that no question led to (a button)."""
        self.pending = question if found.status == "clarify" else ""
        if found.fields or found.status == "answered":
            self.asked = found.fields
        if found.status == "answered":
            self.recent = moved(self.recent, self.guide_id, found.guide_id)
            self.guide_id, self.facts = found.guide_id, dict(found.facts)


def moved(recent: tuple[str, ...], old: str | None, new: str) -> tuple[str, ...]:
    """Recent guides after the talk moved from `old` to `new`."""
    if not old or old == new:
        return tuple(key for key in recent if key != new)
    return (old, *(key for key in recent if key not in (old, new)))[:MOST_RECENT]
