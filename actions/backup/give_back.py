"""Restore a backup: verify first, touch the data last."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from actions.backends import audit
from actions.backends.audit_anchor import NAME as AUDIT_HEADS
from actions.backends.clock import Clock
from actions.backends.database import open_database, unhurried
from actions.backends.migrations import migrate
from actions.backends.retired_keys import AuditVault, RetiredKey
from actions.backends.soundness import revisions
from actions.backends.store import Store
from actions.backends.vault import DataKey, Vault
from actions.backup import postgres, sqlite_file
from actions.backup.archive import read_head, unpack
from actions.backup.manifest import Manifest, refuse_changed, refuse_wrong_keys
from actions.backup.take import BESIDE, GATEWAY_DUMP, MEMBERS, SERVICES_DB, SERVICES_DUMP


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `rows`: of every database together; `aside`: files that were put out of the way."""

    made_at: str
    revision: str
    rows: dict[str, int]
    audit_rows: int
    aside: tuple[str, ...]


def examine(archive: Path, url_kind: str, keys: Sequence[DataKey]) -> Manifest:
    """The manifest, when the archive is ours, unchanged, and fits this program, these settings and keys.

    Raises ValueError that names what does not fit.
    """
    manifest, text_, mark = read_head(archive)
    refuse_wrong_keys(manifest, keys)
    refuse_changed(text_, mark, Vault(keys))
    if manifest.database != url_kind:
        raise ValueError(
            f"备份的业务库是 {manifest.database}，设置里是 {url_kind}；请先按备份设置 NCZF_SERVICES_DATABASE"
        )
    if manifest.revision not in ("base", *revisions()):
        raise ValueError(f"备份的数据库版本 {manifest.revision} 比程序新；请用更新的程序恢复")
    return manifest


def give_back(
    archive: Path,
    engine: Engine,
    keys: Sequence[DataKey],
    data_dir: Path,
    clock: Clock,
    *,
    force: bool,
    actor: str,
    retired: Sequence[RetiredKey] = (),
    gateway: Engine | None = None,
) -> Restored:
    """Restore, migrate, and verify row counts and the audit trail. Raises ValueError.

    SQLite files are verified before they take their place; what stood there is renamed, never deleted.
    PostgreSQL (`gateway`: the gateway's, where that is one) is replaced in one transaction each and verified
    afterwards. Broken off, it is run again with `force`.
    """
    manifest = examine(archive, engine.dialect.name, keys)
    _refuse_another_gateway(manifest, gateway)
    data_dir.mkdir(parents=True, exist_ok=True)
    _refuse_loss(engine, data_dir, manifest, force, gateway)
    vault = AuditVault(keys, retired)
    stamp = f"before-restore-{clock():%Y%m%d-%H%M%S}"
    with tempfile.TemporaryDirectory(dir=data_dir, prefix=".restore-") as made:
        work = Path(made)
        unpack(archive, manifest, MEMBERS, work)
        for member in manifest.members:
            if member.name not in (SERVICES_DUMP, GATEWAY_DUMP):
                _compare(member.name, member.rows, sqlite_file.rows(work / member.name))
        if engine.dialect.name == "postgresql":
            engine.dispose()
            postgres.restore(engine, work / SERVICES_DUMP, work)
            audit_rows = _verify(engine, vault, manifest, clock, actor)
        else:
            staged = open_database(work / SERVICES_DB)
            audit_rows = _verify(staged, vault, manifest, clock, actor)
            staged.dispose()  # the last connection folds the -wal into the file
        if gateway is not None:
            _restore_gateway(gateway, work, manifest)
        aside = [
            sqlite_file.put_aside(target, stamp)
            for name, target in _targets(engine, data_dir).items()
            if (work / name).exists()
        ]
        for name, target in _targets(engine, data_dir).items():
            if (work / name).exists():
                (work / name).replace(target)
                target.chmod(0o600)
    # Heads of rows that were lost with the old database would be called a cut tail for ever.
    heads = data_dir / AUDIT_HEADS
    if heads.exists():
        aside.append(heads.replace(heads.with_name(f"{heads.name}.{stamp}")))
    rows = {f"{m.name}:{table}": count for m in manifest.members for table, count in sorted(m.rows.items())}
    kept = tuple(str(path) for path in aside if path)
    return Restored(manifest.made_at, manifest.revision, rows, audit_rows, kept)


