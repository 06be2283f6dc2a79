"""The gateway's database: SQLite in a file by default, PostgreSQL by one setting.

What differs between the two stands here and nowhere else: how a transaction begins, how many threads may
work, what counts as away, what an error may tell.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url

from gateway.migrations import migrate

BUSY_S = 5
"""How long a statement waits for somebody else's lock."""
CONNECTIONS = 8
"""Of one gateway to PostgreSQL, and threads that use them."""


class StorageUnavailable(Exception):
    """The database cannot be used now: nothing was promised. It is tried anew with the next call."""


def open_database(at: str | Path) -> Engine:
    """Open the database of a URL (or the SQLite file of a path) and bring its tables up to date.

    Errors never carry the values of a statement: they are the citizens'. A database that is away raises
    StorageUnavailable, here and in every later call, until it is back.
    """
    url = make_url(f"sqlite:///{at}" if isinstance(at, Path) else at)
    if url.get_backend_name() == "sqlite":
        engine = _sqlite(url)
    elif url.get_backend_name() == "postgresql":
        engine = _postgresql(url.set(drivername="postgresql+psycopg"))
    else:
        raise ValueError(f"database {url.get_backend_name()!r}: expected sqlite:///FILE or postgresql://…")
    migrate(engine)
    return engine


def threads(engine: Engine) -> int:
    """How many calls may run at once: SQLite has one writer, and one thread keeps its calls in order."""
    return 1 if engine.dialect.name == "sqlite" else CONNECTIONS


def _sqlite(url: URL) -> Engine:
    """WAL with synchronous=NORMAL: a killed process loses nothing that was acknowledged; only a power

    cut may lose the last moments (docs/adr/0004). Every transaction takes the write lock at once.
    """
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            f"busy_timeout={BUSY_S * 1000}",
            "foreign_keys=ON",
            "synchronous=NORMAL",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _immediate(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    _refuse_plainly(engine, (sqlite3.OperationalError,))
    return engine


def _postgresql(url: URL) -> Engine:
    """A connection that broke is replaced before it is used; a network that swallows packets is noticed.

    Waits and statements have limits, so that no citizen's frame waits for ever.
    """
    import psycopg

    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=CONNECTIONS,
        max_overflow=4,
        pool_timeout=BUSY_S,
        connect_args={
            "connect_timeout": BUSY_S,
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
            "options": f"-c lock_timeout={BUSY_S}s -c statement_timeout={BUSY_S * 6}s",
        },
    )
    away = (
        psycopg.OperationalError,
        psycopg.InterfaceError,  # the connection broke
        psycopg.errors.ReadOnlySqlTransaction,  # after a failover, until the address follows
    )
    _refuse_plainly(engine, away)
    return engine


def _refuse_plainly(engine: Engine, away: tuple[type[BaseException], ...]) -> None:
    @event.listens_for(engine, "handle_error")
    def _unavailable(context: ExceptionContext) -> None:
        error = context.original_exception
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        if isinstance(error, away):
            if context.is_pre_ping:
                return  # the pool opens a new connection by itself
            raise StorageUnavailable(f"{engine.dialect.name}: {reason}") from error
        # PostgreSQL adds "DETAIL: Failing row contains (...)": the citizen's row, in a log sooner or later.
        error.args = (reason,)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (f"({type(error).__name__}) {reason}",)
