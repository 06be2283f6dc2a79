"""The officer's socket: the queue, the conversations they hold or look at, and their commands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from gateway import wire
from gateway.access import allowed
from gateway.bus import LOOK_AGAIN
from gateway.citizen_socket import RESENT
from gateway.commands import carry_out
from gateway.conversation import Conversation, Mode
from gateway.database import StorageUnavailable
from gateway.errors import error_frame, ref_of
from gateway.hub import STAFF_ID, Hub
from gateway.in_order import InOrder
from gateway.refusals import Refused
from gateway.session_watch import SIGNED_OUT
from gateway.sockets import CLOSE_RESUME, CLOSE_SIGN_IN, close, frames, send, stop, write
from gateway.staff import Officer

log = logging.getLogger(__name__)
OVER = frozenset({"closed", "left", "expired"})
"""Outcomes of a hand-off after which the bot speaks again."""


def end_of_talk(events: Sequence[Mapping[str, Any]]) -> int | None:
    """How many of these events are the desk's, if they end the talk for good; None if they do not."""
    end = None
    for place, event in enumerate(events, 1):
        payload = event["payload"]
        if payload.get("outcome") in OVER:
            end = place
        elif payload["kind"] == "handoff_requested":
            end = None
    return end


class DeskSocket:
    """Serves one connection of one officer."""

    def __init__(
        self,
        hub: Hub,
        socket: WebSocket,
        officer: Officer,
        session_topic: str,
        deed: Callable[[], Awaitable[None]],
    ) -> None:
        """`deed` is told of everything that the officer does: a session that is left alone ends."""
        self._deed = deed
        self._talks = bool(allowed(officer, "talk.take"))
        self._hub = hub
        self._socket = socket
        self._officer = officer
        self._always = ("desk", "everyone", session_topic)
        self._subscription = hub.bus.subscribe(*self._always)
        self._watched: str | None = None
        self._order = InOrder(lambda of, seq: hub.database(hub.log.after, of, seq))

    async def serve(self) -> None:
        """Run until the officer leaves."""
        if self._talks:  # who only watches is nobody that a citizen could reach
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
            if self._talks:
                self._hub.handoffs.officer_left(self._officer)

    async def _wanted(self, frame: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the officer gets of what the bus brings. Raises StorageUnavailable."""
        if frame["type"] == "queue_changed":
            self._hub.live.spawn(self._send_queue())
            return []
        if frame["type"] == SIGNED_OUT:
            self._hub.live.spawn(close(self._socket, CLOSE_SIGN_IN))
            return []
        if frame is LOOK_AGAIN:
            self._hub.live.spawn(self._send_queue())
            return await self._missed()
        if frame["type"] == RESENT:
            return [self._own_ref(frame["event"])]
        if frame["type"] in ("event", "state") and not self._follows(frame["conversation_id"]):
            return []  # it was on its way when the talk ended for this officer
        if frame["type"] == "event":
            passed = await self._order.pass_on(frame)
            end = end_of_talk(passed)
            if end is not None:
                self._leave(frame["conversation_id"])
            return [self._own_ref(event) for event in passed[:end]]
        return [dict(frame)]

    def _follows(self, conversation_id: str) -> bool:
        return f"conversation.{conversation_id}" in self._subscription.topics

    def _leave(self, conversation_id: str) -> None:
        """The bot has it again: what the citizen says from now on is not for the desk."""
        self._subscription.drop(f"conversation.{conversation_id}")
        self._subscription.drop(f"desk.{conversation_id}")
        if self._watched == conversation_id:
            self._watched = None

    async def _missed(self) -> list[dict[str, Any]]:
        """What the followed conversations have and this socket has not, and how they stand."""
        found: list[dict[str, Any]] = []
        for topic in sorted(self._subscription.topics):
            kind, _, conversation_id = topic.partition(".")
            if kind == "conversation":
                found += [self._own_ref(e) for e in await self._order.missing(conversation_id)]
                now = await self._hub.database(self._hub.log.get, conversation_id)
                found.append(await self._hub.live.state(now))
        return found

    def _own_ref(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        """Give this officer's own ids back as they sent them; hide everybody else's."""
        prefix = f"{STAFF_ID}/{self._officer.username}/"
        ref = frame["ref"] or ""
        own = self._hub.sender_ids.given(ref.removeprefix(prefix)) if ref.startswith(prefix) else None
        return {**frame, "ref": own}

    async def _send_queue(self) -> None:
        try:
            await self._read_and_send_queue()
        except StorageUnavailable:
            await close(self._socket, CLOSE_RESUME)  # it comes again, and is told everything then

    async def _read_and_send_queue(self) -> None:
        database, store = self._hub.database, self._hub.log
        waiting = await database(store.in_mode, Mode.WAITING)
        active = await database(store.in_mode, Mode.AGENT)
        ended = await database(store.ended_for, self._officer.username)
        active = sorted(active, key=lambda c: c.agent_id != self._officer.username)
        held = {c.id for c in active if c.agent_id == self._officer.username}
        others = {c.id for c in active} if allowed(self._officer, "talk.read", "held_by_other") else set()
        if self._watched not in held | {c.id for c in waiting} | others:
            self._watched = None  # another officer took it, or it is over: no longer this one's business
        self._follow(held | ({self._watched} if self._watched else set()))
        frame = wire.QueueFrame(
            waiting=[self._entry(c) for c in waiting],
            active=[self._entry(c) for c in active],
            closed=[self._entry(c) for c in ended if c.mode not in (Mode.WAITING, Mode.AGENT)],
            colleagues=self._colleagues([c.agent_id for c in active]),
        )
        try:
            await send(self._socket, frame.model_dump())
        except (RuntimeError, WebSocketDisconnect):
            return  # the socket closed while the queue was being read

    def _colleagues(self, holders: list[str | None]) -> list[wire.Colleague]:
        others = (one for one in self._hub.live.presence.officers if one[0] != self._officer.username)
        return [
            wire.Colleague(username=username, name=name, talks=holders.count(username))
            for username, name in sorted(others)
        ]

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
        if not allowed(officer, f"desk.{frame.type}"):
            raise Refused("forbidden")
        if isinstance(frame, wire.Ping):
            await send(self._socket, wire.Pong().model_dump())
            return
        await self._deed()
        if isinstance(frame, wire.DeskAccept):
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
                self._subscription.offer({"type": RESENT, "event": stored.frame()})
        elif isinstance(frame, wire.DeskTyping):
            await hub.agent_types(officer, frame.conversation_id)
        elif isinstance(frame, wire.DeskDismiss):
            await hub.dismiss(officer, frame)
            await send(self._socket, wire.DoneFrame(ref=frame.id).model_dump())
        elif isinstance(frame, wire.DeskClose):
            await hub.close(officer, frame.conversation_id, frame.reason)
            await send(self._socket, wire.DoneFrame(ref=frame.id).model_dump())
        else:
            await self._do_beside(frame)

    async def _do_beside(self, frame: Any) -> None:
        """What goes on beside the talk itself: notes, hand-over, checks of a draft."""
        hub, officer = self._hub, self._officer
        if isinstance(frame, wire.DeskNote):
            stored = await hub.note(officer, frame)
            if not stored.fresh:
                self._subscription.offer({"type": RESENT, "event": stored.frame()})
        elif isinstance(frame, wire.DeskTransfer):
            await hub.transfer(officer, frame)
            await send(self._socket, wire.DoneFrame(ref=frame.id).model_dump())
        elif isinstance(frame, wire.DeskCheck):
            warnings = await hub.check(officer, frame)
            told = wire.WarningsFrame(
                conversation_id=frame.conversation_id, ref=frame.id, warnings=warnings
            )
            await send(self._socket, told.model_dump())

    def _watch(self, conversation_id: str) -> None:
        """Hear one more conversation: the one on the officer's screen."""
        self._watched = conversation_id
        self._subscription.add(f"conversation.{conversation_id}")
        self._subscription.add(f"desk.{conversation_id}")

    async def _send_transcript(self, conversation: Conversation, ref: str, after: int = 0) -> None:
        events = await self._hub.database(self._hub.log.after, conversation.id, after)
        if conversation.mode == Mode.BOT:  # an ended talk: what came later is between the citizen and the bot
            events = [e for e in events if e.seq <= conversation.last_seq]
        self._order.has_read(conversation.id, events[-1].seq if events else after)
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
        at_hand = self._hub.assistant.at_hand(conversation.id)
        if at_hand is not None and conversation.mode == Mode.AGENT:
            await send(self._socket, at_hand.model_dump())