def _targets(engine: Engine, data_dir: Path) -> dict[str, Path]:
    """Member name -> SQLite file that it becomes."""
    found = {name: data_dir / name for name in BESIDE}
    if engine.dialect.name == "sqlite":
        found[SERVICES_DB] = Path(engine.url.database or "")
    return found


def _refuse_another_gateway(manifest: Manifest, gateway: Engine | None) -> None:
    if manifest.member(GATEWAY_DUMP) and gateway is None:
        raise ValueError("备份里有网关的 PostgreSQL 库；请先按备份设置 NCZF_GATEWAY_DATABASE")
    if gateway is not None and not manifest.member(GATEWAY_DUMP):
        raise ValueError(
            "备份里没有网关的 PostgreSQL 库；请先去掉 NCZF_GATEWAY_DATABASE 的设置，或换一份备份"
        )


def _restore_gateway(gateway: Engine, work: Path, manifest: Manifest) -> None:
    gateway.dispose()
    postgres.restore(gateway, work / GATEWAY_DUMP, work)
    with gateway.connect() as db:
        unhurried(db)
        counted = postgres.count(db)
    _compare(GATEWAY_DUMP, next(m.rows for m in manifest.members if m.name == GATEWAY_DUMP), counted)


def _refuse_loss(
    engine: Engine, data_dir: Path, manifest: Manifest, force: bool, gateway: Engine | None
) -> None:
    full = []
    for name, path in _targets(engine, data_dir).items():
        if manifest.member(name):
            sqlite_file.refuse_if_open(path)
            full += [path.name] if sqlite_file.holds_something(path) else []
    for server in (engine, gateway):
        if server is None or server.dialect.name != "postgresql":
            continue
        with server.connect() as db:
            unhurried(db)
            counted = postgres.count(db)
        held = any(rows for table, rows in counted.items() if table != "alembic_version")
        full += [str(server.url.database)] if held else []
    if full and not force:
        raise ValueError(
            f"{'、'.join(full)} 里已经有数据，不覆盖；确定要用备份替换时加 --force（make restore … FORCE=1）"
        )


def _compare(name: str, expected: dict[str, int], found: dict[str, int]) -> None:
    if wrong := sorted(table for table in expected | found if expected.get(table) != found.get(table)):
        one = wrong[0]
        raise ValueError(
            f"{name} 的行数与清单不符：{one} 应有 {expected.get(one)} 行，实有 {found.get(one)} 行；"
            "请换一份备份"
        )


def _verify(engine: Engine, vault: Vault, manifest: Manifest, clock: Clock, actor: str) -> int:
    """Counts as backed up, then the newest revision, then the trail; ends with a row of its own."""
    services = next(m for m in manifest.members if m.name in (SERVICES_DB, SERVICES_DUMP))
    if engine.dialect.name == "postgresql":
        with engine.connect() as db:
            unhurried(db)
            _compare(services.name, services.rows, postgres.count(db))
    migrate(engine, vault)
    store = Store(engine, vault, clock)
    count, faults = audit.verify(store)
    number, chain = manifest.audit_head
    if number and not faults:
        with engine.connect() as db:
            found = db.execute(text("SELECT chain FROM audit_log WHERE id = :id"), {"id": number}).scalar()
        faults = [] if found == chain else [f"第 {number} 条不是备份时的那一条"]
    if faults or count != number:
        raise ValueError(f"恢复的审计链不对：{'；'.join(faults) or f'应有 {number} 条，实有 {count} 条'}")
    with store.begin() as db:
        audit.record(
            db,
            vault,
            at=clock(),
            actor=actor,
            action="backup.restore",
            subject=f"backup:{manifest.made_at}",
            detail={"revision": manifest.revision},
        )
    return count + 1
