"""The use cases of the gateway, for both sockets: what a citizen and what an officer can do.

Order in each: store, publish, then let the bot or the desk react. The hub owns only live parts; what was
said and who is speaking is in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway import wire
from gateway.bot_turns import BotTurns
from gateway.conversation import Conversation, Mode, StoredEvent
from gateway.dialogue import Dialogue
from gateway.direct import DirectAnswers
from gateway.handoffs import Handoffs
from gateway.knowledge_client import Knowledge
from gateway.live import Live
from gateway.log import ConversationLog
from gateway.masking import mask
from gateway.metrics import Metrics
from gateway.phrases import Phrases
from gateway.rate_limit import RateLimits
from gateway.refusals import Refused, clean, for_dialogue
from gateway.settings import GatewaySettings
from gateway.staff import Officer
from gateway.store import DatabaseThread
from gateway.suggester import Suggester
from gateway.switches import Board, SwitchWatch

ASKS_FOR_PERSON = frozenset({"转人工", "人工", "人工客服", "人工服务", "找人工", "我要转人工"})
"""Recognised here as well, so that a person can be reached while Rasa is down."""
TYPING_PER_MINUTE = 120
"""Per conversation; a quick typist's page sends 86 a minute. More are dropped silently."""
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
    ) -> None:
        self.settings = settings
        self.switches = switches
        self.metrics = Metrics()
        self.citizens = 0
        """Citizens' sockets open in this process."""
        self.knowledge = knowledge
        self.phrases = phrases
        self.live = Live(conversation_log, database, self.metrics)
        self.message_limits = RateLimits(settings.messages_per_minute)
        self.typing_limits = RateLimits(TYPING_PER_MINUTE)
        self.suggester = Suggester(self.live, knowledge)
        self.handoffs = Handoffs(
            self.live,
            phrases,
            wait_limit_s=settings.wait_limit_s,
            agent_grace_s=settings.agent_grace_s,
            ended=self.suggester.forget,
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
        self.log, self.database, self.bus = conversation_log, database, self.live.bus

    async def start(self) -> None:
        """Pick up what a crash left: unanswered messages, waiting citizens, officers who are gone."""
        for conversation_id, seq in await self.database(self.log.unanswered):
            await self.bot.failed(conversation_id, "bot_interrupted", "error_interrupted", seq)
        await self.handoffs.resume()

    async def stop(self) -> None:
        """Cancel the timers and let running turns finish: their words are already stored."""
        self.handoffs.stop()
        await self.live.settle(self.settings.dialogue_deadline_s)

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

    async def citizen_said(self, conversation_id: str, text: str, client_id: str) -> StoredEvent:
        """Store what the citizen said, then let the bot answer or the officer read. Raises Refused."""
        text = clean(text)
        await self._check_open(conversation_id)
        stored = await self._store(conversation_id, text, client_id)
        if not stored.fresh:
            return stored
        conversation = await self._as_stored(stored)
        if conversation.mode != Mode.AGENT and text.strip("。！!. ") in ASKS_FOR_PERSON:
            await self.handoffs.request(conversation_id, "asked", {})
        elif conversation.mode == Mode.BOT:
            self._let_bot_answer(conversation, for_dialogue(text), stored, {})
        else:
            self.bus.publish("desk", {"type": "queue_changed"})
        if conversation.mode == Mode.AGENT:
            self.suggester.start(conversation, text, stored.seq, draft=False)
        return stored

    async def citizen_acted(self, conversation_id: str, act: wire.Act) -> StoredEvent:
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
        elif act.action == "leave_queue":
            await self.handoffs.leave(conversation_id)
        else:
            conversation = await self._as_stored(stored)
            self._let_bot_answer(conversation, f"/{RASA_INTENTS[act.action]}", stored, act.args)
        return stored

    async def _check_open(self, conversation_id: str) -> None:
        """Raises Refused(channel_off). Who waits for an officer or talks to one goes on to the end."""
        if not self.board.closed:
            return
        conversation = await self.database(self.log.get, conversation_id)
        if conversation.mode == Mode.BOT:
            self.check_channel(conversation.channel)

    async def _store(self, conversation_id: str, text: str, client_id: str) -> StoredEvent:
        """Store the citizen's words, masked; `fresh` is False if this very frame was stored before."""
        return await self.live.append(conversation_id, wire.CitizenSaid(text=mask(text)), client_id=client_id)

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

    async def accept(self, officer: Officer, conversation_id: str) -> Conversation:
        """Take a waiting conversation and look for a first suggestion. Raises Refused(mode_conflict)."""
        moved = await self.handoffs.accept(officer, conversation_id)
        said = [
            e
            for e in await self.database(self.log.after, conversation_id, 0)
            if e.kind == "citizen_said" and e.payload["text"] not in ASKS_FOR_PERSON
        ]
        if said:
            self.suggester.start(moved, str(said[-1].payload["text"]), said[-1].seq, draft=False)
        return moved

    async def held(self, officer: Officer, conversation_id: str) -> Conversation:
        """The only door to a conversation for writing. Raises Refused(not_yours)."""
        conversation = await self.database(self.log.get, conversation_id)
        if conversation.mode != Mode.AGENT or conversation.agent_id != officer.username:
            raise Refused("not_yours")
        return conversation

    async def readable(self, officer: Officer, conversation_id: str) -> Conversation:
        """The only door for reading: waiting ones, one's own, and those one has ended, up to their end."""
        conversation = await self.database(self.log.get, conversation_id)
        if conversation.mode == Mode.WAITING or conversation.agent_id == officer.username:
            return conversation
        ended = await self.database(self.log.ended_for, officer.username)
        for one in ended:
            if one.id == conversation_id and conversation.mode == Mode.BOT:
                return one
        raise Refused("not_yours")

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
            client_id=f"{STAFF_ID}/{officer.username}/{say.id}",
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
            suggestion_id=frame.suggestion_id, outcome="dismissed", reason=frame.reason
        )
        await self.live.append(frame.conversation_id, dismissed)

    async def close(self, officer: Officer, conversation_id: str) -> None:
        """End the officer's part; the bot asks for a rating. Raises Refused."""
        conversation = await self.held(officer, conversation_id)
        await self.handoffs.close(officer, conversation_id)
        self.live.spawn(self.bot.ask_rating(conversation, f"handoff:{conversation.handoff_id}"))

    async def agent_types(self, officer: Officer, conversation_id: str) -> None:
        """Show the citizen that the officer is writing. Raises Refused."""
        conversation = await self.held(officer, conversation_id)
        state = await self.live.state(conversation)
        self.bus.publish(f"conversation.{conversation_id}", {**state, "agent_typing": True})
