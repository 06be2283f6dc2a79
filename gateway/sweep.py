"""What time brings about, looked for in the database every second: so any gateway can do it, and one does.

Waits that are over, officers who are gone, and messages whose gateway died before it answered them. Whoever
finds something moves it by compare-and-set; the others find it moved.
"""

from __future__ import annotations

import asyncio
import logging

from gateway.bot_turns import BotTurns
from gateway.database import StorageUnavailable
from gateway.handoffs import Handoffs
from gateway.live import Live
from gateway.registry import Registry

log = logging.getLogger(__name__)


class Sweep:
    """Runs beside everything else, every `every_s` seconds."""

    def __init__(
        self, live: Live, handoffs: Handoffs, bot: BotTurns, registry: Registry, every_s: float
    ) -> None:
        self._live = live
        self._handoffs = handoffs
        self._bot = bot
        self._registry = registry
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None
        self._away = False

    async def start(self) -> None:
        """Look once, then keep looking. Raises StorageUnavailable."""
        await self.once()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """No longer look."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def leave(self) -> None:
        """Tell the other gateways that this one is gone, so that they need not wait for its silence."""
        try:
            await self._live.database(self._registry.leave)
        except StorageUnavailable:
            return  # its silence will tell them

    async def once(self) -> None:
        """Look at everything once. Raises StorageUnavailable."""
        await self._handoffs.expire()
        await self._handoffs.give_back()
        await self._bot.own_up(self._registry)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.once()
                if self._away:
                    log.warning("database is back")
                self._away = False
            except StorageUnavailable as error:
                if not self._away:  # once an outage, not every second
                    log.error("database is away: %s", error)
                self._away = True
            except Exception:
                log.exception("sweep failed")
