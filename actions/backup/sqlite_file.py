"""SQLite files: copied while in use, counted, looked at, and put back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

BESIDE = ("", "-wal", "-shm", "-journal")
"""Endings of the files that make up one database."""


def copy(source: Path, target: Path) -> dict[str, int]:
    """Copy one moment of a database that others are writing; return its row counts.

    In WAL mode the copy is one read: writers go on and are not in it. Raises ValueError for a broken file.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as read,
            closing(sqlite3.connect(target)) as write,
        ):
            read.backup(write, pages=-1)
            write.execute("PRAGMA journal_mode=DELETE")  # the copy is one file, without its -wal
    except sqlite3.Error as broken:
        raise ValueError(f"{source.name} 读不了：{broken}") from broken
    return rows(target)


def rows(path: Path) -> dict[str, int]:
    """Table -> number of rows, after checking that the file is whole. Raises ValueError if it is not."""
    try:
        with closing(sqlite3.connect(path)) as db:
            state = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if state != "ok":
                raise ValueError(f"{path.name} 已损坏：{state}")
            return {name: _count(db, name) for name in _tables(db)}
    except sqlite3.Error as broken:
        raise ValueError(f"{path.name} 已损坏：{broken}") from broken


def holds_something(path: Path) -> bool:
    """True if a restore would destroy something: a row, or a file that is no database at all."""
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        counted = rows(path)
    except ValueError:
        return True
    return any(count for table, count in counted.items() if table != "alembic_version")


def refuse_if_open(path: Path) -> None:
    """Raises ValueError while another process has the database open."""
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with closing(sqlite3.connect(path, timeout=1)) as db:
            db.execute("PRAGMA journal_mode=DELETE")  # leaves WAL only when nobody else is connected
    except sqlite3.OperationalError as busy:
        raise ValueError(
            f"{path.name} 正在使用（{busy}）；请先停止服务（Ctrl-C 结束 make run）再恢复"
        ) from busy
    except sqlite3.DatabaseError:
        return  # no database, so nobody uses it as one


def put_aside(path: Path, stamp: str) -> Path | None:
    """Rename a database out of the way; None if there was none."""
    aside = path.with_name(f"{path.name}.{stamp}")
    for ending in BESIDE:
        part = path.with_name(path.name + ending)
        if part.exists():
            part.replace(aside.with_name(aside.name + ending))
    return aside if aside.exists() else None


def _tables(db: sqlite3.Connection) -> list[str]:
    found = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return sorted(name for (name,) in found)


def _count(db: sqlite3.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    return int(db.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])
