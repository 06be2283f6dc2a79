"""Several Rasa processes: each conversation stays with one, and goes to the next while that one is dead.

Rasa keeps what was said in its own memory, so a conversation must come back to the same process. Which one is
a matter of rendezvous hashing: every gateway finds the same, and one more process moves no more conversations
than it takes over.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp

from gateway.dialogue import Dialogue, DialogueUnavailable, RasaDialogue
from gateway.wire import BotMessage

log = logging.getLogger(__name__)
REST_S = 5.0
"""So long a process that could not be reached is left out; then the next turn of its talks tries it."""


def preferred(conversation_id: str, urls: Sequence[str]) -> list[str]:
    """The processes in the order in which this conversation wants them."""

    def score(url: str) -> bytes:
        return hashlib.blake2b(f"{url}\n{conversation_id}".encode(), digest_size=8).digest()

    return sorted(urls, key=score)


class RasaPool:
    """`Dialogue` over several processes."""

    def __init__(
        self, urls: Sequence[str], deadline_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`deadline_s` is of one turn, whichever processes it tries."""
        self._members = {url: RasaDialogue(url, deadline_s) for url in urls}
        self._deadline_s = deadline_s
        self._clock = clock
        self._rests_until: dict[str, float] = {}

    async def open(self) -> None:
        """Create the HTTP sessions."""
        for member in self._members.values():
            await member.open()

    async def close(self) -> None:
        """Close them."""
        for member in self._members.values():
            await member.close()

    async def reachable(self) -> None:
        """Return if any process answers. Raises aiohttp.ClientError."""
        for url in sorted(self._members, key=self._rests):
            try:
                return await self._members[url].reachable()
            except (aiohttp.ClientError, TimeoutError):
                continue
        raise aiohttp.ClientConnectionError(f"none of {len(self._members)} Rasa processes answers")

    async def respond(
        self, conversation_id: str, text: str, *, channel: str, message_id: str, args: Mapping[str, Any]
    ) -> Sequence[BotMessage]:
        """See `Dialogue.respond`. A process that cannot be reached is passed over; one that is slow is not.

        What may have been carried out is not asked of a second process: that is every failure but a broken
        connection, after which the process and what it remembered are gone.
        """
        order = preferred(conversation_id, list(self._members))
        order.sort(key=self._rests)  # stable: those that rest come last, and are still tried
        began = self._clock()
        for url in order:
            try:
                found = await self._members[url].respond(
                    conversation_id, text, channel=channel, message_id=message_id, args=args
                )
            except DialogueUnavailable as error:
                last = url == order[-1] or self._clock() - began >= self._deadline_s
                if not unreachable(error):
                    raise
                self._rest(url)
                if last:
                    raise
            else:
                if self._rests_until.pop(url, None) is not None:
                    log.warning("rasa at %s is back", url)
                return found
        raise DialogueUnavailable("no Rasa process is configured")

    def _rests(self, url: str) -> bool:
        return self._clock() < self._rests_until.get(url, float("-inf"))

    def _rest(self, url: str) -> None:
        if url not in self._rests_until:
            log.error("rasa at %s cannot be reached; its conversations go to the others", url)
        self._rests_until[url] = self._clock() + REST_S


def unreachable(error: DialogueUnavailable) -> bool:
    """True if the connection could not be made or broke; False for a slow or failing process."""
    cause = error.__cause__
    return isinstance(cause, aiohttp.ClientConnectionError) and not isinstance(cause, TimeoutError)


def rasa(urls: Sequence[str], deadline_s: float) -> Dialogue:
    """The dialogue engine behind these base URLs."""
    return RasaDialogue(urls[0], deadline_s) if len(urls) == 1 else RasaPool(urls, deadline_s)
