"""Which gateways share this database and live: each counts its beats, the others watch the counter move.

No two clocks are compared: a gateway lives while its counter has changed lately by the watcher's own clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select, update

from gateway.schema_sql import gateways

DEAD_AFTER_S = 5.0
FORGET_AFTER_S = 600.0


@dataclass(frozen=True, slots=True)
class Beat:
    """A counter, and when it was first seen at this value."""

    count: int
    since: float


class Registry:
    """The living gateways, as one of them sees it. Synchronous; run it in a database thread."""

    def __init__(
        self,
        engine: Engine,
        gateway_id: str,
        *,
        alone: bool,
        clock: Callable[[], float] = time.monotonic,
        dead_after_s: float = DEAD_AFTER_S,
    ) -> None:
        """
        Args:
            engine: the database that they share.
            gateway_id: this gateway.
            alone: only one may run on this database (SQLite): all others are dead, and nothing is written.
            clock: seconds, from any beginning.
            dead_after_s: a counter that stood still for so long belongs to the dead.

        """
        self._engine = engine
        self._id = gateway_id
        self._alone = alone
        self._clock = clock
        self._dead_after_s = dead_after_s
        self._seen: dict[str, Beat] = {}

    def beat(self) -> None:
        """Count one up, and look at the others. Raises StorageUnavailable."""
        if self._alone:
            return
        now = self._clock()
        with self._engine.begin() as db:
            mine = gateways.c.id == self._id
            if not db.execute(
                update(gateways).where(mine).values(beats=gateways.c.beats + 1).returning(gateways.c.id)
            ).first():
                db.execute(insert(gateways).values(id=self._id, beats=1))
            counts = {row.id: row.beats for row in db.execute(select(gateways))}
            self._seen = {
                name: known if (known := self._seen.get(name)) and known.count == count else Beat(count, now)
                for name, count in counts.items()
            }
            old = (name for name, beat in self._seen.items() if now - beat.since > FORGET_AFTER_S)
            gone = [name for name in old if name != self._id]
            if gone:
                db.execute(delete(gateways).where(gateways.c.id.in_(gone)))

    def lives(self, gateway_id: str) -> bool:
        """True for this gateway and for those whose counter moved lately."""
        if gateway_id == self._id:
            return True
        beat = self._seen.get(gateway_id)
        return beat is not None and self._clock() - beat.since < self._dead_after_s

    def leave(self) -> None:
        """Going away on purpose: the others need not wait. Raises StorageUnavailable."""
        if not self._alone:
            with self._engine.begin() as db:
                db.execute(delete(gateways).where(gateways.c.id == self._id))
