"""The database of the embedded systems: SQLite in a file by default, PostgreSQL by one setting.

What differs between the two stands here and nowhere else: how a transaction begins, how a critical section
is held, how "insert unless it is there" is written, how a moment is stored, what counts as unavailable, what
an error may tell.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    ExceptionContext,
    String,
    Table,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

from actions.backends.clock import SHANGHAI
from actions.backends.ports import BackendUnavailable

READS = "reads_only"
"""Execution option of a connection that only reads: in SQLite it then stops no writer."""
WAIT_S = 120
"""How long `unhurried` waits for a lock of somebody else, such as of a process that is migrating."""


class Moment(TypeDecorator[datetime]):
    """A timezone-aware moment, read back in Asia/Shanghai.

    timestamptz in PostgreSQL; in SQLite text of fixed width, so that comparing text compares time.
    """

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What the database stores."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuses a moment without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"moment {value.isoformat()} has no time zone; use the injected clock")
        local = value.astimezone(SHANGHAI)
        return local if dialect.name == "postgresql" else f"{local:%Y-%m-%dT%H:%M:%S.%f}+08:00"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always in Asia/Shanghai."""
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(SHANGHAI)


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


def open_database(url: str | Path, busy_ms: int = 5000) -> Engine:
    """Open the database of a URL (or the SQLite file of a path). Tables are the business of `migrate`.

    A database that cannot be used (locked longer than `busy_ms` milliseconds, disk full, unreachable) raises
    BackendUnavailable. Errors never carry the values of a statement: they are the citizens'.
    """
    parsed = make_url(sqlite_url(url) if isinstance(url, Path) else url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(Path(parsed.database or ""), busy_ms)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(parsed.set(drivername="postgresql+psycopg"), busy_ms)
    raise ValueError(f"database {parsed.get_backend_name()!r}: expected sqlite:///FILE or postgresql://…")


def _open_sqlite(path: Path, busy_ms: int) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(sqlite_url(path), hide_parameters=True, pool_timeout=busy_ms / 1000)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        # WAL: readers never block the writer. FULL: a number that was given out is on the disk.
        # secure_delete: what a migration sealed or an erasure blanked leaves no plain text in free pages.
        for pragma in (
            f"busy_timeout={busy_ms}",
            "journal_mode=WAL",
            "foreign_keys=ON",
            "synchronous=FULL",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _immediate(connection: Connection) -> None:
        # Take the write lock at once: two bookings can then never deadlock half way.
        reads = connection.get_execution_options().get(READS, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    _refuse_plainly(engine, path.name, (sqlite3.OperationalError,))
    return engine


def _open_postgresql(url: Any, busy_ms: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=8,
        pool_timeout=busy_ms / 1000,
        connect_args={
            "connect_timeout": 5,
            # A network that swallows packets is noticed, not waited for.
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
            "options": f"-c lock_timeout={busy_ms} -c statement_timeout={busy_ms * 6}",
        },
    )
    import psycopg

    gone = (
        psycopg.OperationalError,
        psycopg.InterfaceError,  # the connection broke
        psycopg.errors.ReadOnlySqlTransaction,  # after a failover, until the address follows
    )
    _refuse_plainly(engine, url.database or "postgresql", gone)
    return engine


def _refuse_plainly(engine: Engine, system: str, kinds: tuple[type[BaseException], ...]) -> None:
    @event.listens_for(engine, "handle_error")
    def _unavailable(context: ExceptionContext) -> None:
        error = context.original_exception
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        if isinstance(error, kinds):
            if context.is_pre_ping:
                return  # the pool opens a new connection by itself
            raise BackendUnavailable(system, reason) from error
        # PostgreSQL adds "DETAIL: Failing row contains (...)": the citizen's row, in a log sooner or later.
        error.args = (reason,)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (f"({type(error).__name__}) {reason}",)


def unhurried(db: Connection) -> None:
    """From here on no statement of this transaction is cut off by time: for the administrator's long work.

    In PostgreSQL alone; SQLite knows no such limit.
    """
    if db.dialect.name == "postgresql":
        db.execute(text("SET LOCAL statement_timeout = 0"))
        db.execute(text(f"SET LOCAL lock_timeout = '{WAIT_S}s'"))


def hold(db: Connection, *names: str) -> None:
    """Be alone with these names until the transaction ends; later callers with one of them wait.

    In SQLite the transaction is alone anyway. In PostgreSQL advisory locks are taken, in sorted order so that
    two callers never wait for each other; a caller that holds names in two steps must do so in one order.
    """
    if db.dialect.name == "postgresql":
        for name in sorted(set(names)):
            db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def insert_new(db: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> int:
    """Insert the rows that break no unique constraint; return how many were new."""
    insert: Any = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    once = [insert(table).values(**row).on_conflict_do_nothing() for row in rows]
    return sum(db.execute(one, execution_options={"preserve_rowcount": True}).rowcount for one in once)
