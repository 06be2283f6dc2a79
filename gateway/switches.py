"""Switches that work at once and without a restart: the bot, each channel, and the emergency notice.

Every change is one row that stays (who, why, when); the state is the latest row of each name.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.database import StorageUnavailable
from gateway.schema_sql import switch_changes
from gateway.store import DatabaseThread

log = logging.getLogger(__name__)
CHANNELS = ("portal", "app", "partner")
ON, OFF = "on", "off"
NAMES = ("bot", *(f"channel.{channel}" for channel in CHANNELS), "notice")
NOTICE_LIMIT = 200
"""Characters of the emergency notice."""
REASON_LIMIT = 200
Level = Literal["info", "warning"]


class BadSwitch(Exception):
    """A change that makes no sense; names what, got, expected."""


@dataclass(frozen=True, slots=True)
class Board:
    """All switches at one moment."""

    bot: bool = True
    """False: the bot is silent everywhere; people are still reached."""
    closed: frozenset[str] = frozenset()
    """Channels on which nobody begins or goes on."""
    notice: str = ""
    """Sentence at the top of every citizen's page; empty: none."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change that was made."""

    name: str
    value: str
    by: str
    reason: str
    at: str
    """ISO 8601, UTC."""


def checked(name: str, value: str, reason: str) -> tuple[str, str]:
    """The value and reason as they are kept. Raises BadSwitch."""
    value, reason = " ".join(value.split()), " ".join(reason.split())
    if name not in NAMES:
        raise BadSwitch(f"no switch {name!r}; expected one of {', '.join(NAMES)}")
    if name == "notice":
        if len(value) > NOTICE_LIMIT:
            raise BadSwitch(f"notice has {len(value)} characters, at most {NOTICE_LIMIT}")
    elif value not in (ON, OFF):
        raise BadSwitch(f"{name} is {value!r}; expected on or off")
    if not reason or len(reason) > REASON_LIMIT:
        raise BadSwitch(f"a change needs a reason of 1 to {REASON_LIMIT} characters")
    return value, reason


class Switches:
    """The switches in the gateway's database. Synchronous; run it in the database thread."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def board(self) -> Board:
        """The state now."""
        latest = select(func.max(switch_changes.c.id)).group_by(switch_changes.c.name)
        with self._engine.begin() as db:
            rows = db.execute(
                select(switch_changes.c.name, switch_changes.c.value).where(switch_changes.c.id.in_(latest))
            )
            values = {name: value for name, value in rows}
        closed = (c for c in CHANNELS if values.get(f"channel.{c}") == OFF)
        return Board(values.get("bot") != OFF, frozenset(closed), values.get("notice", ""))

    def change(self, name: str, value: str, *, by: str, reason: str) -> Change:
        """Make and keep a change. Raises BadSwitch."""
        value, reason = checked(name, value, reason)
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")
        with self._engine.begin() as db:
            db.execute(insert(switch_changes).values(name=name, value=value, by=by, reason=reason, at=at))
        return Change(name, value, by, reason, at)

    def history(self, limit: int = 50) -> list[Change]:
        """Latest changes first."""
        columns = [switch_changes.c[name] for name in ("name", "value", "by", "reason", "at")]
        with self._engine.begin() as db:
            rows = db.execute(select(*columns).order_by(switch_changes.c.id.desc()).limit(limit))
            return [Change(*row) for row in rows]


class SwitchWatch:
    """Knows the board of a moment ago, so that no message waits for the database; tells who must hear."""

    def __init__(self, switches: Switches, database: DatabaseThread, poll_s: float) -> None:
        self._switches, self._database = switches, database
        self._poll_s = poll_s
        self._told: list[Callable[[Board], None]] = []
        self._task: asyncio.Task[None] | None = None
        self.board = Board()

    def tell(self, changed: Callable[[Board], None]) -> None:
        """Call `changed` with every new board."""
        self._told.append(changed)

    async def start(self) -> None:
        """Read the board, then keep looking: another process, or a command, may change it."""
        self.board = await self._database(self._switches.board)
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def stop(self) -> None:
        """No longer look."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Read the board now; tell if it changed."""
        board = await self._database(self._switches.board)
        if board != self.board:
            self.board = board
            closed = ",".join(sorted(board.closed))
            log.warning("switches: bot=%s closed=%s notice=%d", board.bot, closed, len(board.notice))
            for changed in self._told:
                changed(board)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                await self.look()
            except (SQLAlchemyError, StorageUnavailable) as error:
                # The board of a moment ago stands until the database is back.
                log.error("switches cannot be read: %s", type(error).__name__)
