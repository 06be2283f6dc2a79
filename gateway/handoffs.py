"""Reaching a person: the queue, its time limit, accepting, closing, and officers who vanish.

Every step is a compare-and-set in the log with the event that tells it; live timers are made anew
from the log after a restart.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Literal

from gateway import wire
from gateway.bot_turns import HANDOFF_REPLY
from gateway.conversation import Conversation, Mode, ModeConflict, StoredEvent
from gateway.known import known_facts
from gateway.live import Live
from gateway.phrases import Phrases
from gateway.refusals import Refused
from gateway.repeating import ALREADY_WAITING
from gateway.staff import Officer

MESSAGE_REPLY = wire.QuickReply(label="我要留言", say="我要留言")
Outcome = Literal["closed", "left", "expired"]


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
    ) -> None:
        self._live = live
        self._phrases = phrases
        self._wait_limit_s = wait_limit_s
        self._agent_grace_s = agent_grace_s
        self._ended = ended
        self._expiries: dict[str, asyncio.Task[None]] = {}
        self._graces: dict[str, asyncio.Task[None]] = {}

    async def resume(self) -> None:
        """After a restart: waiting citizens keep their clock, officers get their grace time."""
        for conversation in await self._live.database(self._live.log.in_mode, Mode.WAITING):
            waited = time.time() - (conversation.waiting_since or time.time())
            self._arm(conversation.id, max(0.0, self._wait_limit_s - waited))
        for conversation in await self._live.database(self._live.log.in_mode, Mode.AGENT):
            if conversation.agent_id:
                self._officer_gone(conversation.agent_id)

    def stop(self) -> None:
        """Cancel the timers; the log keeps what they stand for."""
        for task in (*self._expiries.values(), *self._graces.values()):
            task.cancel()

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
        self._arm(conversation_id, self._wait_limit_s)
        await self._live.publish_queue()

    async def leave(self, conversation_id: str) -> None:
        """The citizen no longer waits."""
        await self._end(conversation_id, Mode.WAITING, "left", self._phrases.say("ended_left"))

    def _arm(self, conversation_id: str, delay_s: float) -> None:
        self._disarm(conversation_id)
        self._expiries[conversation_id] = self._live.spawn(self._expire(conversation_id, delay_s))

    def _disarm(self, conversation_id: str) -> None:
        task = self._expiries.pop(conversation_id, None)
        if task is not None:
            task.cancel()

    async def _expire(self, conversation_id: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        self._expiries.pop(conversation_id, None)
        minutes = max(1, round(self._wait_limit_s / 60))
        text = self._phrases.say("ended_expired", minutes=minutes)
        if await self._end(conversation_id, Mode.WAITING, "expired", text):
            offer = wire.TextMessage(
                text=self._phrases.say("offer_message"),
                status="handoff_expired",
                replies=[MESSAGE_REPLY, HANDOFF_REPLY],
            )
            await self._live.append(conversation_id, wire.BotSaid(messages=[offer]))

    async def _end(
        self, conversation_id: str, expect: Mode, outcome: Outcome, text: str, holder: str | None = None
    ) -> bool:
        payload = wire.HandoffEnded(text=text, outcome=outcome)
        try:
            moved, stored = await self._live.database(
                self._live.log.move,
                conversation_id,
                expect=expect,
                to=Mode.BOT,
                payload=payload.model_dump(),
                holder=holder,
                outcome=outcome,
            )
        except ModeConflict:
            return False
        self._disarm(conversation_id)
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
        self._disarm(conversation_id)
        await self._tell(moved, stored)
        return moved

    async def close(self, officer: Officer, conversation_id: str) -> None:
        """End the officer's part; the bot takes over. Raises Refused(mode_conflict)."""
        text = self._phrases.say("ended_closed")
        if not await self._end(conversation_id, Mode.AGENT, "closed", text, holder=officer.username):
            raise Refused("mode_conflict")

    def officer_here(self, officer: Officer) -> None:
        """An officer's socket opened."""
        self._live.presence.arrive(officer)
        grace = self._graces.pop(officer.username, None)
        if grace is not None:
            grace.cancel()

    def officer_left(self, officer: Officer) -> None:
        """An officer's socket closed; after the grace time their conversations go back to the queue."""
        if self._live.presence.leave(officer):
            self._officer_gone(officer.username)

    def _officer_gone(self, username: str) -> None:
        if username not in self._graces:
            self._graces[username] = self._live.spawn(self._give_back(username))

    async def _give_back(self, username: str) -> None:
        await asyncio.sleep(self._agent_grace_s)
        self._graces.pop(username, None)
        payload = wire.HandoffEnded(text=self._phrases.say("ended_agent_lost"), outcome="agent_lost")
        for conversation in await self._live.database(self._live.log.in_mode, Mode.AGENT):
            if conversation.agent_id != username:
                continue
            try:
                moved, stored = await self._live.database(
                    self._live.log.move,
                    conversation.id,
                    expect=Mode.AGENT,
                    to=Mode.WAITING,
                    payload=payload.model_dump(),
                    holder=username,
                )
            except ModeConflict:
                continue
            if stored:
                self._live.publish(stored)
            await self._live.publish_state(moved)
            # The citizen has waited once already: the limit counts from now, the place from the beginning.
            self._arm(moved.id, self._wait_limit_s)
        await self._live.publish_queue()
