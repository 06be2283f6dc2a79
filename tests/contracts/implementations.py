"""Every implementation of the backend ports. A new one is one more entry: all suites then run over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from actions.backends.clock import Clock
from actions.backends.halls import load as load_halls
from actions.backends.local_bookings import LocalBookings
from actions.backends.local_cases import LocalCases
from actions.backends.local_ratings import LocalRatings
from actions.backends.local_work_orders import LocalWorkOrders
from actions.backends.schema import open_database
from actions.backends.seed import seed_demo_cases
from actions.server import Systems


@dataclass(frozen=True)
class KnownCase:
    """A case that every implementation holds before a test begins."""

    case_no: str
    phone_last4: str
    item: str


KNOWN = KnownCase("NC202611030000175", "2468", "居住证申领")
OTHER = KnownCase("NC202611100003589", "1357", "食品经营许可证新办")


@cache
def _seeded() -> bytes:
    """A database file with the demo cases in it, made once per run."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "services.db"
        engine = open_database(path)
        seed_demo_cases(engine)
        engine.dispose()
        return path.read_bytes()


_plan = cache(load_halls)


def local(folder: Path, clock: Clock) -> Systems:
    """The embedded systems on one SQLite file."""
    path = folder / "services.db"
    path.write_bytes(_seeded())
    engine = open_database(path)
    return Systems(
        LocalCases(engine, clock),
        LocalBookings(engine, _plan(), clock),
        LocalWorkOrders(engine, clock),
        LocalRatings(engine, clock),
    )


IMPLEMENTATIONS: dict[str, Callable[[Path, Clock], Systems]] = {"local": local}
