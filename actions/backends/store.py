"""What every embedded system needs: the database, the vault, the clock. Chosen once, at the root."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolExhausted

from actions.backends.clock import Clock, now
from actions.backends.database import READS, open_database
from actions.backends.migrations import migrate
from actions.backends.ports import BackendUnavailable
from actions.backends.vault import DataKey, Vault

TURN_S = 5.0


@dataclass(frozen=True, slots=True)
class Store:
    """The shared ground of the embedded systems."""

    engine: Engine
    vault: Vault
    clock: Clock
    turn: Lock = field(default_factory=Lock, repr=False, compare=False)
    """SQLite writes one at a time: waiting here is fair and cheap, waiting in the file is polling."""

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back by an exception. Raises BackendUnavailable."""
        try:
            with self._alone(), self.engine.begin() as db:
                yield db
        except PoolExhausted as busy:
            raise BackendUnavailable("services", "every connection is in use") from busy

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot to read from; writers go on beside it. Raises BackendUnavailable.

        Writing here may fail in SQLite: use `begin`.
        """
        try:
            with self.engine.connect().execution_options(**{READS: True}) as db, db.begin():
                yield db
        except PoolExhausted as busy:
            raise BackendUnavailable("services", "every connection is in use") from busy

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self.engine.dialect.name != "sqlite":
            yield
            return
        if not self.turn.acquire(timeout=TURN_S):
            raise BackendUnavailable("services", f"no turn to write within {TURN_S:g} s")
        try:
            yield
        finally:
            self.turn.release()


def open_store(url: str | Path, keys: Sequence[DataKey], clock: Clock = now) -> Store:
    """Open the database and bring its tables up to date."""
    vault = Vault(keys)
    engine = open_database(url)
    try:
        migrate(engine, vault)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, vault, clock)
