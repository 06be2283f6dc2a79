"""One bot turn: in order per conversation, a few at once over all, never silent."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from gateway import wire
from gateway.conversation import Conversation, Mode, ModeConflict, OpenTurn, StoredEvent
from gateway.database import StorageUnavailable
from gateway.dialogue import Dialogue, DialogueSilent, DialogueUnavailable
from gateway.direct import DirectAnswers, DirectUnavailable
from gateway.kept_words import kept, shown
from gateway.live import Live
from gateway.masking import mask
from gateway.phrases import Phrases
from gateway.registry import Registry
from gateway.repeating import said_again, worth_repeating

log = logging.getLogger(__name__)
HandOff = Callable[[str, str, Mapping[str, str]], Awaitable[None]]
"""(conversation id, reason, known facts) -> the conversation waits for a person."""

LOST_AFTER_S = 5.0
"""A message of our own that is older than this, and has no turn, lost it: the answer could not be stored."""
HANDOFF_REPLY = wire.QuickReply(label="转人工", action="handoff")


class BotTurns:
    """Runs turns through the dialogue engine and stores what comes back."""

    def __init__(
        self,
        live: Live,
        dialogue: Dialogue,
        phrases: Phrases,
        hand_off: HandOff,
        *,
        in_flight: int,
        thinking_after_s: float,
        direct: DirectAnswers | None = None,
    ) -> None:
        """
        Args:
            live: log and readers.
            dialogue: answers.
            phrases: the gateway's sentences.
            hand_off: moves a conversation to the desk.
            in_flight: turns at once.
            thinking_after_s: a slower answer is announced as being worked on.
            direct: answers while the dialogue is away; None: a person is offered at once.

        """
        self._live = live
        self._direct = direct
        self._waiting = 0
        self._dialogue = dialogue
        self._phrases = phrases
        self._hand_off = hand_off
        self._thinking_after_s = thinking_after_s
        self._locks = live.shared.locks
        self._running: Counter[str] = Counter()
        self._in_flight = asyncio.Semaphore(in_flight)

    def start(self, conversation: Conversation, text: str, seq: int, args: Mapping[str, Any]) -> None:
        """Answer message `seq`; `text` may be empty when nothing was left of it."""
        self._live.spawn(self._noted(conversation, text, seq, args))

    async def _noted(self, conversation: Conversation, text: str, seq: int, args: Mapping[str, Any]) -> None:
        self._running[conversation.id] += 1
        try:
            await self._turn(conversation, text, seq, args)
        except StorageUnavailable as error:  # `own_up` says so when it is back
            log.error("conversation=%s answer to %s not stored: %s", conversation.id, seq, error)
        finally:
            self._running[conversation.id] -= 1
            if not self._running[conversation.id]:
                del self._running[conversation.id]

    async def own_up(self, registry: Registry) -> None:
        """Beat, and own up to messages whose gateway died or could not store the answer.

        Every gateway may call this at any time: one of them says it, once. Raises StorageUnavailable.
        """
        turns = await self._live.database(self._live.log.open_turns)
        # In this order: a gateway beats before it takes its first message, so whose message is seen is known.
        await self._live.database(registry.beat)
        for turn in turns:
            if turn.owner == self._live.shared.gateway_id:
                lost = turn.conversation_id not in self._running and time.time() - turn.at > LOST_AFTER_S
            else:
                lost = not registry.lives(turn.owner)
            if lost:
                await self._own_up(turn)

    async def _own_up(self, turn: OpenTurn) -> None:
        log.warning("conversation=%s message %d was left without an answer", turn.conversation_id, turn.seq)
        message = self._failure("bot_interrupted", "error_interrupted")
        said = wire.BotSaid(messages=[message], reply_to=turn.seq)
        stored = await self._live.database(self._live.log.own_up, turn, said.model_dump())
        if stored is not None:
            self._live.publish(stored)
            if stored.conversation is not None:
                await self._live.publish_state(stored.conversation)

    async def silenced(self, conversation_id: str, seq: int) -> None:
        """The bot is switched off: say so, and offer a person."""
        await self.failed(conversation_id, "bot_off", "bot_off", seq)

    async def failed(self, conversation_id: str, phrase: str, status: str, seq: int | None) -> None:
        """Say plainly that there is no answer, and offer a person."""
        await self._speak(conversation_id, [self._failure(phrase, status)], seq)

    def _failure(self, phrase: str, status: str) -> wire.FailureMessage:
        return wire.FailureMessage(text=self._phrases.say(phrase), status=status, replies=[HANDOFF_REPLY])

    async def ask_rating(self, conversation: Conversation, subject: str) -> None:
        """Let Rasa ask for the rating of a service that the gateway itself ended."""
        message_id = f"{conversation.id}:{subject}"
        try:
            messages = await self._respond(conversation, "/rate_service", message_id, {"subject": subject})
        except (DialogueUnavailable, DialogueSilent) as error:
            log.error("conversation=%s no rating asked: %s", conversation.id, error)
            return
        await self._say(conversation.id, messages, None)

    async def _turn(
        self, conversation: Conversation, text: str, seq: int, args: Mapping[str, Any]
    ) -> None:
        after: Conversation | None = None
        async with AsyncExitStack() as turn:
            try:
                waited = await self._enter(turn, conversation)
                now = conversation
                if waited:  # much may have happened since
                    now = await self._live.database(self._live.log.get, conversation.id)
                if now.mode != Mode.BOT:
                    return  # a person was reached while this waited: the bot is silent
                if not text:
                    prompt = wire.TextMessage(text=self._phrases.say("nothing_left"), status="nothing_said")
                    after = await self._speak(conversation.id, [prompt], seq)
                    return
                after = await self._answer(now, text, seq, args)
            finally:
                await self._live.stop_thinking(conversation.id, after)

    async def _enter(self, turn: AsyncExitStack, conversation: Conversation) -> bool:
        """Wait for this turn's place; True if it had to. Who waits for others is told how many."""
        if not (self._locks.busy(conversation.id) or self._in_flight.locked()):
            waited = await turn.enter_async_context(self._locks.hold(conversation.id))
            await turn.enter_async_context(self._in_flight)
            return waited
        if self._in_flight.locked():
            self._live.think(conversation, self._waiting + 1)
        self._wait(+1)
        try:
            await turn.enter_async_context(self._locks.hold(conversation.id))
            await turn.enter_async_context(self._in_flight)
        finally:
            self._wait(-1)
        return True

    async def _answer(
        self, now: Conversation, text: str, seq: int, args: Mapping[str, Any]
    ) -> Conversation | None:
        """Ask the dialogue and store what it says; the conversation after that, or None if unknown."""
        slow = asyncio.get_running_loop().call_later(self._thinking_after_s, self._live.think, now)
        try:
            with self._live.metrics.turns.labels("dialogue").time():
                messages = await self._respond(now, text, f"{now.id}:{seq}", args)
                return await self._say(now.id, messages, seq)
        except DialogueUnavailable as error:
            log.error("conversation=%s dialogue unavailable: %s", now.id, error)
            await self._without_dialogue(now, text, seq, args)
        except DialogueSilent:
            log.error("conversation=%s dialogue silent", now.id)
            await self.failed(now.id, "bot_silent", "error_bot_silent", seq)
        except StorageUnavailable:
            raise  # nothing can be said either
        except Exception:
            log.exception("conversation=%s turn failed", now.id)
            await self.failed(now.id, "bot_unavailable", "error_bot_unavailable", seq)
        finally:
            slow.cancel()
        return None

    def _wait(self, change: int) -> None:
        self._waiting += change
        self._live.metrics.turns_waiting.set(self._waiting)

    async def _without_dialogue(
        self, conversation: Conversation, text: str, seq: int, args: Mapping[str, Any]
    ) -> None:
        """The guides answer alone, and say so; what they cannot answer goes to a person."""
        found: Sequence[wire.BotMessage] = ()
        if self._direct is not None:
            before = await self._live.database(self._live.log.last_said, conversation.id, seq, shows_card)
            try:
                with self._live.metrics.turns.labels("guides").time():
                    found = await self._direct.answer(
                        conversation.id, text, args=args, before=last_card(before)
                    )
            except DirectUnavailable as error:
                log.error("conversation=%s no direct answer: %s", conversation.id, error)
        if not found:
            await self.failed(conversation.id, "bot_unavailable", "error_bot_unavailable", seq)
            return
        note = wire.TextMessage(
            text=self._phrases.say("bot_direct"), status="answered_directly", replies=[HANDOFF_REPLY]
        )
        await self._speak(conversation.id, [*found, note], seq)

    async def _respond(
        self, conversation: Conversation, text: str, message_id: str, args: Mapping[str, Any]
    ) -> list[wire.BotMessage]:
        return list(
            await self._dialogue.respond(
                conversation.id, text, channel=conversation.channel, message_id=message_id, args=args
            )
        )

    async def _say(
        self, conversation_id: str, messages: list[wire.BotMessage], seq: int | None
    ) -> Conversation | None:
        """Store the bot's words, unless a person took over meanwhile; then carry out a hand-off.

        Returns the conversation as it is now, or None when it has to be read again.
        """
        after: Conversation | None = None
        if any(isinstance(m, wire.RepeatMessage) for m in messages):
            messages = await self._with_last_words(conversation_id, messages, seq)
        handoff = next((m for m in messages if isinstance(m, wire.HandoffMessage)), None)
        spoken = [m for m in messages if not isinstance(m, wire.HandoffMessage)]
        if spoken:
            after = await self._speak(conversation_id, spoken, seq)
        if handoff is not None:
            known = {label: mask(value) for label, value in handoff.summary.items()}
            await self._hand_off(conversation_id, handoff.reason, known)
            if seq is not None and not spoken:
                await self._live.database(self._live.log.settle, conversation_id, seq)
            return None
        return after

    async def _with_last_words(
        self, conversation_id: str, messages: list[wire.BotMessage], seq: int | None
    ) -> list[wire.BotMessage]:
        """The answer with what the bot said last before message `seq` in place of its repeat message."""
        before = sys.maxsize if seq is None else seq
        last = await self._live.database(self._live.log.last_said, conversation_id, before, worth_repeating)
        words = wire.BotSaid.model_validate(last.payload).messages if last else []
        return said_again(messages, words, self._phrases.say("nothing_to_repeat"))

    async def _speak(
        self, conversation_id: str, messages: Sequence[wire.BotMessage], seq: int | None
    ) -> Conversation | None:
        """The bot's only mouth: once a person was asked for it stays shut."""
        said = wire.BotSaid(messages=[kept(m) for m in messages], reply_to=seq)
        own = wire.BotSaid(messages=[shown(m) for m in messages], reply_to=seq)
        try:
            return (await self._live.append(conversation_id, said, expect=Mode.BOT, shown=own)).conversation
        except ModeConflict:
            log.info("conversation=%s a person took over: answer to %s dropped", conversation_id, seq)
            return None


def last_card(stored: StoredEvent | None) -> wire.AnswerMessage | None:
    """The card that an event of the bot showed, if any."""
    if stored is None or stored.kind != "bot_said":
        return None
    cards = [
        m for m in wire.BotSaid.model_validate(stored.payload).messages if isinstance(m, wire.AnswerMessage)
    ]
    return cards[-1] if cards else None


def shows_card(stored: StoredEvent) -> bool:
    """Whether an event of the bot showed a card."""
    return last_card(stored) is not None
