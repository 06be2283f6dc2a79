"""Events of conversations each once and without a gap, whatever order the bus brings them in.

Two gateways, or two threads, may store 5 and 6 and tell 6 first: then the log is read from where the reader
is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from gateway.conversation import StoredEvent

After = Callable[[str, int], Awaitable[Sequence[StoredEvent]]]
"""(conversation id, number) -> the events above it."""


class InOrder:
    """What one socket has been told of each conversation."""

    def __init__(self, after: After) -> None:
        self._after = after
        self._read: dict[str, int] = {}
        self._sent: dict[str, int] = {}

    def has_read(self, conversation_id: str, seq: int) -> None:
        """The reader knows everything up to `seq` from a transcript; an event of it may still be sent."""
        self._read[conversation_id] = max(seq, self._read.get(conversation_id, 0))

    def was_sent(self, conversation_id: str, seq: int) -> None:
        """Everything up to `seq` was sent as events: none of it is sent again."""
        self._sent[conversation_id] = max(seq, self._sent.get(conversation_id, 0))

    def sent(self, conversation_id: str) -> int:
        """Up to where events were sent; 0: none."""
        return self._sent.get(conversation_id, 0)

    async def pass_on(self, frame: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What to send now that this event came: nothing, it alone, or it after what is missing before it."""
        conversation_id, seq = frame["conversation_id"], frame["seq"]
        if seq <= self.sent(conversation_id):
            return []
        known = self._position(conversation_id)
        if known is not None and seq > known + 1:
            return await self.missing(conversation_id)
        self.was_sent(conversation_id, seq)
        return [dict(frame)]

    async def missing(self, conversation_id: str) -> list[dict[str, Any]]:
        """Everything that the log has and the reader has not; nothing where its position is unknown."""
        known = self._position(conversation_id)
        if known is None:
            return []
        found = await self._after(conversation_id, known)
        if found:
            self.was_sent(conversation_id, found[-1].seq)
        return [stored.frame() for stored in found]

    def _position(self, conversation_id: str) -> int | None:
        marks = [m[conversation_id] for m in (self._read, self._sent) if conversation_id in m]
        return max(marks) if marks else None
