"""Is the services database whole? File, shape, keys and audit trail, each by its own question."""

from __future__ import annotations

from dataclasses import dataclass

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select, text

from actions.backends import audit
from actions.backends.database import unhurried
from actions.backends.migrations import revision
from actions.backends.migrations.migrate import FOLDER
from actions.backends.store import Store
from actions.backends.tables import metadata
from actions.backends.vault import SealBroken

SAMPLE = 200
"""Sealed values opened per column and key."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One question and its answer."""

    what: str
    sound: bool
    detail: str


def revisions() -> list[str]:
    """Every revision this program knows, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return sorted(step.revision for step in ScriptDirectory.from_config(config).walk_revisions())


def newest() -> str:
    """The newest revision this program knows."""
    return revisions()[-1]


def check(store: Store) -> list[Finding]:
    """All findings; the later questions are asked only of a database with the right revision."""
    here, head = revision(store.engine), newest()
    findings = [Finding("版本", here == head, here if here == head else f"{here}，程序需要 {head}")]
    with store.read() as db:  # of a large file this takes a while, and stops no writer
        unhurried(db)
        findings.insert(0, _file(db))
        if here == head:
            findings.append(_tables(db))
            findings.append(_seals(store, db))
    if here == head:
        rows, faults = audit.verify(store)
        findings.append(Finding("审计链", not faults, "；".join(faults) or f"{rows} 条，前后相连"))
    return findings


def _file(db: Connection) -> Finding:
    if db.dialect.name != "sqlite":
        return Finding("数据库", True, str(db.execute(text("SHOW server_version")).scalar()))
    faults = [row[0] for row in db.execute(text("PRAGMA quick_check")) if row[0] != "ok"]
    faults += [
        f"{row[0]} 第 {row[1]} 行缺少所属的记录" for row in db.execute(text("PRAGMA foreign_key_check"))
    ]
    return Finding("文件", not faults, "；".join(faults[:5]) or "完整")


def _tables(db: Connection) -> Finding:
    missing = sorted(set(metadata.tables) - set(inspect(db).get_table_names()))
    return Finding(
        "表", not missing, f"缺少 {'、'.join(missing)}" if missing else f"{len(metadata.tables)} 张"
    )


def _seals(store: Store, db: Connection) -> Finding:
    """Opens a sample of every sealed column under every key that occurs in it."""
    opened, faults = 0, []
    for table in metadata.sorted_tables:
        for column in (c for c in table.columns if c.info.get("sealed")):
            key_id = func.substr(column, 1, func.length(column) - func.length(func.ltrim(column, ALPHABET)))
            for (found,) in db.execute(select(key_id).where(column != "").distinct()).all():
                values = db.scalars(select(column).where(column.like(f"{found}.%")).limit(SAMPLE))
                try:
                    opened += sum(bool(store.vault.open(f"{table}.{column.name}", v)) for v in values)
                except SealBroken as broken:
                    faults.append(str(broken))
    return Finding("密钥", not faults, "；".join(faults) or f"抽查 {opened} 处，都能打开")


ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Characters of key ids (`str.isalnum` of ASCII); the first other one, a dot, ends the id."""
