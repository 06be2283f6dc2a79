"""Every implementation of the backend ports. A new one is one more entry: all suites then run over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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


def local(folder: Path, clock: Clock) -> Systems:
    """The embedded systems on one SQLite file."""
    engine = open_database(folder / "services.db")
    seed_demo_cases(engine)
    return Systems(
        LocalCases(engine, clock),
        LocalBookings(engine, load_halls(), clock),
        LocalWorkOrders(engine, clock),
        LocalRatings(engine, clock),
    )


IMPLEMENTATIONS: dict[str, Callable[[Path, Clock], Systems]] = {"local": local}
