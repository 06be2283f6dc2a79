"""Notices of the services reach their conversations: each once, however often it is fetched.

The action server lists them until it is told that they are in the log; the log keys them by their id, so a
crash between the two tells nobody twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from gateway import wire
from gateway.conversation import ConversationNotFound
from gateway.dialogue import parse_item
from gateway.far_client import FarClient
from gateway.live import Live

log = logging.getLogger(__name__)
NOTICE_ID = "notice"
"""Prefix of the notices' client ids: with a slash after it, which no citizen's id can hold."""


class NoticesUnavailable(Exception):
    """The action server did not answer in time."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message for one conversation."""

    id: int
    owner: str
    message: wire.BotMessage


class Notices(Protocol):
    """Where notices come from."""

    async def due(self) -> Sequence[Notice]:
        """Those whose time has come, oldest first. Raises NoticesUnavailable, as `told` does."""
        ...

    async def told(self, ids: Sequence[int]) -> None:
        """They are in the log now."""
        ...


class HttpNotices(FarClient):
    """`Notices` over HTTP; see actions/notice_routes.py."""

    async def _ask(self, method: str, path: str, **kwargs: Any) -> Any:
        try:
            async with self._session.request(method, f"{self._base}{path}", **kwargs) as response:
                if response.status != 200:
                    raise NoticesUnavailable(f"HTTP {response.status} from {self._base}{path}, expected 200")
                return await response.json()
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise NoticesUnavailable(f"{type(error).__name__} from {self._base}{path}") from error

    async def due(self) -> Sequence[Notice]:
        """See `Notices.due`. One that cannot be read is left out, with a line in the log."""
        found = await self._ask("GET", "/notices")
        listed = found.get("notices") if isinstance(found, dict) else None
        if not isinstance(listed, list):
            raise NoticesUnavailable(f"no list of notices from {self._base}/notices")
        return [notice for notice in map(_read, listed) if notice is not None]

    async def told(self, ids: Sequence[int]) -> None:
        """See `Notices.told`."""
        await self._ask("POST", "/notices/told", json={"ids": list(ids)})


def _read(raw: Any) -> Notice | None:
    message = parse_item({"custom": raw.get("message")}) if isinstance(raw, dict) else None
    if message is None or not isinstance(raw.get("id"), int) or not isinstance(raw.get("owner"), str):
        log.error("a notice refused: expected id, owner and message")
        return None
    return Notice(raw["id"], raw["owner"], message)


class NoticePump:
    """Brings notices into the log, every `poll_s` seconds."""

    def __init__(self, live: Live, notices: Notices, poll_s: float) -> None:
        self._live = live
        self._notices = notices
        self._poll_s = poll_s
        self._task: asyncio.Task[None] | None = None
        self._down = False

    def start(self) -> None:
        """Begin, beside everything else."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End; what was stored but not acknowledged is fetched again by the next process, and told once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                await self.once()
                self._down = False
            except NoticesUnavailable as down:
                if not self._down:  # once an outage, not every other second
                    log.error("notices: %s", down)
                self._down = True
            except Exception as error:
                log.error("notices: %s", type(error).__name__)

    async def once(self) -> int:
        """Fetch, store, acknowledge; returns how many were new in the log."""
        fresh, ids = 0, []
        for notice in await self._notices.due():
            said = wire.BotSaid(messages=[notice.message])
            try:
                stored = await self._live.append(notice.owner, said, client_id=f"{NOTICE_ID}/{notice.id}")
                fresh += stored.fresh
            except ConversationNotFound:
                log.warning("notice %d: its conversation is gone", notice.id)
            ids.append(notice.id)
        if ids:
            await self._notices.told(ids)
        return fresh
