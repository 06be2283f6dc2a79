"""Notices: what the systems have to tell a citizen without being asked. Each is told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one conversation."""

    id: int
    owner: str
    """The conversation that is told."""
    kind: str
    """Which sentence of data/phrases.yml: `notice_<kind>`."""
    payload: Mapping[str, str]
    """Values of the sentence. Never a full name, phone, ID number or address."""
    due_at: datetime


class NoticeBoard(Protocol):
    """An outbox: at least once from here, and once in the conversation, since the gateway keys by id."""

    def due(self, limit: int = 50) -> Sequence[Notice]:
        """Notices whose time has come and that are not told yet, oldest first, `limit` at most."""
        ...

    def told(self, ids: Sequence[int]) -> None:
        """These are in their conversations now. Unknown ids are ignored."""
        ...
