"""The use cases of the gateway, for both sockets: what a citizen and what an officer can do.

Order in each: store, publish, then let the bot or the desk react. The hub owns only live parts; what was
said and who is speaking is in the log.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from gateway import wire
from gateway.access import allowed, relation
from gateway.act_args import cleaned
from gateway.assistant import Assistant
from gateway.bare_answers import hide
from gateway.bot_turns import BotTurns
from gateway.characters import normal
from gateway.continuing import Continuing
from gateway.conversation import Conversation, Mode, StoredEvent
from gateway.dialogue import Dialogue
from gateway.direct import DirectAnswers
from gateway.handoffs import CloseReason, Handoffs
from gateway.identity import Identity, with_identity
from gateway.knowledge_client import Knowledge
from gateway.live import Live
from gateway.log import ConversationLog
from gateway.masking import mask
from gateway.metrics import Metrics
from gateway.opening_hours import OpeningHours
from gateway.oversight import Oversight
from gateway.phrases import Phrases
from gateway.refusals import Refused, clean, for_dialogue
from gateway.registry import Registry
from gateway.sender_ids import SenderIds
from gateway.settings import GatewaySettings
from gateway.shared import Shared
from gateway.staff import Officer
from gateway.store import DatabaseThread
from gateway.suggester import Suggester
from gateway.sweep import Sweep
from gateway.switches import Board, SwitchWatch

ASKS_FOR_PERSON = frozenset({"转人工", "人工", "人工客服", "人工服务", "找人工", "我要转人工"})
"""Recognised here as well, so that a person can be reached while Rasa is down."""
TYPING_PER_MINUTE = 120
"""Per conversation; a quick typist's page sends 86 a minute. More are dropped silently."""
JOINS_PER_ADDRESS, JOINS_PER_MINUTE = 15, 60
"""Codes of other devices that may be tried in a minute, a third of it at once; from one address, from all."""
STAFF_ID = "staff"
"""Prefix of officers' client ids: holds a slash, which no citizen's id can, so the two never collide."""
RASA_INTENTS = {
    "open_guide": "open_guide",
    "set_fact": "set_fact",
    "rate": "rate_service",
    "cancel_booking": "cancel_booking",
}
"""Structured acts -> the intent that Rasa receives; nothing else of a citizen's begins with a slash."""


