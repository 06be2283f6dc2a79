"""The embedded systems on an empty file, and a clock that stands still."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.phrases import DATA, Phrases
from actions.server import Systems
from tests.contracts.implementations import local
from tests.fakes import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    """Tuesday 2026-11-24, 10:00 in Nanchang."""
    return HeldClock()


@pytest.fixture
def systems(tmp_path: Path, clock: HeldClock) -> Systems:
    """Cases, bookings, work orders and ratings."""
    return local(tmp_path, clock)


@pytest.fixture(scope="session")
def phrases() -> Phrases:
    """The approved sentences."""
    return Phrases.load(DATA)
