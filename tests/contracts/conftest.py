"""The systems under contract, one run per implementation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.server import Systems
from tests.contracts.implementations import IMPLEMENTATIONS, Stand
from tests.fakes import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    """Tuesday 2026-11-24, 10:00 in Nanchang."""
    return HeldClock()


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def stand(request: pytest.FixtureRequest, tmp_path: Path, clock: HeldClock) -> Iterator[Stand]:
    """Fresh systems and the store behind them."""
    made = IMPLEMENTATIONS[request.param](tmp_path, clock)
    yield made
    made.close()


@pytest.fixture
def systems(stand: Stand) -> Systems:
    """Fresh systems."""
    return stand.systems