class Hub:
    """All use cases. One per process."""

    def __init__(
        self,
        settings: GatewaySettings,
        conversation_log: ConversationLog,
        database: DatabaseThread,
        dialogue: Dialogue,
        knowledge: Knowledge,
        phrases: Phrases,
        switches: SwitchWatch | None = None,
        direct: DirectAnswers | None = None,
        shared: Shared | None = None,
    ) -> None:
        self.settings = settings
        self.switches = switches
        self.metrics = Metrics()
        self.oversight: Oversight | None = None
        """Set by the app: what supervisors may read, and the trail of it."""
        self.identity: Identity | None = None
        """Set by the app: citizens who sign in; None: nobody does here."""
        self.citizens = 0
        """Citizens' sockets open in this process."""
        self.knowledge = knowledge
        self.phrases = phrases
        self.live = Live(conversation_log, database, self.metrics, shared)
        self.sender_ids = SenderIds()
        """The app sets one with the keys of all gateways."""
        self.message_limits = self.live.shared.limits("message", settings.messages_per_minute)
        self.start_limits = self.live.shared.limits("start", settings.conversations_per_minute)
        self.join_limits = self.live.shared.limits("join", JOINS_PER_ADDRESS)
        self.all_joins = self.live.shared.limits("joins", JOINS_PER_MINUTE)
        self.continuing: Continuing
        """Set by the app: other devices of a conversation."""
        self.typing_limits = self.live.shared.limits("typing", TYPING_PER_MINUTE)
        self.suggester = Suggester(self.live, knowledge)
        self.assistant = Assistant(self.live, knowledge)
        self.handoffs = Handoffs(
            self.live,
            phrases,
            wait_limit_s=settings.wait_limit_s,
            agent_grace_s=settings.agent_grace_s,
            ended=self._talk_over,
            hours=OpeningHours.load(settings.hours_file),
        )
        self.bot = BotTurns(
            self.live,
            dialogue,
            phrases,
            self.handoffs.request,
            in_flight=settings.turns_in_flight,
            thinking_after_s=settings.thinking_after_s,
            direct=direct,
        )
        self.sweep = Sweep(
            self.live, self.handoffs, self.bot, self._registry(conversation_log), settings.sweep_s
        )
        self.log, self.database, self.bus = conversation_log, database, self.live.bus

    async def start(self) -> None:
        """Pick up what a crash left: unanswered messages, waiting citizens, officers who are gone."""
        await self.sweep.start()

    async def stop(self) -> None:
        """Let running turns finish: the words that they answer are already stored."""
        await self.sweep.stop()
        await self.live.settle(self.settings.dialogue_deadline_s)
        await self.sweep.leave()

    def _registry(self, conversation_log: ConversationLog) -> Registry:
        """A SQLite file without Redis beside it has one gateway: whoever else took a message is dead."""
        shared = self.live.shared
        alone = conversation_log.engine.dialect.name == "sqlite" and shared.link is None
        return Registry(conversation_log.engine, shared.gateway_id, alone=alone)

    @property
    def full(self) -> bool:
        """True while no more citizens fit: who comes is told to come back."""
        return self.citizens >= self.settings.sockets_limit

    # ---- switches

    @property
    def board(self) -> Board:
        """The switches as they stand."""
        return self.switches.board if self.switches else Board()

    def board_changed(self, board: Board) -> None:
        """Tell every open page of the notice as it is now."""
        self.bus.publish("everyone", wire.NoticeFrame(text=board.notice).model_dump())

    def check_channel(self, channel: str) -> None:
        """Raises Refused(channel_off) where the operator has closed the channel."""
        if channel in self.board.closed:
            raise Refused("channel_off")

    def _let_bot_answer(
        self, conversation: Conversation, text: str, stored: StoredEvent, args: Mapping[str, Any]
    ) -> None:
        if self.board.bot:
            self.bot.start(conversation, text, stored.seq, args)
        else:
            self.live.spawn(self.bot.silenced(conversation.id, stored.seq))

    # ---- the citizen

    async def begin(self, channel: str) -> tuple[Conversation, str]:
        """Start a conversation with the greeting; returns it with its secret."""
        conversation, secret = await self.database(self.log.create, channel)
        greeting = wire.TextMessage(text=self.phrases.say("greeting"), status="greeting")
        await self.live.append(conversation.id, wire.BotSaid(messages=[greeting]))
        return await self.database(self.log.get, conversation.id), secret

    async def let_in(self, cookie: str | None) -> tuple[Conversation, bool]:
        """(the conversation of a citizen's cookie, is it another device than the first).

        Raises ConversationNotFound.
        """
        conversation_id, secret = ((cookie or "").split(".", 1) + [""])[:2]
        by_key = await self.database(self.continuing.check, self.log, conversation_id, secret)
        return await self.database(self.log.get, conversation_id), by_key

    async def citizen_said(
        self, conversation_id: str, text: str, client_id: str, session: str = ""
    ) -> StoredEvent:
        """Store what the citizen said, then let the bot answer or the officer read. Raises Refused.

        `session` is the token of who is signed in, if anybody.
        """
        text = clean(text)
        await self._check_open(conversation_id)
        stored = await self._store(conversation_id, text, client_id)
        if not stored.fresh:
            return stored
        conversation = await self._as_stored(stored)
        if conversation.mode != Mode.AGENT and text.strip("。！!. ") in ASKS_FOR_PERSON:
            await self.handoffs.request(conversation_id, "asked", {})
            await self.database(self.log.settle, conversation_id, stored.seq)
        elif conversation.mode == Mode.BOT:
            args = with_identity(self.identity, {}, conversation_id, session)
            self._let_bot_answer(conversation, for_dialogue(text), stored, args)
        else:
            self.bus.publish("desk", {"type": "queue_changed"})
        if conversation.mode == Mode.AGENT:
            self.suggester.start(conversation, text, stored.seq, draft=False)
            self.assistant.start(conversation)
        return stored

    async def citizen_acted(self, conversation_id: str, act: wire.Act, session: str = "") -> StoredEvent:
        """A structured choice. Raises Refused."""
        if act.action == "rate" and not await self._was_asked_to_rate(
            conversation_id, act.args.get("subject")
        ):
            raise Refused("not_rateable", "args.subject")
        await self._check_open(conversation_id)
        stored = await self._store(conversation_id, clean(act.label), act.id)
        if not stored.fresh:
            return stored
        if act.action == "handoff":
            await self.handoffs.request(conversation_id, "asked", {})
            await self.database(self.log.settle, conversation_id, stored.seq)
        elif act.action == "leave_queue":
            await self.handoffs.leave(conversation_id)
            await self.database(self.log.settle, conversation_id, stored.seq)
        else:
            conversation = await self._as_stored(stored)
            args = with_identity(self.identity, cleaned(act.action, act.args), conversation_id, session)
            self._let_bot_answer(conversation, f"/{RASA_INTENTS[act.action]}", stored, args)
        return stored

    async def resume(
        self, conversation_id: str, told: wire.IdentityChanged, intent: str, session: str
    ) -> None:
        """Tell that somebody signed in, and let the bot go on with what it was for."""
        stored = await self.live.append(conversation_id, told, asks_bot=True)
        conversation = await self._as_stored(stored)
        if conversation.mode == Mode.BOT:
            args = with_identity(self.identity, {}, conversation_id, session)
            self._let_bot_answer(conversation, f"/{intent}", stored, args)

    async def _check_open(self, conversation_id: str) -> None:
        """Raises Refused(channel_off). Who waits for an officer or talks to one goes on to the end."""
        if not self.board.closed:
            return
        conversation = await self.database(self.log.get, conversation_id)
        if conversation.mode == Mode.BOT:
            self.check_channel(conversation.channel)

    async def _store(self, conversation_id: str, text: str, client_id: str) -> StoredEvent:
        """Store the citizen's words, masked; `fresh` is False if this very frame was stored before."""
        said = wire.CitizenSaid(text=await hide(mask(text), conversation_id, self._last_said))
        own = wire.CitizenSaid(text=mask(text, places=False))
        kept = self.sender_ids.kept(client_id)
        return await self.live.append(conversation_id, said, client_id=kept, asks_bot=True, shown=own)

    async def _last_said(self, conversation_id: str) -> StoredEvent | None:
        return await self.database(self.log.last_said, conversation_id, sys.maxsize, lambda _: True)

    async def _as_stored(self, stored: StoredEvent) -> Conversation:
        """The conversation right after this event."""
        if stored.conversation is not None:
            return stored.conversation
        return await self.database(self.log.get, stored.conversation_id)

    async def _was_asked_to_rate(self, conversation_id: str, subject: Any) -> bool:
        """True if this conversation was itself asked to rate `subject`: nobody rates another's service."""
        for stored in await self.database(self.log.after, conversation_id, 0):
            if stored.kind != "bot_said":
                continue
            for message in wire.BotSaid.model_validate(stored.payload).messages:
                if isinstance(message, wire.RatingMessage) and message.subject == subject:
                    return True
        return False

    async def citizen_types(self, conversation_id: str, draft: str) -> None:
        """Tell the officer; prepare suggestions from the draft. The draft itself is not passed on."""
        conversation = await self.database(self.log.get, conversation_id)
        if conversation.mode != Mode.AGENT:
            return
        state = await self.live.state(conversation)
        self.bus.publish(f"desk.{conversation_id}", {**state, "citizen_typing": True})
        self.suggester.start(conversation, draft, conversation.last_seq, draft=True)

    # ---- the officer

    def _talk_over(self, conversation_id: str) -> None:
        self.suggester.forget(conversation_id)
        self.assistant.forget(conversation_id)

    async def accept(self, officer: Officer, conversation_id: str) -> Conversation:
        """Take a waiting conversation and look for a first suggestion. Raises Refused(mode_conflict)."""
        if not allowed(officer, "talk.take"):
            raise Refused("forbidden")
        moved = await self.handoffs.accept(officer, conversation_id)
        said = [
            e
            for e in await self.database(self.log.after, conversation_id, 0)
            if e.kind == "citizen_said" and e.payload["text"] not in ASKS_FOR_PERSON
        ]
        if said:
            self.assistant.start(moved)
            self.suggester.start(moved, str(said[-1].payload["text"]), said[-1].seq, draft=False)
        return moved

    async def held(self, officer: Officer, conversation_id: str) -> Conversation:
        """The only door to a conversation for writing. Raises Refused(not_yours)."""
        conversation = await self.database(self.log.get, conversation_id)
        stands = relation(conversation.mode, conversation.agent_id, officer.username)
        if not allowed(officer, "talk.write", stands):
            raise Refused("not_yours")
        return conversation

    async def readable(self, officer: Officer, conversation_id: str) -> Conversation:
        """The only door for reading, by `gateway.access`; ended ones up to their end. Raises Refused."""
        conversation = await self.database(self.log.get, conversation_id)
        by, then = None, conversation
        if conversation.mode == Mode.BOT:
            for one in await self.database(self.log.ended_for, officer.username):
                if one.id == conversation_id:
                    by, then = officer.username, one
            if by is None and self.oversight is not None:
                by, then = await self.oversight.ended(conversation) or (None, conversation)
        if not allowed(
            officer, "talk.read", relation(conversation.mode, conversation.agent_id, officer.username, by)
        ):
            raise Refused("not_yours")
        if self.oversight is not None:
            await self.oversight.look(officer, conversation_id)
        return then

    async def agent_said(self, officer: Officer, say: wire.DeskSay) -> StoredEvent:
        """The officer's words go straight to the citizen. Raises Refused."""
        text = clean(say.text)
        conversation = await self.held(officer, say.conversation_id)
        source = ""
        if say.suggestion_id:
            source = await self.suggester.source(say.conversation_id, say.suggestion_id)
        stored = await self.live.append(
            say.conversation_id,
            wire.AgentSaid(text=mask(text, places=False), agent_name=officer.name, source=source),
            client_id=f"{STAFF_ID}/{officer.username}/{self.sender_ids.kept(say.id)}",
        )
        if not stored.fresh:
            return stored
        if conversation.handoff_id is not None:
            await self.database(self.log.note_first_reply, conversation.handoff_id)
        if say.suggestion_id:
            used = wire.SuggestionUsed(
                suggestion_id=say.suggestion_id, outcome="edited" if say.edited else "sent"
            )
            await self.live.append(say.conversation_id, used)
        return stored

    async def dismiss(self, officer: Officer, frame: wire.DeskDismiss) -> None:
        """Record that a suggestion did not fit. Raises Refused."""
        await self.held(officer, frame.conversation_id)
        await self.suggester.source(frame.conversation_id, frame.suggestion_id)
        dismissed = wire.SuggestionUsed(
            suggestion_id=frame.suggestion_id,
            outcome="dismissed",
            reason=mask(normal(frame.reason, "NFC").strip(), places=False),
        )
        await self.live.append(frame.conversation_id, dismissed)

    async def note(self, officer: Officer, frame: wire.DeskNote) -> StoredEvent:
        """A note for colleagues; the citizen never sees it. Raises Refused."""
        text = clean(frame.text)
        await self.held(officer, frame.conversation_id)
        return await self._noted(officer, frame.conversation_id, text, frame.id)

    async def _noted(self, officer: Officer, conversation_id: str, text: str, frame_id: str) -> StoredEvent:
        return await self.live.append(
            conversation_id,
            wire.NoteAdded(text=mask(text, places=False), agent_name=officer.name),
            client_id=f"{STAFF_ID}/{officer.username}/{self.sender_ids.kept(frame_id)}",
        )

    async def transfer(self, officer: Officer, frame: wire.DeskTransfer) -> None:
        """Hand on, with a note if there is one. Raises Refused."""
        await self.held(officer, frame.conversation_id)
        if frame.note.strip():
            await self._noted(officer, frame.conversation_id, clean(frame.note), frame.id)
        await self.handoffs.transfer(officer, frame.conversation_id, frame.to)

    async def check(self, officer: Officer, frame: wire.DeskCheck) -> list[wire.GuideWarning]:
        """What in the officer's draft contradicts the guide at hand. Raises Refused."""
        await self.held(officer, frame.conversation_id)
        return await self.assistant.check(frame.conversation_id, frame.text, frame.guide_id)

    async def close(
        self, officer: Officer, conversation_id: str, reason: CloseReason = "solved"
    ) -> None:
        """End the officer's part; the bot asks for a rating. Raises Refused."""
        conversation = await self.held(officer, conversation_id)
        await self.handoffs.close(officer, conversation_id, reason)
        self.live.spawn(self.bot.ask_rating(conversation, f"handoff:{conversation.handoff_id}"))

    async def agent_types(self, officer: Officer, conversation_id: str) -> None:
        """Show the citizen that the officer is writing. Raises Refused."""
        conversation = await self.held(officer, conversation_id)
        state = await self.live.state(conversation)
        self.bus.publish(f"conversation.{conversation_id}", {**state, "agent_typing": True})
