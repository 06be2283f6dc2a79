"""The systems under contract, one run per implementation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.backends.ports import Notice
from actions.backends.store import Store
from actions.backends.tables import notices
from actions.notice_routes import ANY, DATA, worded
from actions.phrases import Phrases
from actions.server import Systems
from tests.contracts.implementations import IMPLEMENTATIONS, Stand
from tests.fakes import HeldClock

NOTICES = Phrases.load(DATA)


@pytest.fixture
def clock() -> HeldClock:
    """Tuesday 2026-11-24, 10:00 in Nanchang."""
    return HeldClock()


def unworded(store: Store) -> set[str]:
    """Kinds of the notices in a store that data/notices.yml has no sentence for, or not the values of one."""
    with store.begin() as db:
        posted = db.execute(select(notices.c.owner, notices.c.kind, notices.c.payload)).all()
    found = [Notice(1, r.owner, r.kind, json.loads(r.payload), store.clock()) for r in posted]
    return {n.kind for n in found if n.kind != "made_up" and worded(n, NOTICES)["status"] == ANY}


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def stand(request: pytest.FixtureRequest, tmp_path: Path, clock: HeldClock) -> Iterator[Stand]:
    """Fresh systems and the store behind them."""
    made = IMPLEMENTATIONS[request.param](tmp_path, clock)
    yield made
    try:
        assert unworded(made.store) == set(), "kinds of notices without a sentence in notices.yml"
    finally:
        made.close()


@pytest.fixture
def systems(stand: Stand) -> Systems:
    """Fresh systems."""
    return stand.systems
