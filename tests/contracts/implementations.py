"""Every implementation of the backend ports. A new one is one more entry: all suites then run over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from actions.backends.clock import Clock, now
from actions.backends.database import open_database
from actions.backends.seed import seed_demo_cases
from actions.backends.store import Store, open_store
from actions.backends.vault import Vault, new_key, read_keys
from actions.server import Systems, local_systems
from tests import postgres
from tests.contracts import served


@dataclass(frozen=True)
class KnownCase:
    """A case that every implementation holds before a test begins."""

    case_no: str
    phone_last4: str
    item: str


KNOWN = KnownCase("NC202611030000175", "2468", "居住证申领")
OTHER = KnownCase("NC202611100003589", "1357", "食品经营许可证新办")
KEYS = read_keys(new_key("k1", "aes"))
"""One key for the whole run: seeded databases are copied between tests."""


@dataclass(frozen=True)
class Stand:
    """Systems under test, the store behind them, and how to put them away."""

    systems: Systems
    store: Store
    close: Callable[[], None]


@cache
def _seeded() -> bytes:
    """A database file with the demo cases in it, made once per run."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "services.db"
        store = open_store(path, KEYS)
        seed_demo_cases(store)
        store.engine.dispose()
        return path.read_bytes()


@cache
def _seeded_postgres() -> str:
    """The name of a PostgreSQL database with the demo cases in it."""
    url = postgres.fresh()
    store = open_store(url, KEYS, now)
    seed_demo_cases(store)
    store.engine.dispose()
    return str(make_url(url).database)


def sqlite_store(folder: Path, clock: Clock) -> Store:
    """A seeded SQLite file in `folder`."""
    path = folder / "services.db"
    path.write_bytes(_seeded())
    return Store(open_database(path), Vault(KEYS), clock)


def postgres_store(clock: Clock) -> tuple[Store, str]:
    """A seeded PostgreSQL database, and its URL."""
    url = postgres.fresh(_seeded_postgres())
    return Store(open_database(url), Vault(KEYS), clock), url


def local(folder: Path, clock: Clock) -> Systems:
    """The embedded systems on one SQLite file."""
    return local_systems(sqlite_store(folder, clock))


def on_sqlite(folder: Path, clock: Clock) -> Stand:
    """The embedded systems on SQLite."""
    store = sqlite_store(folder, clock)
    return Stand(local_systems(store), store, store.engine.dispose)


def on_postgres(folder: Path, clock: Clock) -> Stand:
    """The embedded systems on a real PostgreSQL."""
    store, url = postgres_store(clock)

    def close() -> None:
        store.engine.dispose()
        postgres.drop(url)

    return Stand(local_systems(store), store, close)


def over_http(folder: Path, clock: Clock) -> Stand:
    """The embedded systems on SQLite behind the reference server, called over a real socket."""
    store = sqlite_store(folder, clock)
    systems, stop = served.serve(local_systems(store))

    def close() -> None:
        stop()
        store.engine.dispose()

    return Stand(systems, store, close)


IMPLEMENTATIONS: dict[str, Callable[[Path, Clock], Stand]] = {
    "sqlite": on_sqlite,
    "postgres": on_postgres,
    "http": over_http,
}
