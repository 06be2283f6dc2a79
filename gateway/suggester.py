"""Suggested answers for the officer: the latest words win, nothing is ever sent by itself."""

from __future__ import annotations

import asyncio
import logging
import uuid

from gateway import wire
from gateway.conversation import Conversation
from gateway.knowledge_client import Knowledge, KnowledgeUnavailable
from gateway.live import Live
from gateway.refusals import Refused

log = logging.getLogger(__name__)
SHOWN = 3
DRAFT_FROM = 4
"""Characters a draft needs before it is searched with."""


class Suggester:
    """Searches the guides beside a live talk and offers what it finds to the desk alone."""

    def __init__(self, live: Live, knowledge: Knowledge) -> None:
        self._live = live
        self._knowledge = knowledge
        self._running: dict[str, asyncio.Task[None]] = {}
        self._offered: dict[str, tuple[str, ...]] = {}

    def start(self, conversation: Conversation, text: str, seq: int, *, draft: bool) -> None:
        """Search for answers to `text`; a newer call replaces one that still runs."""
        if draft and len(text.strip()) < DRAFT_FROM:
            return
        running = self._running.pop(conversation.id, None)
        if running is not None:
            running.cancel()
        self._running[conversation.id] = self._live.spawn(self._find(conversation, text, seq, draft))

    def forget(self, conversation_id: str) -> None:
        """The talk is over."""
        running = self._running.pop(conversation_id, None)
        if running is not None:
            running.cancel()
        self._offered.pop(conversation_id, None)

    async def _find(self, conversation: Conversation, text: str, seq: int, draft: bool) -> None:
        try:
            found = await self._knowledge.suggest(text, guide_id=None, k=SHOWN)
        except KnowledgeUnavailable as error:
            log.warning("conversation=%s no suggestions: %s", conversation.id, error)
            return
        if not found:
            return
        texts = tuple(str(s["text"]) for s in found)
        if draft and self._offered.get(conversation.id) == texts:
            return
        self._offered[conversation.id] = texts
        suggestions = [
            wire.Suggestion(
                suggestion_id=uuid.uuid4().hex[:12],
                text=str(s["text"]),
                guide_id=str(s["guide_id"]),
                source=str(s["source"]),
                basis=str(s["basis"]),
                confidence=s["confidence"],
                unverified=bool(s["unverified"]),
            )
            for s in found
        ]
        await self._live.append(
            conversation.id, wire.SuggestionOffered(for_seq=seq, draft=draft, suggestions=suggestions)
        )

    async def source(self, conversation_id: str, suggestion_id: str) -> str:
        """The source line of a suggestion offered in this talk. Raises Refused(not_found)."""
        for stored in reversed(await self._live.database(self._live.log.after, conversation_id, 0)):
            if stored.kind != "suggestion_offered":
                continue
            for suggestion in wire.SuggestionOffered.model_validate(stored.payload).suggestions:
                if suggestion.suggestion_id == suggestion_id:
                    return suggestion.source
        raise Refused("not_found", "suggestion_id")
