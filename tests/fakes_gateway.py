"""Scripted stand-ins for the gateway's two far services: told what to answer, asked what they heard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway import wire
from gateway.notices import Notice, NoticesUnavailable

SUGGESTION = {
    "text": "补领身份证要本人带户口簿到任一派出所办理。",
    "guide_id": "id-card-replace",
    "source": "居民身份证丢失补领 · 2026-11-24 版",
    "basis": "中华人民共和国居民身份证法 第十一条",
    "confidence": "high",
    "unverified": False,
}


class Held:
    """An answer that comes only when the test releases it."""

    def __init__(self, *answer: Any) -> None:
        self.answer = list(answer)
        self.asked = threading.Event()
        self._go = threading.Event()

    def release(self) -> None:
        """Let the answer go."""
        self._go.set()

    async def wait(self) -> Any:
        """Wait, without holding up the loop, until released (10 s at most)."""
        self.asked.set()
        for _ in range(2000):
            if self._go.is_set():
                break
            await asyncio.sleep(0.005)
        return self.answer


@dataclass(frozen=True)
class Heard:
    """One call of the dialogue engine."""

    conversation_id: str
    text: str
    channel: str
    message_id: str
    args: Mapping[str, Any]


def rating(subject: str) -> wire.RatingMessage:
    """What the action server says when asked for a rating."""
    levels = [
        wire.QuickReply(label=label, action="rate", args={"subject": subject, "level": level})
        for label, level in (("非常满意", 5), ("满意", 4), ("基本满意", 3), ("不满意", 2), ("非常不满意", 1))
    ]
    return wire.RatingMessage(
        text="请给这次服务打个分。",
        subject=subject,
        levels=levels,
        reasons_good=["态度好"],
        reasons_bad=["等太久"],
    )


class ScriptedDialogue:
    """Answers from a script, one entry a turn: text, message, a list of them, an exception or a Held.

    When the script is used up it echoes; a request for a rating gets one.
    """

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.heard: list[Heard] = []

    async def respond(
        self, conversation_id: str, text: str, *, channel: str, message_id: str, args: Mapping[str, Any]
    ) -> Sequence[wire.BotMessage]:
        """See `gateway.dialogue.Dialogue`."""
        self.heard.append(Heard(conversation_id, text, channel, message_id, dict(args)))
        if text == "/rate_service" and "level" not in args:
            return [rating(args["subject"])]
        entry = self.script.pop(0) if self.script else f"听到了：{text}"
        if isinstance(entry, Held):
            entry = await entry.wait()
        return [_message(one) for one in (entry if isinstance(entry, list) else [entry])]

    @property
    def texts(self) -> list[str]:
        """What was said to it, in order."""
        return [heard.text for heard in self.heard]


def _message(entry: Any) -> wire.BotMessage:
    if isinstance(entry, Exception):
        raise entry
    return wire.TextMessage(text=entry) if isinstance(entry, str) else entry


class ScriptedKnowledge:
    """Suggests by what the text contains; `asked` holds every text. Takes exceptions and Held, too."""

    def __init__(
        self, suggestions: Mapping[str, Any] | None = None, guides: Mapping[str, Any] | None = None
    ) -> None:
        self.suggestions = dict(suggestions or {})
        self.known = dict(guides or {})
        self.asked: list[str] = []
        self.cards: dict[str, Any] = {}
        self.warnings: dict[str, Mapping[str, Any]] = {}
        self.checked: list[tuple[str, str]] = []

    async def suggest(self, text: str, *, guide_id: str | None, k: int) -> Sequence[Mapping[str, Any]]:
        """See `gateway.knowledge_client.Knowledge`."""
        self.asked.append(text)
        for key, found in self.suggestions.items():
            if key not in text:
                continue
            if isinstance(found, Held):
                found = await found.wait()
            if isinstance(found, Exception):
                raise found
            return list(found)[:k]
        return []

    async def guides(self, query: str) -> Sequence[Mapping[str, Any]]:
        """Guides whose id or card holds the query."""
        if isinstance(self.known.get(query), Exception):
            raise self.known[query]
        return [card for key, card in self.known.items() if query in key]

    async def guide(self, guide_id: str) -> Mapping[str, Any] | None:
        """One guide's card."""
        found = self.known.get(guide_id)
        if isinstance(found, Exception):
            raise found
        return found


    async def assist(self, texts: Sequence[str]) -> Mapping[str, Any] | None:
        """The card scripted under `cards` whose key stands in the texts, the latest first."""
        for text in reversed(texts):
            for key, card in self.cards.items():
                if key in text:
                    if isinstance(card, Exception):
                        raise card
                    return card
        return None

    async def check(self, text: str, guide_id: str) -> Sequence[Mapping[str, Any]]:
        """Warnings scripted under `warnings` by what the text contains."""
        self.checked.append((text, guide_id))
        return [one for key, one in self.warnings.items() if key in text]


class ScriptedNotices:
    """An outbox that lists what was put in until it is told; `deaf`: it does not take the acknowledgement."""

    def __init__(self) -> None:
        self.waiting: dict[int, Notice] = {}
        self.fetched = 0
        self.deaf = False
        self.down = False

    def put(self, number: int, owner: str, text: str) -> None:
        """One more to tell."""
        self.waiting[number] = Notice(number, owner, wire.TextMessage(text=text, status="notice_reminder"))

    async def due(self) -> Sequence[Notice]:
        """All that wait."""
        if self.down:
            raise NoticesUnavailable("scripted")
        self.fetched += 1
        return [self.waiting[n] for n in sorted(self.waiting)]

    async def told(self, ids: Sequence[int]) -> None:
        """They are in the log."""
        if self.deaf:
            raise NoticesUnavailable("scripted")
        for number in ids:
            self.waiting.pop(number, None)


class ScriptedDirect:
    """Answers without the dialogue by what the text contains; `asked` holds every call. Takes exceptions."""

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.answers = dict(answers or {})
        self.asked: list[tuple[str, Mapping[str, Any], str | None]] = []

    async def answer(
        self, conversation_id: str, text: str, *, args: Mapping[str, Any], before: wire.AnswerMessage | None
    ) -> Sequence[wire.BotMessage]:
        """See `gateway.direct.DirectAnswers`."""
        self.asked.append((text, dict(args), before.card.guide_id if before else None))
        for key, found in self.answers.items():
            if key in text:
                return [_message(found)]
        return []
