"""Answers straight from the guides, for the time that the dialogue engine is away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiohttp

from gateway.dialogue import parse_item
from gateway.far_client import FarClient
from gateway.wire import AnswerMessage, BotMessage


class DirectUnavailable(Exception):
    """The action server did not answer in time either."""


class DirectAnswers(Protocol):
    """Where answers come from while the dialogue engine is away."""

    async def answer(
        self, conversation_id: str, text: str, *, args: Mapping[str, Any], before: AnswerMessage | None
    ) -> Sequence[BotMessage]:
        """What the guides say; empty when they say nothing to it. Raises DirectUnavailable.

        Args:
            conversation_id: whose.
            text: the citizen's words, or `/open_guide` or `/set_fact` for a button.
            args: of the button.
            before: the last card that was shown, which a follow-up is about.

        """
        ...


class HttpDirectAnswers(FarClient):
    """`DirectAnswers` over HTTP; see actions/direct_routes.py."""

    async def answer(
        self, conversation_id: str, text: str, *, args: Mapping[str, Any], before: AnswerMessage | None
    ) -> Sequence[BotMessage]:
        """See `DirectAnswers.answer`."""
        body = {
            "conversation_id": conversation_id,
            "text": text,
            "args": dict(args),
            "guide_id": before.card.guide_id if before else None,
        }
        try:
            async with self._session.post(f"{self._base}/direct", json=body) as response:
                if response.status != 200:
                    raise DirectUnavailable(f"HTTP {response.status} from {self._base}/direct")
                found = await response.json()
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError, RecursionError) as error:
            raise DirectUnavailable(f"{type(error).__name__} from {self._base}/direct") from error
        listed = found.get("messages") if isinstance(found, dict) else None
        if not isinstance(listed, list):
            raise DirectUnavailable(f"no list of messages from {self._base}/direct")
        return [m for m in (parse_item({"custom": item}) for item in listed) if m is not None]
