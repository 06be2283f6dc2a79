"""Rasa's memory of a conversation, kept short: a turn costs the same at message 5 and at message 500.

Rasa replays the whole history for every message, so that each turn of a long talk costs more than the last.
Our rules look at the latest message, the slots and the form in hand only. The history is therefore replaced
by a fresh session that carries these, as Rasa's own session restart does. What the bot said is
not kept here at all: the gateway's log is the transcript.

In memory on purpose: raw words never lie on disk (docs/adr/0006).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Optional

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

KEEP_TURNS = 6
"""Citizen messages after which the history is folded into slots."""
KEEP_CONVERSATIONS = 20_000
"""Conversations in memory; the one longest unused is forgotten first (its slots, not its transcript)."""


def compact(tracker: DialogueStateTracker) -> list[Event]:
    """Return the events to keep: all but the bot's words, or a fresh session with the form and the slots."""
    turns = sum(isinstance(event, UserUttered) for event in tracker.events)
    resting = tracker.latest_action_name == ACTION_LISTEN_NAME
    if turns <= KEEP_TURNS or not resting:
        return [event for event in tracker.events if not isinstance(event, BotUttered)]
    slots = [
        SlotSet(name, slot.value) for name, slot in tracker.slots.items() if slot.value != slot.initial_value
    ]
    form = [ActiveLoop(tracker.active_loop_name)] if tracker.active_loop_name else []
    return [
        ActionExecuted(ACTION_SESSION_START_NAME),
        SessionStarted(),
        *form,
        *slots,
        ActionExecuted(ACTION_LISTEN_NAME),
    ]


class CompactTrackerStore(InMemoryTrackerStore):
    """`InMemoryTrackerStore` with a bounded history and a bounded number of conversations."""

    def __init__(
        self,
        domain: Domain,
        event_broker: Optional[EventBroker] = None,
        conversations: int = KEEP_CONVERSATIONS,
        **kwargs: dict[str, Any],
    ) -> None:
        """Named in bot/endpoints.yml."""
        super().__init__(domain, event_broker, **kwargs)
        self.store: OrderedDict[str, str] = OrderedDict()  # type: ignore[assignment]
        self._conversations = conversations

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the compacted tracker; forget the conversation longest unused when there are too many."""
        await self.stream_events(tracker)
        kept = DialogueStateTracker.from_events(tracker.sender_id, compact(tracker), self.domain.slots)
        self.store[tracker.sender_id] = self.serialise_tracker(kept)
        self.store.move_to_end(tracker.sender_id)
        while len(self.store) > self._conversations:
            self.store.popitem(last=False)
