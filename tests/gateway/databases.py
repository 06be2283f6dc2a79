"""Both databases of the gateway, one after the other, for suites that must hold on each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from gateway.database import open_database
from tests import postgres

KINDS = ("sqlite", "postgres")


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Engine]:
    """A fresh, migrated database of this kind; dropped at the end."""
    url = postgres.fresh() if kind == "postgres" else f"sqlite:///{folder / 'gateway.db'}"
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()
        if kind == "postgres":
            postgres.drop(url)
