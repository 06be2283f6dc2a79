"""The systems under contract, one run per implementation."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.server import Systems
from tests.contracts.implementations import IMPLEMENTATIONS
from tests.fakes import HeldClock


@pytest.fixture
def clock() -> HeldClock:
    """Tuesday 2026-11-24, 10:00 in Nanchang."""
    return HeldClock()


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def systems(request: pytest.FixtureRequest, tmp_path: Path, clock: HeldClock) -> Systems:
    """Fresh systems."""
    return IMPLEMENTATIONS[request.param](tmp_path, clock)
