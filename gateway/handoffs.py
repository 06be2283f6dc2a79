"""Reaching a person: the queue, its time limit, accepting, closing, and officers who vanish.

Every step is a compare-and-set in the log with the event that tells it. There are no timers: `gateway.sweep`
asks every second what time has brought about, so that any gateway can go on where another died.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal

from gateway import wire
from gateway.bot_turns import HANDOFF_REPLY
from gateway.conversation import Conversation, Mode, ModeConflict, StoredEvent
from gateway.known import known_facts
from gateway.live import Live
from gateway.opening_hours import OpeningHours, in_words
from gateway.phrases import Phrases
from gateway.refusals import Refused
from gateway.repeating import ALREADY_WAITING
from gateway.staff import Officer

MESSAGE_REPLY = wire.QuickReply(label="我要留言", say="我要留言")
Outcome = Literal["closed", "left", "expired"]
CloseReason = Literal["", "solved", "citizen_left", "referred", "other"]


class Handoffs:
    """Moves conversations between the bot, the queue and the officers."""

    def __init__(
        self,
        live: Live,
        phrases: Phrases,
        *,
        wait_limit_s: float,
        agent_grace_s: float,
        ended: Callable[[str], None],
        hours: OpeningHours,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._live = live
        self._phrases = phrases
        self._wait_limit_s = wait_limit_s
        self._agent_grace_s = agent_grace_s
        self._ended = ended
        self._hours = hours
        self._clock = clock
        self._missing: dict[str, float] = {}
        """Officers who hold conversations and are at no gateway -> since when this one knows (monotonic)."""

    # ---- the citizen's side

    async def request(self, conversation_id: str, reason: str, facts: Mapping[str, str]) -> None:
        """Move the conversation to the desk queue at once. Asking twice only tells the place again."""
        conversation = await self._live.database(self._live.log.get, conversation_id)
        if conversation.mode == Mode.WAITING:
            place = await self._live.place(conversation)
            text = self._phrases.say("already_waiting", place=place.place)
            again = wire.TextMessage(text=text, status=ALREADY_WAITING)
            await self._live.append(conversation_id, wire.BotSaid(messages=[again]))
            return
        if conversation.mode == Mode.BOT and not self._live.presence.anyone:
            now = self._clock()
            if not self._hours.open_at(now):
                await self._closed_now(conversation_id, now)
                return
        said = await self._live.database(self._live.log.after, conversation_id, 0)
        shown = known_facts(said, self._phrases)
        waiting = await self._live.database(self._live.log.in_mode, Mode.WAITING)
        key = "queued" if self._live.presence.anyone else "queued_nobody_online"
        payload = wire.HandoffRequested(text=self._phrases.say(key, place=len(waiting) + 1), reason=reason)
        try:
            _, stored = await self._live.database(
                self._live.log.move,
                conversation_id,
                expect=Mode.BOT,
                to=Mode.WAITING,
                payload=payload.model_dump(),
                reason=reason,
                facts={**shown, **facts},
            )
        except ModeConflict:
            return  # an officer already holds it: that is what was asked for
        if stored:
            self._live.publish(stored)
        await self._live.publish_queue()

    async def _closed_now(self, conversation_id: str, now: datetime) -> None:
        """Nobody is there and nobody will be until the next session: say when, and take a message."""
        opens = self._hours.next_opening(now)
        key = "closed_until" if opens else "closed_now"
        text = self._phrases.say(key, opens=in_words(opens, now) if opens else "")
        message = wire.TextMessage(text=text, status="handoff_closed", replies=[MESSAGE_REPLY])
        await self._live.append(conversation_id, wire.BotSaid(messages=[message]))

    async def leave(self, conversation_id: str) -> None:
        """The citizen no longer waits."""
        await self._end(conversation_id, Mode.WAITING, "left", self._phrases.say("ended_left"))

    async def expire(self) -> None:
        """End the waits that are over. Every gateway may call it at any time. Raises StorageUnavailable."""
        since = self._live.log.now() - self._wait_limit_s
        for conversation_id in await self._live.database(self._live.log.waited_out, since):
            await self._expire(conversation_id, since)

    async def _expire(self, conversation_id: str, since: float) -> None:
        minutes = max(1, round(self._wait_limit_s / 60))
        text = self._phrases.say("ended_expired", minutes=minutes)
        if await self._end(conversation_id, Mode.WAITING, "expired", text, waited_since=since):
            offer = wire.TextMessage(
                text=self._phrases.say("offer_message"),
                status="handoff_expired",
                replies=[MESSAGE_REPLY, HANDOFF_REPLY],
            )
            await self._live.append(conversation_id, wire.BotSaid(messages=[offer]))

    async def _end(
        self,
        conversation_id: str,
        expect: Mode,
        outcome: Outcome,
        text: str,
        holder: str | None = None,
        reason: CloseReason = "",
        waited_since: float | None = None,
    ) -> bool:
        payload = wire.HandoffEnded(text=text, outcome=outcome, reason=reason)
        try:
            moved, stored = await self._live.database(
                self._live.log.move,
                conversation_id,
                expect=expect,
                to=Mode.BOT,
                payload=payload.model_dump(),
                holder=holder,
                outcome=outcome,
                waited_since=waited_since,
            )
        except ModeConflict:
            return False
        self._ended(conversation_id)
        await self._tell(moved, stored)
        return True

    async def _tell(self, moved: Conversation, stored: StoredEvent | None) -> None:
        """A conversation has moved: its readers, the desks and everyone who waits hear of it."""
        if stored:
            self._live.publish(stored)
        await self._live.publish_state(moved)
        await self._live.publish_queue()

    # ---- the officer's side

    async def accept(self, officer: Officer, conversation_id: str) -> Conversation:
        """Take a waiting conversation. Raises Refused(mode_conflict) when someone was faster."""
        text = self._phrases.say("accepted", name=officer.name)
        payload = wire.HandoffAccepted(text=text, agent_name=officer.name)
        try:
            moved, stored = await self._live.database(
                self._live.log.move,
                conversation_id,
                expect=Mode.WAITING,
                to=Mode.AGENT,
                payload=payload.model_dump(),
                agent_id=officer.username,
            )
        except ModeConflict as conflict:
            raise Refused("mode_conflict") from conflict
        await self._tell(moved, stored)
        return moved

    async def close(self, officer: Officer, conversation_id: str, reason: CloseReason = "solved") -> None:
        """End the officer's part; the bot takes over. Raises Refused(mode_conflict)."""
        text = self._phrases.say("ended_closed")
        if not await self._end(
            conversation_id, Mode.AGENT, "closed", text, holder=officer.username, reason=reason
        ):
            raise Refused("mode_conflict")

    async def transfer(self, officer: Officer, conversation_id: str, to: str) -> None:
        """Hand the conversation to a colleague who is there, or (`to` empty) back to the queue's front.

        Raises Refused(not_found) when the colleague is not there, Refused(mode_conflict) when it was moved.
        """
        if to and (to == officer.username or not self._live.presence.here(to)):
            raise Refused("not_found", "to")
        name = self._live.presence.name(to) or to
        payload: wire.Wire = wire.HandoffEnded(
            text=self._phrases.say("transferred_queue"), outcome="transferred"
        )
        if to:
            payload = wire.HandoffAccepted(
                text=self._phrases.say("transferred_to", name=name), agent_name=name
            )
        try:
            moved, stored = await self._live.database(
                self._live.log.move,
                conversation_id,
                expect=Mode.AGENT,
                to=Mode.AGENT if to else Mode.WAITING,
                payload=payload.model_dump(),
                agent_id=to or None,
                holder=officer.username,
            )
        except ModeConflict as conflict:
            raise Refused("mode_conflict") from conflict
        await self._tell(moved, stored)

    def officer_here(self, officer: Officer) -> None:
        """An officer's socket opened."""
        self._live.presence.arrive(officer)
        self._missing.pop(officer.username, None)
        self._live.bus.publish("desk", {"type": "queue_changed"})  # colleagues see who is there

    def officer_left(self, officer: Officer) -> None:
        """An officer's socket closed; after the grace time their conversations go back to the queue."""
        if self._live.presence.leave(officer):
            self._missing.setdefault(officer.username, time.monotonic())
            self._live.bus.publish("desk", {"type": "queue_changed"})

    async def give_back(self) -> None:
        """Return what officers hold who have been at no gateway for the grace time.

        Every gateway may call it at any time, and counts the time by itself: after a restart, or the death of
        the gateway an officer was at, officers have their whole grace time. Raises StorageUnavailable.
        """
        now = time.monotonic()
        held = await self._live.database(self._live.log.in_mode, Mode.AGENT)
        missing = {c.agent_id for c in held if c.agent_id and not self._live.presence.here(c.agent_id)}
        self._missing = {username: self._missing.get(username, now) for username in missing}
        lost = {name for name, since in self._missing.items() if now - since >= self._agent_grace_s}
        returned = [await self._return(c) for c in held if c.agent_id in lost]
        if any(returned):
            await self._live.publish_queue()

    async def _return(self, conversation: Conversation) -> bool:
        payload = wire.HandoffEnded(text=self._phrases.say("ended_agent_lost"), outcome="agent_lost")
        try:
            # The citizen has waited once already: the limit counts from now, the place from the beginning.
            moved, stored = await self._live.database(
                self._live.log.move,
                conversation.id,
                expect=Mode.AGENT,
                to=Mode.WAITING,
                payload=payload.model_dump(),
                holder=conversation.agent_id,
            )
        except ModeConflict:
            return False
        if stored:
            self._live.publish(stored)
        await self._live.publish_state(moved)
        return True
