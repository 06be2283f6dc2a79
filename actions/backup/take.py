"""Take a backup while everything runs."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path

from sqlalchemy import Engine, text

from actions.backends.migrations import revision
from actions.backends.vault import DataKey, Vault
from actions.backup import postgres, sqlite_file
from actions.backup.archive import measured, pack
from actions.backup.manifest import FORMAT, Manifest, Member, fingerprints

SERVICES_DB, SERVICES_DUMP, GATEWAY_DUMP = "services.db", "services.dump", "gateway.dump"
BESIDE = ("gateway.db", "answers.db")
"""SQLite files of the data folder that are there in either kind. The services come first: what they name
(a conversation) is then always in the copy that is made after them."""
MEMBERS = (SERVICES_DB, SERVICES_DUMP, GATEWAY_DUMP, *BESIDE)
HALF = (".backup-*", ".*.half")
"""What a backup leaves behind that was killed."""
DAY_S = 24 * 3600


def take(
    engine: Engine,
    keys: Sequence[DataKey],
    data_dir: Path,
    folder: Path,
    at: datetime,
    gateway: Engine | None = None,
    progress: Callable[[str], None] = lambda _name: None,
) -> tuple[Path, Manifest]:
    """Write `南昌智服 backup` of one moment into `folder`; return its path and manifest.

    Nothing is stopped: writers go on, and are in it or not. `gateway`: its database where that is PostgreSQL.
    `progress` is told each part before it is copied. Raises ValueError, BackendUnavailable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder, at)
    target = folder / f"nczf-backup-{at:%Y%m%d-%H%M%S}.tar.gz"
    if target.exists():
        raise ValueError(f"{target} 已经有了，不覆盖；请过一秒再试")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as made:
        work = Path(made)
        progress("services")
        members, server = _services(engine, work)
        if gateway is not None:
            progress(GATEWAY_DUMP)
            counted, _ = postgres.dump(gateway, work / GATEWAY_DUMP)
            members.append(measured(work / GATEWAY_DUMP, counted))
        for name in BESIDE:
            if (data_dir / name).exists():
                progress(name)
                members.append(measured(work / name, sqlite_file.copy(data_dir / name, work / name)))
        manifest = Manifest(
            format=FORMAT,
            made_at=at.isoformat(timespec="seconds"),
            database=engine.dialect.name,
            server=server,
            revision=revision(engine),
            program=_program(),
            keys=fingerprints(keys),
            audit_head=_head(engine, members[0]),
            members=tuple(members),
        )
        progress(target.name)
        pack(target, manifest, work, Vault(keys))
    return target, manifest


def _sweep(folder: Path, at: datetime) -> None:
    """Remove what killed backups of the days before left: copies of citizens' data that nobody looks for."""
    for pattern in HALF:
        for left in folder.glob(pattern):
            if left.stat().st_mtime < at.timestamp() - DAY_S:
                shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def _services(engine: Engine, work: Path) -> tuple[list[Member], str]:
    if engine.dialect.name == "postgresql":
        counted, server = postgres.dump(engine, work / SERVICES_DUMP)
        return [measured(work / SERVICES_DUMP, counted)], server
    source = Path(engine.url.database or "")
    counted = sqlite_file.copy(source, work / SERVICES_DB)
    return [measured(work / SERVICES_DB, counted)], sqlite3.sqlite_version


def _head(engine: Engine, services: Member) -> tuple[int, str]:
    """(number, chain) of the last audit row in the snapshot: rows have no gaps, so the count names it."""
    number = services.rows.get("audit_log", 0)
    if not number:
        return 0, ""
    with engine.connect() as db:
        chain = db.execute(text("SELECT chain FROM audit_log WHERE id = :id"), {"id": number}).scalar()
    return number, str(chain or "")


def _program() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("sqlalchemy", "alembic", "cryptography")},
    }
