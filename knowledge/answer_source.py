"""Where the actions get an answerer from: a fixed one, or the one of the index in service."""

from __future__ import annotations

from typing import Protocol

from knowledge.answerer import Answerer


class AnswerSource(Protocol):
    """Take `current` once per turn and use nothing else in it: then no turn mixes two indexes."""

    @property
    def current(self) -> Answerer:
        """The answerer in service now."""
        ...
