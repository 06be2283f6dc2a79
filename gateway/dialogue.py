"""The dialogue engine behind a port: Rasa over its REST channel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import aiohttp
from pydantic import ValidationError

from gateway.far_client import FarClient
from gateway.wire import BotMessage, TextMessage, bot_message

log = logging.getLogger(__name__)
IDENTITY = "identity"
"""The key of `args` under which the gateway says whether the citizen has signed in; never the page's."""


class DialogueUnavailable(Exception):
    """The engine refused the connection, failed, or passed its deadline."""


class DialogueSilent(Exception):
    """The engine answered with nothing; Rasa does so after an exception of its own."""


class Dialogue(Protocol):
    """Where the bot's answers come from."""

    async def respond(
        self, conversation_id: str, text: str, *, channel: str, message_id: str, args: Mapping[str, Any]
    ) -> Sequence[BotMessage]:
        """Return at least one message. Raises DialogueSilent, DialogueUnavailable."""
        ...


class RasaDialogue(FarClient):
    """Rasa's REST channel on loopback; one session, one deadline per turn."""

    def __init__(self, base_url: str, deadline_s: float) -> None:
        super().__init__(base_url, deadline_s)
        self._url = f"{base_url}/webhooks/rest/webhook"

    async def respond(
        self, conversation_id: str, text: str, *, channel: str, message_id: str, args: Mapping[str, Any]
    ) -> Sequence[BotMessage]:
        """See `Dialogue.respond`."""
        given = dict(args)
        identity = given.pop(IDENTITY, None)
        body = {
            "sender": conversation_id,
            "message": text,
            "input_channel": channel,
            "metadata": {"message_id": message_id, "args": given}
            | ({IDENTITY: identity} if identity is not None else {}),
        }
        try:
            async with self._session.post(self._url, json=body) as response:
                if response.status != 200:
                    raise DialogueUnavailable(f"HTTP {response.status} from {self._url}")
                items = await response.json()
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError, RecursionError) as error:
            raise DialogueUnavailable(f"{type(error).__name__} from {self._url}") from error
        if not isinstance(items, list):
            raise DialogueUnavailable(f"{type(items).__name__} from {self._url}, expected a list")
        messages = [m for m in (parse_item(item) for item in items) if m is not None]
        if not messages:
            raise DialogueSilent(conversation_id)
        return messages


def parse_item(item: Any) -> BotMessage | None:
    """Turn one item of Rasa's reply into a message; None (and a log line) if it is none of ours."""
    if not isinstance(item, dict):
        log.error("item of type %s refused", type(item).__name__)
        return None
    if "custom" in item:
        try:
            return bot_message.validate_python(item["custom"])
        except ValidationError as error:
            # Field paths only: the values are the citizen's.
            paths = ["/".join(map(str, e["loc"])) for e in error.errors()][:5]
            custom = item["custom"]
            kind = custom.get("kind") if isinstance(custom, dict) else type(custom).__name__
            log.error("custom payload kind=%s refused at %s", kind, paths)
            return None
    if item.get("text"):
        return TextMessage(text=str(item["text"]))
    return None
