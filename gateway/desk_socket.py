"""The officer's socket: the queue, the conversations they hold or look at, and their commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from gateway import wire
from gateway.commands import carry_out
from gateway.conversation import Conversation, Mode
from gateway.errors import error_frame, ref_of
from gateway.hub import STAFF_ID, Hub
from gateway.sockets import CLOSE_SIGN_IN, close, frames, send, stop, write
from gateway.staff import Officer

log = logging.getLogger(__name__)
SIGNED_OUT = "signed_out"
"""Inner frame type on a session's topic: its sockets close."""


class DeskSocket:
    """Serves one connection of one officer."""

    def __init__(self, hub: Hub, socket: WebSocket, officer: Officer, session_topic: str) -> None:
        self._hub = hub
        self._socket = socket
        self._officer = officer
        self._always = ("desk", "everyone", session_topic)
        self._subscription = hub.bus.subscribe(*self._always)
        self._watched: str | None = None

    async def serve(self) -> None:
        """Run until the officer leaves."""
        self._hub.handoffs.officer_here(self._officer)
        try:
            await self._send_queue()
            if self._hub.board.notice:
                await send(self._socket, wire.NoticeFrame(text=self._hub.board.notice).model_dump())
            writer = asyncio.create_task(write(self._socket, self._subscription, self._wanted))
            try:
                async for frame in frames(self._socket):
                    await self._received(frame)
            finally:
                await stop(writer)
        finally:
            self._subscription.close()
            self._hub.handoffs.officer_left(self._officer)

    def _wanted(self, frame: Mapping[str, Any]) -> dict[str, Any] | None:
        if frame["type"] == "queue_changed":
            self._hub.live.spawn(self._send_queue())
            return None
        if frame["type"] == SIGNED_OUT:
            self._hub.live.spawn(close(self._socket, CLOSE_SIGN_IN))
            return None
        if frame["type"] == "event":
            return self._own_ref(frame)
        return dict(frame)

    def _own_ref(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        """Give this officer's own ids back as they sent them; hide everybody else's."""
        prefix = f"{STAFF_ID}/{self._officer.username}/"
        ref = frame["ref"] or ""
        return {**frame, "ref": ref.removeprefix(prefix) if ref.startswith(prefix) else None}

    async def _send_queue(self) -> None:
        database, store = self._hub.database, self._hub.log
        waiting = await database(store.in_mode, Mode.WAITING)
        active = await database(store.in_mode, Mode.AGENT)
        ended = await database(store.ended_for, self._officer.username)
        active = sorted(active, key=lambda c: c.agent_id != self._officer.username)
        held = {c.id for c in active if c.agent_id == self._officer.username}
        if self._watched not in held | {c.id for c in waiting}:
            self._watched = None  # another officer took it, or it is over: no longer this one's business
        self._follow(held | ({self._watched} if self._watched else set()))
        frame = wire.QueueFrame(
            waiting=[self._entry(c) for c in waiting],
            active=[self._entry(c) for c in active],
            closed=[self._entry(c) for c in ended if c.mode not in (Mode.WAITING, Mode.AGENT)],
        )
        try:
            await send(self._socket, frame.model_dump())
        except (RuntimeError, WebSocketDisconnect):
            return  # the socket closed while the queue was being read

    def _entry(self, conversation: Conversation) -> wire.QueueEntry:
        mine = conversation.agent_id == self._officer.username
        private = conversation.mode == Mode.AGENT and not mine
        since = conversation.waiting_since
        return wire.QueueEntry(
            conversation_id=conversation.id,
            title=conversation.title,
            mode=conversation.mode.value,
            preview="" if private else conversation.preview,
            reason=conversation.reason,
            waiting_since=datetime.fromtimestamp(since, UTC).isoformat() if since else None,
            agent_name=self._hub.live.presence.name(conversation.agent_id),
            mine=mine,
            channel=conversation.channel,
        )

    def _follow(self, conversation_ids: set[str]) -> None:
        """Hear these conversations (and what is for the desk alone), and no others."""
        wanted = set(self._always)
        for conversation_id in conversation_ids:
            wanted |= {f"conversation.{conversation_id}", f"desk.{conversation_id}"}
        for topic in self._subscription.topics - wanted:
            self._subscription.drop(topic)
        for topic in wanted - self._subscription.topics:
            self._subscription.add(topic)

    async def _received(self, frame: Any) -> None:
        fault = await carry_out(frame, wire.desk_frame, self._do, f"officer={self._officer.username}")
        if fault is not None:
            code, field = fault
            self._hub.metrics.refused.labels(code).inc()
            await send(self._socket, error_frame(self._hub.phrases, code, ref=ref_of(frame), field=field))

    async def _do(self, frame: Any) -> None:
        hub, officer = self._hub, self._officer
        if isinstance(frame, wire.Ping):
            await send(self._socket, wire.Pong().model_dump())
        elif isinstance(frame, wire.DeskAccept):
            conversation = await hub.accept(officer, frame.conversation_id)
            self._watch(conversation.id)
            await self._send_transcript(conversation, frame.id)
        elif isinstance(frame, wire.DeskOpen):
            conversation = await hub.readable(officer, frame.conversation_id)
            if conversation.mode in (Mode.WAITING, Mode.AGENT):
                self._watch(conversation.id)
            await self._send_transcript(conversation, frame.id, frame.after)
        elif isinstance(frame, wire.DeskSay):
            stored = await hub.agent_said(officer, frame)
            if not stored.fresh:  # only the one who sent it again is told again
                self._subscription.offer(stored.frame())
        elif isinstance(frame, wire.DeskTyping):
            await hub.agent_types(officer, frame.conversation_id)
        elif isinstance(frame, wire.DeskDismiss):
            await hub.dismiss(officer, frame)
            await send(self._socket, wire.DoneFrame(ref=frame.id).model_dump())
        elif isinstance(frame, wire.DeskClose):
            await hub.close(officer, frame.conversation_id)
            await send(self._socket, wire.DoneFrame(ref=frame.id).model_dump())

    def _watch(self, conversation_id: str) -> None:
        """Hear one more conversation: the one on the officer's screen."""
        self._watched = conversation_id
        self._subscription.add(f"conversation.{conversation_id}")
        self._subscription.add(f"desk.{conversation_id}")

    async def _send_transcript(self, conversation: Conversation, ref: str, after: int = 0) -> None:
        events = await self._hub.database(self._hub.log.after, conversation.id, after)
        if conversation.mode == Mode.BOT:  # an ended talk: what came later is between the citizen and the bot
            events = [e for e in events if e.seq <= conversation.last_seq]
        await send(
            self._socket,
            {
                "v": 1,
                "type": "transcript",
                "conversation_id": conversation.id,
                "ref": ref,
                "facts": conversation.facts,
                "state": await self._hub.live.state(conversation),
                "events": [self._own_ref(e.frame()) for e in events],
            },
        )
