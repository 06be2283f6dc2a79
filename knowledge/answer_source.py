"""What the actions need of an answerer; a fixed one and one that takes over new indexes both give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from knowledge.answer import Answer
from knowledge.library import GuideLibrary
from knowledge.passages import Hit
from knowledge.suggest import Suggestion


class AnswerSource(Protocol):
    """See knowledge.answerer.Answerer."""

    @property
    def library(self) -> GuideLibrary:
        """The guides in service."""
        ...

    @property
    def snapshot(self) -> str:
        """Name of the index in service."""
        ...

    def answer(
        self,
        question: str,
        guide_id: str | None = None,
        facts: Mapping[str, str] | None = None,
        today: date | None = None,
        recent: Sequence[str] = (),
        asked: Sequence[str] = (),
        pending: str = "",
    ) -> Answer:
        """Answer one question."""
        ...

    def card(self, guide_id: str, facts: Mapping[str, str], field: str = "") -> tuple[str, dict[str, Any]]:
        """Lead and card of a guide."""
        ...

    def suggest(
        self, text: str, guide_id: str | None = None, facts: Mapping[str, str] | None = None, k: int = 3
    ) -> list[Suggestion]:
        """Sentences an officer may send."""
        ...

    def find_item(self, text: str) -> Hit | None:
        """The guide a phrase names."""
        ...
