"""The use cases: a citizen said something, asks for a person; an officer accepts, speaks, closes.

The hub owns nothing but live state (who is connected, timers, running turns); what was said and who is
speaking is in the log. Order per conversation: store, publish, then let the bot or the desk react.
"""

from __future__ import annotations

import asyncio
import logging
import math
import statistics
import time
import unicodedata
import uuid
from collections import defaultdict
from collections.abc import Coroutine, Mapping
from typing import Any

from gateway import wire
from gateway.bus import Bus
from gateway.conversation import Conversation, Mode, ModeConflict, StoredEvent
from gateway.dialogue import Dialogue, DialogueSilent, DialogueUnavailable
from gateway.knowledge_client import Knowledge, KnowledgeUnavailable
from gateway.log import ConversationLog
from gateway.masking import mask
from gateway.phrases import Phrases
from gateway.presence import Presence
from gateway.settings import GatewaySettings
from gateway.staff import Officer
from gateway.store import DatabaseThread

log = logging.getLogger(__name__)

HANDOFF_REPLY = wire.QuickReply(label="转人工", action="handoff")
MESSAGE_REPLY = wire.QuickReply(label="我要留言", say="我要留言")
ASKS_FOR_PERSON = frozenset({"转人工", "人工", "人工客服", "人工服务", "找人工", "我要转人工"})
"""Recognised here as well, so that a person can be reached while Rasa is down."""
STAFF_ID = "staff"
"""Prefix of officers' client ids: holds a slash, which no citizen's id can, so the two never collide."""
RASA_INTENTS = {"open_guide": "open_guide", "set_fact": "set_fact", "rate": "rate_service", "cancel_booking": "cancel_booking"}
"""Structured acts -> the intent that Rasa receives; nothing else of a citizen ever begins with a slash."""


class Refused(Exception):
    """A command that cannot be done; `code` is one of `gateway.wire.ErrorFrame.code`."""

    def __init__(self, code: str, field: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.field = field


def clean(text: str) -> str:
    """NFKC, no control or invisible format characters, trimmed. Raises Refused when empty or too long."""
    if len(text) > wire.FRAME_LIMIT:
        raise Refused("text_too_long", "text")
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if c == "\n" or unicodedata.category(c)[0] != "C").strip()
    if not text:
        raise Refused("text_empty", "text")
    if len(text) > wire.TEXT_LIMIT:
        raise Refused("text_too_long", "text")
    return text


