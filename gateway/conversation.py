"""A conversation's state and the only moves it can make."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    """Who is speaking with the citizen."""

    BOT = "bot"
    WAITING = "waiting"
    AGENT = "agent"
    CLOSED = "closed"


MOVES: frozenset[tuple[Mode, Mode]] = frozenset(
    {
        (Mode.BOT, Mode.WAITING),  # a person was asked for
        (Mode.WAITING, Mode.AGENT),  # an officer accepted
        (Mode.WAITING, Mode.BOT),  # gave up, or nobody came in time
        (Mode.AGENT, Mode.BOT),  # the officer closed
        (Mode.AGENT, Mode.WAITING),  # the officer vanished, or gave it back to the queue
        (Mode.AGENT, Mode.AGENT),  # handed on to a colleague
        (Mode.BOT, Mode.CLOSED),
        (Mode.WAITING, Mode.CLOSED),
    }
)


class ModeConflict(Exception):
    """Compare-and-set failed: somebody moved the conversation first."""

    def __init__(self, expected: Mode, actual: Mode) -> None:
        super().__init__(f"expected mode {expected}, found {actual}")
        self.expected = expected
        self.actual = actual


class IllegalMove(Exception):
    """No such move exists; a programming error."""


class ConversationNotFound(Exception):
    """No conversation with this id, or it is not yours (the two are not told apart)."""


def check_move(expect: Mode, to: Mode) -> None:
    """Raise IllegalMove unless `expect` -> `to` is one of MOVES."""
    if (expect, to) not in MOVES:
        raise IllegalMove(f"{expect} -> {to}; allowed: {sorted(f'{a}->{b}' for a, b in MOVES)}")


@dataclass(frozen=True, slots=True)
class Conversation:
    """One row of the table; `waiting_since` is UTC seconds."""

    id: str
    channel: str
    mode: Mode
    agent_id: str | None
    last_seq: int
    waiting_since: float | None
    handoff_id: int | None
    reason: str
    preview: str
    facts: dict[str, str] = field(default_factory=dict)
    queued_at: float | None = None
    """Since when the limit of this wait counts, UTC seconds."""

    @property
    def title(self) -> str:
        """What the desk calls an anonymous citizen."""
        return f"访客 {self.id[:4].upper()}"


@dataclass(frozen=True, slots=True)
class OpenTurn:
    """A message that the bot has not answered yet."""

    conversation_id: str
    seq: int
    owner: str
    """The gateway that took it."""
    at: float
    """When it came, UTC seconds."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event of the log. `fresh` is False when a resent frame found its first copy."""

    conversation_id: str
    seq: int
    at: str
    kind: str
    client_id: str | None
    payload: dict[str, object]
    fresh: bool = True
    conversation: Conversation | None = None
    """The conversation as it stood right after this event was stored; None for events read later."""

    def frame(self) -> dict[str, object]:
        """The event as `gateway.wire.EventFrame`, as a dict."""
        return {
            "v": 1,
            "type": "event",
            "conversation_id": self.conversation_id,
            "seq": self.seq,
            "at": self.at,
            "ref": self.client_id,
            "payload": self.payload,
        }
