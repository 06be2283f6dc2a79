"""Store first, then tell: the one way by which anything reaches a socket."""

from __future__ import annotations

import asyncio
import logging
import math
import statistics
import time
from collections.abc import Coroutine
from typing import Any

from gateway import wire
from gateway.conversation import Conversation, Mode, StoredEvent
from gateway.log import ConversationLog
from gateway.metrics import Metrics
from gateway.own_words import OwnWords
from gateway.shared import Shared
from gateway.store import DatabaseThread

log = logging.getLogger(__name__)
ESTIMATE_FROM = 3
"""Accepted hand-offs needed before minutes are promised."""


class Live:
    """The log, the bus and who is thinking: what every use case needs to speak."""

    def __init__(
        self,
        conversation_log: ConversationLog,
        database: DatabaseThread,
        metrics: Metrics | None = None,
        shared: Shared | None = None,
    ) -> None:
        self.log = conversation_log
        self.database = database
        self.shared = shared or Shared()
        self.bus = self.shared.bus
        self.presence = self.shared.presence
        self.metrics = metrics or Metrics()
        self.own = OwnWords(self.bus)
        """The app sets one with the keys of all gateways."""
        self._thinking: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside the caller; its failure is logged, never lost."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("background task failed", exc_info=task.exception())

    async def settle(self, timeout_s: float) -> None:
        """Wait for what still runs, at most `timeout_s`, then cancel it."""
        running = [t for t in self._tasks if t is not asyncio.current_task()]
        if running:
            _, late = await asyncio.wait(running, timeout=timeout_s)
            for task in late:
                task.cancel()

    async def append(
        self,
        conversation_id: str,
        payload: wire.Wire,
        *,
        client_id: str | None = None,
        expect: Mode | None = None,
        asks_bot: bool = False,
        shown: wire.Wire | None = None,
    ) -> StoredEvent:
        """Store an event, then tell everyone who listens; a resent one (fresh=False) is told to nobody.

        Args:
            conversation_id: which conversation.
            payload: an event payload.
            client_id: the sender's own id of this frame.
            expect: the mode it must be in.
            asks_bot: the bot of this gateway is to answer it, if the conversation is the bot's.
            shown: what the citizen's own screens show in place of `payload`, live and never stored.

        Raises:
            ModeConflict: `expect` is given and is not the conversation's mode.
            StorageUnavailable: it may not be stored; whoever sent it sends it again with the same id.
        """
        with self.metrics.stored.time():
            stored = await self.database(
                self.log.append,
                conversation_id,
                payload.model_dump(),
                client_id=client_id,
                expect=expect,
                turn_of=self.shared.gateway_id if asks_bot else None,
            )
        if stored.fresh:
            if shown is not None and shown != payload:
                self.own.tell(conversation_id, stored.seq, shown)
            self.publish(stored)
        return stored

    def publish(self, stored: StoredEvent) -> None:
        """Tell the readers of the conversation; what is told is counted."""
        self.metrics.event(stored.payload)
        self.bus.publish(f"conversation.{stored.conversation_id}", stored.frame())

    def think(self, conversation: Conversation, ahead: int = 0) -> None:
        """Show that the bot is working on an answer, after `ahead` others."""
        self._thinking[conversation.id] = ahead
        self.spawn(self.publish_state(conversation))

    async def stop_thinking(self, conversation_id: str, now: Conversation | None) -> None:
        """Show that it no longer is, if that was shown; `now` saves reading the conversation again."""
        if conversation_id not in self._thinking:
            return
        del self._thinking[conversation_id]
        if now is None:
            now = await self.database(self.log.get, conversation_id)
        await self.publish_state(now)

    async def publish_state(self, conversation: Conversation) -> None:
        """Send the live state of one conversation to its readers."""
        self.bus.publish(f"conversation.{conversation.id}", await self.state(conversation))

    async def publish_queue(self) -> None:
        """Tell the desks that the queue changed, and every waiting citizen their new place."""
        self.bus.publish("desk", {"type": "queue_changed"})
        for waiting in await self.database(self.log.in_mode, Mode.WAITING):
            await self.publish_state(waiting)

    async def state(self, conversation: Conversation) -> dict[str, Any]:
        """Return a `gateway.wire.StateFrame` as a dict."""
        queue = None
        if conversation.mode == Mode.WAITING and conversation.waiting_since is not None:
            queue = await self.place(conversation)
        return wire.StateFrame(
            conversation_id=conversation.id,
            mode=conversation.mode.value,
            queue=queue,
            agent_name=self.presence.name(conversation.agent_id),
            thinking=conversation.mode == Mode.BOT and conversation.id in self._thinking,
            ahead=self._thinking.get(conversation.id, 0) if conversation.mode == Mode.BOT else 0,
            last_seq=conversation.last_seq,
        ).model_dump()

    async def place(self, conversation: Conversation) -> wire.QueuePlace:
        """Place in the queue; minutes only when there is a basis for them."""
        waiting = await self.database(self.log.in_mode, Mode.WAITING)
        place = 1 + next((i for i, c in enumerate(waiting) if c.id == conversation.id), len(waiting) - 1)
        waits = await self.database(self.log.recent_waits)
        minutes = None
        if len(waits) >= ESTIMATE_FROM:
            minutes = max(1, math.ceil(statistics.median(waits) * place / 60))
        waited = int(time.time() - (conversation.waiting_since or time.time()))
        return wire.QueuePlace(place=place, waited_s=max(0, waited), minutes=minutes)