class Hub:
    """All use cases of the gateway. One per process."""

    def __init__(
        self,
        settings: GatewaySettings,
        conversation_log: ConversationLog,
        database: DatabaseThread,
        dialogue: Dialogue,
        knowledge: Knowledge,
        phrases: Phrases,
    ) -> None:
        self.settings = settings
        self.log = conversation_log
        self.database = database
        self.dialogue = dialogue
        self.knowledge = knowledge
        self.phrases = phrases
        self.bus = Bus()
        self.presence = Presence()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._in_flight = asyncio.Semaphore(settings.turns_in_flight)
        self._thinking: set[str] = set()
        self._suggesting: dict[str, asyncio.Task[None]] = {}
        self._offered: dict[str, tuple[str, ...]] = {}
        self._expiries: dict[str, asyncio.Task[None]] = {}
        self._graces: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------------ life

    async def start(self) -> None:
        """Pick up what a crash left: unanswered messages, waiting citizens, officers who are gone."""
        for conversation_id, seq in await self.database(self.log.unanswered):
            await self._bot_failed(conversation_id, "bot_interrupted", "error_interrupted", seq)
        for conversation in await self.database(self.log.in_mode, Mode.WAITING):
            self._arm_expiry(conversation)
        for conversation in await self.database(self.log.in_mode, Mode.AGENT):
            if conversation.agent_id:
                self.officer_gone(conversation.agent_id)

    async def stop(self) -> None:
        """Let running turns finish (their words are already stored), then cancel the timers."""
        timers = [*self._expiries.values(), *self._graces.values(), *self._suggesting.values()]
        for task in timers:
            task.cancel()
        turns = [t for t in self._tasks if t not in timers]
        if turns:
            await asyncio.wait(turns, timeout=self.settings.dialogue_deadline_s)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("background task failed", exc_info=task.exception())

    # ------------------------------------------------------------------ publishing

    async def append(
        self,
        conversation_id: str,
        payload: wire.Wire,
        *,
        client_id: str | None = None,
        facts: dict[str, str] | None = None,
    ) -> StoredEvent:
        """Store an event, then tell everyone who listens."""
        stored = await self.database(
            self.log.append, conversation_id, payload.model_dump(), client_id=client_id, facts=facts
        )
        self._publish(stored)
        return stored

    def _publish(self, stored: StoredEvent) -> None:
        # A resent frame is published again on purpose: its sender waits for the acknowledgement,
        # and readers drop sequence numbers they have seen.
        self.bus.publish(f"conversation.{stored.conversation_id}", stored.frame())

    async def publish_state(self, conversation: Conversation) -> None:
        """Send the live state of one conversation to its readers."""
        self.bus.publish(f"conversation.{conversation.id}", await self.state(conversation))

    async def publish_queue(self) -> None:
        """Tell the desks that the queue changed, and every waiting citizen their new place."""
        self.bus.publish("desk", {"type": "queue_changed"})
        for waiting in await self.database(self.log.in_mode, Mode.WAITING):
            await self.publish_state(waiting)

    async def state(self, conversation: Conversation, *, desk: bool = False) -> dict[str, Any]:
        """Return a `gateway.wire.StateFrame` as a dict."""
        queue = None
        if conversation.mode == Mode.WAITING and conversation.waiting_since is not None:
            queue = await self._place(conversation)
        frame = wire.StateFrame(
            conversation_id=conversation.id,
            mode=conversation.mode.value,
            queue=queue,
            agent_name=self.presence.name(conversation.agent_id),
            thinking=conversation.id in self._thinking,
            last_seq=conversation.last_seq,
        )
        return frame.model_dump()

    async def _place(self, conversation: Conversation) -> wire.QueuePlace:
        waiting = await self.database(self.log.in_mode, Mode.WAITING)
        place = 1 + next((i for i, c in enumerate(waiting) if c.id == conversation.id), len(waiting) - 1)
        waits = await self.database(self.log.recent_waits)
        minutes = None
        if len(waits) >= 3:
            minutes = max(1, math.ceil(statistics.median(waits) * place / 60))
        waited = int(time.time() - (conversation.waiting_since or time.time()))
        return wire.QueuePlace(place=place, waited_s=max(0, waited), minutes=minutes)

    # ------------------------------------------------------------------ the citizen

    async def begin(self, channel: str) -> tuple[Conversation, str]:
        """Start a conversation with the greeting; returns it with its secret."""
        conversation, secret = await self.database(self.log.create, channel)
        greeting = wire.TextMessage(text=self.phrases.say("greeting"), status="greeting")
        await self.append(conversation.id, wire.BotSaid(messages=[greeting]))
        return await self.database(self.log.get, conversation.id), secret

    async def citizen_said(self, conversation_id: str, text: str, client_id: str) -> None:
        """Store what the citizen said, then let the bot answer or the officer read. Raises Refused."""
        text = clean(text)
        stored = await self.append(conversation_id, wire.CitizenSaid(text=mask(text)), client_id=client_id)
        if not stored.fresh:
            return
        conversation = await self.database(self.log.get, conversation_id)
        if conversation.mode == Mode.BOT:
            if text.strip("。！!. ") in ASKS_FOR_PERSON:
                await self.request_handoff(conversation_id, "asked", conversation.facts)
            else:
                self._spawn(self._bot_turn(conversation, text.lstrip("/ \n"), stored.seq, {}))
        else:
            self.bus.publish("desk", {"type": "queue_changed"})
            if conversation.mode == Mode.AGENT:
                self._suggest(conversation, text, stored.seq, draft=False)

    async def citizen_acted(self, conversation_id: str, act: wire.Act) -> None:
        """A structured choice. Raises Refused."""
        stored = await self.append(
            conversation_id, wire.CitizenSaid(text=mask(clean(act.label))), client_id=act.id
        )
        if not stored.fresh:
            return
        conversation = await self.database(self.log.get, conversation_id)
        if act.action == "handoff":
            await self.request_handoff(conversation_id, "asked", conversation.facts)
        elif act.action == "leave_queue":
            await self.leave_queue(conversation_id)
        else:
            if act.action == "rate" and not await self._was_offered(conversation_id, act.args.get("subject")):
                raise Refused("not_found", "args.subject")
            self._spawn(
                self._bot_turn(conversation, f"/{RASA_INTENTS[act.action]}", stored.seq, dict(act.args))
            )

    async def _was_offered(self, conversation_id: str, subject: Any) -> bool:
        """True if this conversation was itself asked to rate `subject`: nobody rates another's service."""
        for stored in await self.database(self.log.after, conversation_id, 0):
            messages = stored.payload.get("messages") if stored.kind == "bot_said" else None
            for message in messages or []:  # type: ignore[union-attr, attr-defined]
                if message.get("kind") == "rating" and message.get("subject") == subject:
                    return True
        return False

    async def citizen_types(self, conversation_id: str, draft: str) -> None:
        """Tell the officer; prepare suggestions from the draft. The draft itself is not passed on."""
        conversation = await self.database(self.log.get, conversation_id)
        if conversation.mode != Mode.AGENT:
            return
        state = await self.state(conversation)
        self.bus.publish(f"desk.{conversation_id}", {**state, "citizen_typing": True})
        if len(draft.strip()) >= 4:
            self._suggest(conversation, draft, conversation.last_seq, draft=True)

    # ------------------------------------------------------------------ the bot

    async def _bot_turn(self, conversation: Conversation, text: str, seq: int, args: Mapping[str, Any]) -> None:
        async with self._turns[conversation.id], self._in_flight:
            now = await self.database(self.log.get, conversation.id)
            if now.mode != Mode.BOT:
                return  # a person was reached while this waited: the bot is silent
            if not text:
                prompt = wire.TextMessage(text=self.phrases.say("nothing_left"), status="nothing_said")
                await self.append(conversation.id, wire.BotSaid(messages=[prompt], reply_to=seq))
                return
            await self._think(now, True)
            try:
                messages = await self.dialogue.respond(
                    conversation.id,
                    text,
                    channel=conversation.channel,
                    message_id=f"{conversation.id}:{seq}",
                    args=args,
                )
            except DialogueUnavailable as error:
                log.error("conversation=%s dialogue unavailable: %s", conversation.id, error)
                await self._bot_failed(conversation.id, "bot_unavailable", "error_bot_unavailable", seq)
                return
            except DialogueSilent:
                log.error("conversation=%s dialogue silent", conversation.id)
                await self._bot_failed(conversation.id, "bot_silent", "error_bot_silent", seq)
                return
            finally:
                await self._think(now, False)
            handoff = next((m for m in messages if isinstance(m, wire.HandoffMessage)), None)
            spoken = [m for m in messages if not isinstance(m, wire.HandoffMessage)]
            latest = await self.database(self.log.get, conversation.id)
            if spoken and latest.mode == Mode.BOT:
                await self.append(conversation.id, wire.BotSaid(messages=spoken, reply_to=seq))
            if handoff is not None:
                await self.request_handoff(conversation.id, handoff.reason, handoff.summary)

    async def _think(self, conversation: Conversation, on: bool) -> None:
        if on:
            self._thinking.add(conversation.id)
        else:
            self._thinking.discard(conversation.id)
        await self.publish_state(conversation)

    async def _bot_failed(self, conversation_id: str, phrase: str, status: str, seq: int) -> None:
        message = wire.FailureMessage(text=self.phrases.say(phrase), status=status, replies=[HANDOFF_REPLY])
        await self.append(conversation_id, wire.BotSaid(messages=[message], reply_to=seq))

    # ------------------------------------------------------------------ reaching a person

    async def request_handoff(self, conversation_id: str, reason: str, facts: Mapping[str, str]) -> None:
        """Move the conversation to the desk queue at once. Asking twice only tells the place again."""
        conversation = await self.database(self.log.get, conversation_id)
        if conversation.mode == Mode.WAITING:
            place = await self._place(conversation)
            again = wire.TextMessage(text=self.phrases.say("already_waiting", place=place.place))
            await self.append(conversation_id, wire.BotSaid(messages=[again]))
            return
        waiting = await self.database(self.log.in_mode, Mode.WAITING)
        key = "queued" if self.presence.anyone else "queued_nobody_online"
        text = self.phrases.say(key, place=len(waiting) + 1)
        payload = wire.HandoffRequested(text=text, reason=reason)
        try:
            moved, stored = await self.database(
                self.log.move,
                conversation_id,
                expect=Mode.BOT,
                to=Mode.WAITING,
                payload=payload.model_dump(),
                reason=reason,
                facts={**conversation.facts, **facts},
            )
        except ModeConflict:
            return  # an officer already holds it: that is what was asked for
        if stored:
            self._publish(stored)
        self._arm_expiry(moved)
        await self.publish_queue()

    async def leave_queue(self, conversation_id: str) -> None:
        """The citizen no longer waits."""
        await self._end(conversation_id, Mode.WAITING, "left", self.phrases.say("ended_left"))

    def _arm_expiry(self, conversation: Conversation) -> None:
        waited = time.time() - (conversation.waiting_since or time.time())
        self._cancel_expiry(conversation.id)
        delay = max(0.0, self.settings.wait_limit_s - waited)
        self._expiries[conversation.id] = self._spawn(self._expire(conversation.id, delay))

    def _cancel_expiry(self, conversation_id: str) -> None:
        task = self._expiries.pop(conversation_id, None)
        if task is not None:
            task.cancel()

    async def _expire(self, conversation_id: str, delay: float) -> None:
        await asyncio.sleep(delay)
        self._expiries.pop(conversation_id, None)
        minutes = max(1, round(self.settings.wait_limit_s / 60))
        text = self.phrases.say("ended_expired", minutes=minutes)
        if await self._end(conversation_id, Mode.WAITING, "expired", text):
            offer = wire.TextMessage(
                text=self.phrases.say("offer_message"),
                status="handoff_expired",
                replies=[MESSAGE_REPLY, HANDOFF_REPLY],
            )
            await self.append(conversation_id, wire.BotSaid(messages=[offer]))

    async def _end(
        self, conversation_id: str, expect: Mode, outcome: Any, text: str, holder: str | None = None
    ) -> bool:
        payload = wire.HandoffEnded(text=text, outcome=outcome)
        try:
            moved, stored = await self.database(
                self.log.move,
                conversation_id,
                expect=expect,
                to=Mode.BOT,
                payload=payload.model_dump(),
                holder=holder,
                outcome=outcome,
            )
        except ModeConflict:
            return False
        self._cancel_expiry(conversation_id)
        self._offered.pop(conversation_id, None)
        if stored:
            self._publish(stored)
        await self.publish_state(moved)
        await self.publish_queue()
        return True

    # ------------------------------------------------------------------ the officer

    async def accept(self, officer: Officer, conversation_id: str) -> Conversation:
        """Take a waiting conversation. Raises Refused(mode_conflict) when someone was faster."""
        payload = wire.HandoffAccepted(
            text=self.phrases.say("accepted", name=officer.name), agent_name=officer.name
        )
        try:
            moved, stored = await self.database(
                self.log.move,
                conversation_id,
                expect=Mode.WAITING,
                to=Mode.AGENT,
                payload=payload.model_dump(),
                agent_id=officer.username,
            )
        except ModeConflict as conflict:
            raise Refused("mode_conflict") from conflict
        self._cancel_expiry(conversation_id)
        if stored:
            self._publish(stored)
        await self.publish_state(moved)
        await self.publish_queue()
        self._spawn(self._first_suggestion(moved))
        return moved

    async def _first_suggestion(self, conversation: Conversation) -> None:
        said = [
            e
            for e in await self.database(self.log.after, conversation.id, 0)
            if e.kind == "citizen_said" and str(e.payload["text"]) not in ASKS_FOR_PERSON
        ]
        if said:
            self._suggest(conversation, str(said[-1].payload["text"]), said[-1].seq, draft=False)

    async def held(self, officer: Officer, conversation_id: str) -> Conversation:
        """The only door to a conversation for writing. Raises Refused(not_yours)."""
        conversation = await self.database(self.log.get, conversation_id)
        if conversation.mode != Mode.AGENT or conversation.agent_id != officer.username:
            raise Refused("not_yours")
        return conversation

    async def readable(self, officer: Officer, conversation_id: str) -> Conversation:
        """The only door for reading: waiting ones, one's own, and those one has just ended."""
        conversation = await self.database(self.log.get, conversation_id)
        if conversation.mode == Mode.WAITING or conversation.agent_id == officer.username:
            return conversation
        ended = await self.database(self.log.ended_for, officer.username)
        if any(c.id == conversation_id for c in ended):
            return conversation
        raise Refused("not_yours")

    async def agent_said(self, officer: Officer, say: wire.DeskSay) -> None:
        """The officer's words go straight to the citizen. Raises Refused."""
        text = clean(say.text)
        conversation = await self.held(officer, say.conversation_id)
        source = ""
        if say.suggestion_id:
            source = await self._source(say.conversation_id, say.suggestion_id)
        stored = await self.append(
            say.conversation_id,
            wire.AgentSaid(text=mask(text), agent_name=officer.name, source=source),
            client_id=f"{STAFF_ID}/{officer.username}/{say.id}",
        )
        if not stored.fresh:
            return
        if conversation.handoff_id is not None:
            await self.database(self.log.note_first_reply, conversation.handoff_id)
        if say.suggestion_id:
            await self.append(
                say.conversation_id,
                wire.SuggestionUsed(
                    suggestion_id=say.suggestion_id, outcome="edited" if say.edited else "sent"
                ),
            )

    async def _source(self, conversation_id: str, suggestion_id: str) -> str:
        for stored in reversed(await self.database(self.log.after, conversation_id, 0)):
            if stored.kind == "suggestion_offered":
                for suggestion in stored.payload["suggestions"]:  # type: ignore[attr-defined]
                    if suggestion["suggestion_id"] == suggestion_id:
                        return str(suggestion["source"])
        raise Refused("not_found", "suggestion_id")

    async def dismiss(self, officer: Officer, frame: wire.DeskDismiss) -> None:
        """Record that a suggestion did not fit."""
        await self.held(officer, frame.conversation_id)
        await self.append(
            frame.conversation_id,
            wire.SuggestionUsed(suggestion_id=frame.suggestion_id, outcome="dismissed", reason=frame.reason),
        )

    async def close(self, officer: Officer, conversation_id: str) -> None:
        """End the officer's part; the bot takes over and asks for a rating. Raises Refused."""
        conversation = await self.held(officer, conversation_id)
        text = self.phrases.say("ended_closed")
        if not await self._end(conversation_id, Mode.AGENT, "closed", text, holder=officer.username):
            raise Refused("mode_conflict")
        self._spawn(
            self._bot_turn_rating(conversation, f"handoff:{conversation.handoff_id}")
        )

    async def _bot_turn_rating(self, conversation: Conversation, subject: str) -> None:
        """Ask Rasa for the rating form of this hand-off; without Rasa there is no rating, only the log line."""
        try:
            messages = await self.dialogue.respond(
                conversation.id,
                "/rate_service",
                channel=conversation.channel,
                message_id=f"{conversation.id}:{subject}",
                args={"subject": subject},
            )
        except (DialogueUnavailable, DialogueSilent) as error:
            log.error("conversation=%s no rating asked: %s", conversation.id, error)
            return
        spoken = [m for m in messages if not isinstance(m, wire.HandoffMessage)]
        if spoken:
            await self.append(conversation.id, wire.BotSaid(messages=spoken))

    async def agent_types(self, officer: Officer, conversation_id: str) -> None:
        """Show the citizen that the officer is writing."""
        conversation = await self.held(officer, conversation_id)
        state = await self.state(conversation)
        self.bus.publish(f"conversation.{conversation_id}", {**state, "agent_typing": True})

    def officer_here(self, officer: Officer) -> None:
        """An officer's socket opened."""
        self.presence.arrive(officer)
        grace = self._graces.pop(officer.username, None)
        if grace is not None:
            grace.cancel()

    def officer_left(self, officer: Officer) -> None:
        """An officer's socket closed; after the grace time their conversations go back to the queue."""
        if self.presence.leave(officer):
            self.officer_gone(officer.username)

    def officer_gone(self, username: str) -> None:
        """Start the grace time of an officer who is not connected."""
        if username not in self._graces:
            self._graces[username] = self._spawn(self._give_back(username))

    async def _give_back(self, username: str) -> None:
        await asyncio.sleep(self.settings.agent_grace_s)
        self._graces.pop(username, None)
        for conversation in await self.database(self.log.in_mode, Mode.AGENT):
            if conversation.agent_id != username:
                continue
            payload = wire.HandoffEnded(text=self.phrases.say("ended_agent_lost"), outcome="agent_lost")
            try:
                moved, stored = await self.database(
                    self.log.move,
                    conversation.id,
                    expect=Mode.AGENT,
                    to=Mode.WAITING,
                    payload=payload.model_dump(),
                    holder=username,
                )
            except ModeConflict:
                continue
            if stored:
                self._publish(stored)
            await self.publish_state(moved)
            # The citizen has waited once already: the limit counts from now, the place from the beginning.
            self._cancel_expiry(moved.id)
            self._expiries[moved.id] = self._spawn(self._expire(moved.id, self.settings.wait_limit_s))
        await self.publish_queue()

    # ------------------------------------------------------------------ suggestions

    def _suggest(self, conversation: Conversation, text: str, seq: int, *, draft: bool) -> None:
        """Start (or restart: the latest words win) the search for suggested answers."""
        running = self._suggesting.pop(conversation.id, None)
        if running is not None:
            running.cancel()
        self._suggesting[conversation.id] = self._spawn(self._find(conversation, text, seq, draft))

    async def _find(self, conversation: Conversation, text: str, seq: int, draft: bool) -> None:
        try:
            found = await self.knowledge.suggest(text, guide_id=None, k=3)
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
        await self.append(
            conversation.id, wire.SuggestionOffered(for_seq=seq, draft=draft, suggestions=suggestions)
        )
