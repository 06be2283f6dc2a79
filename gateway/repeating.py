"""「再说一遍」: the bot's last words instead of the message that asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from gateway import wire
from gateway.conversation import StoredEvent

ALREADY_WAITING = "already_waiting"
"""Status of a place in the queue: true only then, and the bot is asked to repeat only after the queue."""


def worth_repeating(stored: StoredEvent) -> bool:
    """False for an event that holds nothing but failures, or words that are no longer true."""
    return any(
        not isinstance(message, wire.FailureMessage) and getattr(message, "status", "") != ALREADY_WAITING
        for message in wire.BotSaid.model_validate(stored.payload).messages
    )


def said_again(
    answer: Sequence[wire.BotMessage], words: Sequence[wire.BotMessage], nothing: str
) -> list[wire.BotMessage]:
    """The answer with `words` in place of its (first) repeat message, or the sentence `nothing` without any.

    Inside a form Rasa asks the question again by itself: of two that ask for the same only its own stays,
    as its options are of now. What a repeated message did to the page it does not do a second time.
    """
    asked = {m.asking for m in answer if isinstance(m, wire.AskMessage)}
    again: list[wire.BotMessage] = [
        m.model_copy(update={"effect": ""}) if isinstance(m, wire.TextMessage) else m
        for m in words
        if not (isinstance(m, wire.AskMessage) and m.asking in asked)
    ]
    if not words:
        again = [wire.TextMessage(text=nothing, status="nothing_to_repeat")]
    said: list[wire.BotMessage] = []
    for message in answer:
        if not isinstance(message, wire.RepeatMessage):
            said.append(message)
        else:
            said += again
            again = []
    return said
