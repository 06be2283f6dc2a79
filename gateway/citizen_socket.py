"""The citizen's socket: subscribe, replay what is missing, then live in both directions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import WebSocket

from gateway import wire
from gateway.access import CITIZEN_HERE, allowed
from gateway.bus import LOOK_AGAIN
from gateway.commands import carry_out
from gateway.continuing import REVOKED
from gateway.conversation import Conversation, StoredEvent
from gateway.errors import error_frame, ref_of
from gateway.hub import Hub
from gateway.in_order import InOrder
from gateway.own_words import SHOWN, OwnScreen, topic
from gateway.refusals import Refused
from gateway.sockets import CLOSE_SIGN_IN, close, frames, send, stop, write

log = logging.getLogger(__name__)
RESENT = "resent"
"""Inner frame type: an event that its sender asked for again."""


def shown_to_citizen(frame: Mapping[str, Any]) -> dict[str, Any] | None:
    """Allow-list: desk-only events never pass, whatever new kinds are added."""
    if frame["type"] == "event" and frame["payload"]["kind"] not in wire.CITIZEN_KINDS:
        return None
    if frame["type"] not in {"event", "state", "bye", "notice"}:
        return None
    return dict(frame)


class CitizenSocket:
    """Serves one connection of one conversation."""

    def __init__(
        self,
        hub: Hub,
        socket: WebSocket,
        conversation: Conversation,
        session: str = "",
        *,
        by_key: bool = False,
    ) -> None:
        """
        Args:
            hub: the use cases.
            socket: accepted.
            conversation: let in.
            session: token of who is signed in in this browser; it may be over at any time.
            by_key: this is another device than the first.

        """
        self._hub = hub
        self._by_key = by_key
        self._session = session
        self._socket = socket
        self._id = conversation.id
        self._order = InOrder(lambda of, seq: hub.database(hub.log.after, of, seq))
        self._own = OwnScreen(hub.live.own, self._id)
        self._subscription = hub.bus.subscribe(f"conversation.{self._id}", topic(self._id), "everyone")

    async def serve(self, after: int) -> None:
        """Run until the citizen leaves. Subscribing before reading the log leaves no gap."""
        try:
            conversation = await self._hub.database(self._hub.log.get, self._id)
            # A position beyond the end is of another conversation: nothing is known of this one then.
            self._order.was_sent(self._id, after if after <= conversation.last_seq else 0)
            for event in await self._order.missing(self._id):
                frame = self._shown(event)
                if frame is not None:
                    await send(self._socket, frame)
            await send(self._socket, await self._hub.live.state(conversation))
            if self._hub.board.notice:
                await send(self._socket, wire.NoticeFrame(text=self._hub.board.notice).model_dump())
            writer = asyncio.create_task(write(self._socket, self._subscription, self._to_send))
            try:
                async for frame in frames(self._socket):
                    await self._received(frame)
            finally:
                await stop(writer)
        finally:
            self._subscription.close()

    async def _to_send(self, frame: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the citizen gets of what the bus brings. Raises StorageUnavailable."""
        if frame is LOOK_AGAIN:
            missed = [self._shown(event) for event in await self._order.missing(self._id)]
            now = await self._hub.database(self._hub.log.get, self._id)
            return [one for one in missed if one] + [await self._hub.live.state(now)]
        if frame["type"] == REVOKED and self._by_key:
            await close(self._socket, CLOSE_SIGN_IN)
            return []
        if frame["type"] == SHOWN:
            self._own.hears(frame)
            return []
        if frame["type"] == RESENT:
            event = frame["event"]
            if event["seq"] <= self._order.sent(self._id):
                shown = self._shown(event)
                return [shown] if shown is not None else []
            frame = event  # another gateway stored it, and this one has not heard of it yet
        if frame["type"] != "event":
            shown = shown_to_citizen(frame)
            return [shown] if shown is not None else []
        events = await self._order.pass_on(frame)
        return [one for one in map(self._shown, events) if one]

    def _shown(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        shown = shown_to_citizen(event)
        if shown is None:
            return None
        own = shown["payload"]["kind"] == "citizen_said"
        ref = self._hub.sender_ids.given(shown["ref"]) if own and shown["ref"] else None
        # Other people's ids are none of the citizen's business.
        return self._own.shows({**shown, "ref": ref})

    def _acknowledge(self, stored: StoredEvent) -> None:
        """Answer a resent frame with its first event, on this socket alone and after what is under way."""
        if not stored.fresh:
            self._subscription.offer({"type": RESENT, "event": stored.frame()})

    async def _received(self, frame: Any) -> None:
        fault = await carry_out(frame, wire.citizen_frame, self._do, f"conversation={self._id}")
        if fault is not None:
            code, field = fault
            self._hub.metrics.refused.labels(code).inc()
            await send(self._socket, error_frame(self._hub.phrases, code, ref=ref_of(frame), field=field))

    async def _do(self, frame: wire.Say | wire.Act | wire.Typing | wire.Ping) -> None:
        if not allowed(CITIZEN_HERE, f"citizen.{frame.type}"):
            raise Refused("forbidden")
        if isinstance(frame, wire.Ping):
            await send(self._socket, wire.Pong().model_dump())
        elif isinstance(frame, wire.Typing):
            if await self._hub.typing_limits.allow(self._id):
                await self._hub.citizen_types(self._id, frame.draft)
        elif not await self._hub.message_limits.allow(self._id):
            raise Refused("rate_limited")
        elif isinstance(frame, wire.Say):
            self._acknowledge(await self._hub.citizen_said(self._id, frame.text, frame.id, self._session))
        else:
            self._acknowledge(await self._hub.citizen_acted(self._id, frame, self._session))
