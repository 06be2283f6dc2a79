"""Nothing that identifies a person stands in the database in plain, whatever that person did."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import text

from actions.backends.database import open_database
from actions.backends.migrations import migrate
from actions.backends.personal import personal_tables
from actions.backends.vault import Vault
from actions.server import local_systems
from tests import postgres
from tests.contracts.implementations import KEYS, postgres_store, sqlite_store
from tests.contracts.privacy_life import ANNA, dump, file_bytes, life, own_case, put_right
from tests.contracts.test_migrations import OLD, OLD_TABLES
from tests.fakes import HeldClock


def live(store):
    systems = local_systems(store)
    own_case(store, ANNA)
    numbers = life(systems, ANNA)
    put_right(systems, f"booking:{numbers['booking']}")
    for system in (systems.ratings, systems.bookings, systems.work_orders, systems.cases):
        if hasattr(system, "tick"):
            system.tick()
    systems.bookings.cancel(numbers["booking"], owner=ANNA.owner)
    systems.work_orders.withdraw(numbers["order"], owner=ANNA.owner, reason=f"{ANNA.name}不要了")


def in_plain(found, needles):
    return [needle for needle in needles if needle in found]


def test_no_plain_word_in_the_files_of_sqlite(tmp_path):
    store = sqlite_store(tmp_path, HeldClock())
    live(store)
    raw = file_bytes(tmp_path)
    assert in_plain(raw, [n.encode() for n in ANNA.needles()]) == []
    assert in_plain(dump(store.engine), ANNA.needles()) == []
    assert b"residence-permit" in raw  # the search does find what is plain
    store.engine.dispose()
    assert in_plain(file_bytes(tmp_path), [n.encode() for n in ANNA.needles()]) == []


def test_no_plain_word_in_any_column_of_postgresql():
    store, url = postgres_store(HeldClock())
    try:
        live(store)
        everything = dump(store.engine)
        assert in_plain(everything, ANNA.needles()) == []
        assert "residence-permit" in everything
    finally:
        store.engine.dispose()
        postgres.drop(url)


def test_no_word_in_plain_is_left_behind_by_the_migrations(tmp_path):
    """An old database had them in plain: after the way up neither pages nor the log may hold them."""
    path = tmp_path / "services.db"
    engine = open_database(path)
    migrate(engine, Vault(KEYS), "0001")
    with engine.begin() as db:
        for row in OLD:
            db.execute(text(row.format(true="1")))
    engine.dispose()
    assert "王小明".encode() in file_bytes(tmp_path)
    engine = open_database(path)
    migrate(engine, Vault(KEYS))
    engine.dispose()
    raw = file_bytes(tmp_path)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM bookings").fetchone() == (1,)
    assert in_plain(raw, [n.encode() for n in ("王小明", "13800138000", "路灯坏了")]) == []


def test_every_table_with_personal_data_is_known_to_the_tools():
    names = {place.table.name for place in personal_tables()}
    assert {"bookings", "work_orders", "cases", "ratings", "rectification_steps"} <= names
    assert set(OLD_TABLES) - {"slots", "lookup_failures", "work_order_marks"} <= names


@pytest.mark.parametrize("place", personal_tables(), ids=lambda place: place.table.name)
def test_every_digest_names_a_sealed_column_of_its_table(place):
    assert {d.of for d in place.digests} <= set(place.sealed)
    assert place.keys, "rotation goes by the primary key"
