"""The base of our actions: one method, `act`, from a `Turn` to messages and events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.messages import Message
from actions.phrases import PLAIN, Phrases
from actions.turn import Turn, read_turn


@dataclass
class Result:
    """What an action says and which slots it sets; `events` are Rasa's event dicts."""

    messages: list[Message] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)


class TurnAction(Action):  # type: ignore[misc]  # rasa_sdk has no types
    """Reads the tracker once, runs `act` in a thread (backends and search are synchronous)."""

    def __init__(self, name: str, phrases: Phrases) -> None:
        self._name = name
        self.phrases = phrases

    def name(self) -> str:
        """Rasa's name of the action."""
        return self._name

    def act(self, turn: Turn) -> Result:
        """Pure of Rasa: override this."""
        raise NotImplementedError

    def _acted(self, turn: Turn) -> Result:
        PLAIN.set(bool(turn.slots.get("plain_words")))  # of this thread's own context: see asyncio.to_thread
        try:
            return self.act(turn)
        except StopIteration as stop:
            # A future cannot carry a StopIteration: the turn would wait for ever instead of failing.
            raise RuntimeError(f"{self._name}: next() on an empty iterator") from stop

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Rasa's entry: utter one json message per `Message`, return the events."""
        result = await asyncio.to_thread(self._acted, read_turn(tracker))
        for message in result.messages:
            dispatcher.utter_message(json_message=message)
        return result.events
