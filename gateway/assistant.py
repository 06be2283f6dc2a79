"""The guide beside a live talk: what this citizen's words lead to, and whether the officer's words fit it."""

from __future__ import annotations

import asyncio
import logging

from pydantic import ValidationError

from gateway import wire
from gateway.conversation import Conversation
from gateway.knowledge_client import Knowledge, KnowledgeUnavailable
from gateway.live import Live

log = logging.getLogger(__name__)


class Assistant:
    """Keeps the card at hand for each conversation that an officer holds. Nothing of it is stored."""

    def __init__(self, live: Live, knowledge: Knowledge) -> None:
        self._live = live
        self._knowledge = knowledge
        self._running: dict[str, asyncio.Task[None]] = {}
        self._at_hand: dict[str, wire.AssistFrame] = {}

    def start(self, conversation: Conversation) -> None:
        """Look for the guide anew, from all that the citizen has said; a newer call replaces an older."""
        self._cancel(conversation.id)
        self._running[conversation.id] = self._live.spawn(self._find(conversation.id))

    def forget(self, conversation_id: str) -> None:
        """The talk is over."""
        self._cancel(conversation_id)
        self._at_hand.pop(conversation_id, None)

    def at_hand(self, conversation_id: str) -> wire.AssistFrame | None:
        """What was found last."""
        return self._at_hand.get(conversation_id)

    async def check(self, conversation_id: str, text: str, guide_id: str) -> list[wire.GuideWarning]:
        """What in the officer's words contradicts the guide; [] also when nobody can tell."""
        frame = self._at_hand.get(conversation_id)
        guide_id = guide_id or (frame.card.guide_id if frame and frame.card else "")
        if not guide_id or not text.strip():
            return []
        try:
            found = await self._knowledge.check(text, guide_id)
            return [wire.GuideWarning.model_validate(one) for one in found]
        except (KnowledgeUnavailable, ValidationError) as error:
            log.warning("conversation=%s no check: %s", conversation_id, type(error).__name__)
            return []

    def _cancel(self, conversation_id: str) -> None:
        running = self._running.pop(conversation_id, None)
        if running is not None:
            running.cancel()

    async def _find(self, conversation_id: str) -> None:
        events = await self._live.database(self._live.log.after, conversation_id, 0)
        said = [event for event in events if event.kind == "citizen_said"]
        if not said:
            return
        try:
            card = await self._knowledge.assist([str(event.payload["text"]) for event in said])
            frame = wire.AssistFrame(
                conversation_id=conversation_id,
                for_seq=said[-1].seq,
                card=wire.GuideCard.model_validate(card) if card else None,
            )
        except (KnowledgeUnavailable, ValidationError) as error:
            log.warning("conversation=%s no assist: %s", conversation_id, type(error).__name__)
            return
        self._at_hand[conversation_id] = frame
        self._live.bus.publish(f"desk.{conversation_id}", frame.model_dump())
