"""Migrations down and up again with the data of today, which fills every table, not only the oldest."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from sqlalchemy import event, func, inspect, select, text

from actions.backends import audit
from actions.backends.case_events import read_event
from actions.backends.case_feed import LocalCaseFeed
from actions.backends.database import open_database
from actions.backends.migrations import migrate, revision
from actions.backends.ports import CaseNotFound
from actions.backends.soundness import revisions
from actions.backends.store import Store, open_store
from actions.backends.tables import metadata
from actions.backends.vault import Vault
from actions.server import local_systems
from tests import postgres
from tests.contracts.implementations import KEYS, KNOWN, postgres_store, sqlite_store
from tests.contracts.privacy_life import ANNA, BORIS, life, own_case, put_right
from tests.fakes import HeldClock

FULL = {
    "audit_log", "bookings", "case_events", "case_followers", "cases", "lookup_budgets", "lookup_failures",
    "notices", "order_steps", "ratings", "rectification_steps", "rectifications", "slots", "work_orders",
}  # fmt: skip
"""Tables that the lives below leave something in."""
BEFORE_ALL = ("cases", "bookings", "work_orders", "ratings", "slots")
"""What the oldest revision has tables for."""


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    url = None
    if request.param == "sqlite":
        made = sqlite_store(tmp_path, HeldClock())
    else:
        made, url = postgres_store(HeldClock())
    yield made
    made.engine.dispose()
    if url:
        postgres.drop(url)


def lives(store):
    systems = local_systems(store)
    own_case(store, ANNA)
    first = life(systems, ANNA)
    life(systems, BORIS, 1)
    put_right(systems, f"booking:{first['booking']}")
    with pytest.raises(CaseNotFound):
        systems.cases.status(KNOWN.case_no, phone_last4="0000", client="c-guess")
    whole = {"event_id": "e-1", "case_no": KNOWN.case_no, "status": "制证", "at": "2026-11-24T09:00:00+08:00"}
    LocalCaseFeed(store, "s").take(read_event(json.dumps(whole).encode(), store.clock()))
    return first


def counts(engine):
    with engine.connect() as db:
        return {
            name: db.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in sorted(inspect(db).get_table_names())
        }


def test_all_the_way_down_and_up_again_with_the_data_of_today(store):
    lives(store)
    before = counts(store.engine)
    assert {name for name in FULL if not before[name]} == set()
    steps = revisions()
    for step in reversed(steps):
        assert migrate(store.engine, store.vault, step) == step == revision(store.engine)
    down = counts(store.engine)
    assert {name: down[name] for name in BEFORE_ALL} == {name: before[name] for name in BEFORE_ALL}
    for step in steps:
        assert migrate(store.engine, store.vault, step) == step
    after = counts(store.engine)
    assert set(after) == set(before) and {n: after[n] for n in BEFORE_ALL} == {
        n: before[n] for n in BEFORE_ALL
    }
    systems = local_systems(Store(store.engine, store.vault, store.clock))
    case = systems.cases.status(KNOWN.case_no, phone_last4=KNOWN.phone_last4, client="c-9")
    assert (case.item, case.status) == (KNOWN.item, "制证")
    assert audit.verify(store)[1] == []
    life(systems, replace(BORIS, phone="13870590000", owner="c-third"), 2)  # it goes on working


def test_one_step_down_and_up_loses_nothing_of_the_tables_that_stay(store):
    numbers = lives(store)
    before = counts(store.engine)
    previous = revisions()[-2]
    migrate(store.engine, store.vault, previous)
    migrate(store.engine, store.vault)
    after = counts(store.engine)
    assert {name: n for name, n in before.items() if after.get(name) != n} == {}
    systems = local_systems(store)
    assert systems.bookings.find(numbers["booking"], owner=ANNA.owner).name == ANNA.name
    assert systems.work_orders.find(numbers["order"], owner=ANNA.owner).text.startswith(ANNA.words)
    assert audit.verify(store)[1] == []


def test_a_migration_that_breaks_off_leaves_the_revision_it_began_with(store):
    lives(store)
    steps = revisions()
    before = counts(store.engine)

    def cut(connection, cursor, statement, *rest):
        if "alembic_version" in statement and statement.startswith("UPDATE"):
            raise RuntimeError("power cut")

    event.listen(store.engine, "before_cursor_execute", cut)
    with pytest.raises(RuntimeError):
        migrate(store.engine, store.vault, steps[-2])
    event.remove(store.engine, "before_cursor_execute", cut)
    assert revision(store.engine) == steps[-1] and counts(store.engine) == before
    assert migrate(store.engine, store.vault, steps[-2]) == steps[-2]


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_processes_that_start_at_once_wait_for_the_one_that_migrates(where, tmp_path):
    """Also when it takes longer than anybody waits for a lock in ordinary work."""
    url = postgres.fresh() if where == "postgres" else tmp_path / "services.db"
    begun, reached = threading.Event(), []
    slow = open_database(url, busy_ms=100)

    @event.listens_for(slow, "before_cursor_execute")
    def _slow(connection, cursor, statement, *rest):
        if "CREATE TABLE notices" in statement:
            begun.set()
            threading.Event().wait(1.0)

    def start(engine):
        try:
            reached.append(migrate(engine, Vault(KEYS)))
        except Exception as fault:  # noqa: BLE001 - told below
            reached.append(fault)

    first = threading.Thread(target=start, args=(slow,))
    first.start()
    assert begun.wait(20)
    others = [open_database(url, busy_ms=100) for _ in range(2)]
    crowd = [threading.Thread(target=start, args=(engine,)) for engine in others]
    for one in crowd:
        one.start()
    for one in (first, *crowd):
        one.join(60)
    assert reached == [revisions()[-1]] * 3
    for engine in (slow, *others):
        engine.dispose()
    store = open_store(url, KEYS, HeldClock())
    with store.begin() as db:
        assert db.execute(select(func.count()).select_from(metadata.tables["cases"])).scalar() == 0
    store.engine.dispose()
    if where == "postgres":
        postgres.drop(url)
