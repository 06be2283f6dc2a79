"""The embedded systems when the process dies or the file is held: nothing half done, nothing told."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import traceback
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from actions.backends.database import open_database
from actions.backends.halls import load as load_halls
from actions.backends.local_bookings import LocalBookings
from actions.backends.ports import BackendUnavailable
from actions.backends.store import Store, open_store
from actions.backends.vault import Vault, keys_of
from tests import postgres
from tests.contracts.implementations import KEYS
from tests.fakes import HeldClock

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import sys, time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from sqlalchemy import event
from actions.backends.halls import load
from actions.backends.local_bookings import LocalBookings
from actions.backends.store import open_store
from actions.backends.vault import keys_of

now = datetime(2026, 11, 24, 10, tzinfo=timezone(timedelta(hours=8)))
url = sys.argv[1]
store = open_store(Path(url) if url.startswith("/") else url, keys_of(Path(sys.argv[4])), lambda: now)
engine = store.engine
system = LocalBookings(store, load())
slot = system.free_slots("honggutan", date(2026, 11, 28))[0]
book = lambda n: system.book(slot.id, item_id="a", item="a", name="王", phone=n, owner=n, key=n)
book("13800000001")

@event.listens_for(engine, sys.argv[2])
def _stop(connection, cursor, statement, *rest):
    if statement.startswith(sys.argv[3]):
        print("here", flush=True)
        time.sleep(60)

book("13800000002")
"""


def standing(url: str | Path) -> list[tuple[int, int]]:
    """(taken, booked) of every slot that has either."""
    engine = open_database(url)
    with engine.connect() as db:
        found = db.exec_driver_sql(
            "SELECT taken, (SELECT count(*) FROM bookings b WHERE b.slot_id = s.id AND b.status = 'booked') "
            "FROM slots s WHERE taken > 0 OR id IN (SELECT slot_id FROM bookings)"
        ).fetchall()
    engine.dispose()
    return [(row[0], row[1]) for row in found]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    """A database file, or the URL of a PostgreSQL database."""
    chosen = postgres.fresh() if request.param == "postgres" else tmp_path / "services.db"
    yield chosen
    if request.param == "postgres":
        postgres.drop(chosen)


@pytest.mark.parametrize("statement", ["UPDATE slots", "INSERT INTO bookings", "INSERT INTO notices"])
def test_a_killed_booking_leaves_nothing_half_done(url, tmp_path, statement):
    words = [str(url), "after_cursor_execute", statement, str(tmp_path / "keys")]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "here\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert standing(url) == [(1, 1)]
    store = open_store(url, keys_of(tmp_path / "keys"), HeldClock())
    system = LocalBookings(store, load_halls())
    slot = system.free_slots("honggutan", date(2026, 11, 28))[0]
    # PostgreSQL notices the dead process by itself; until then the day is held, and a second one waits.
    system.book(slot.id, item_id="a", item="a", name="王", phone="13800000002", owner="o", key="13800000002")
    assert standing(url) == [(2, 2)]
    store.engine.dispose()


def test_a_database_that_stays_locked_is_a_named_outage(tmp_path):
    path = tmp_path / "services.db"
    open_store(path, KEYS).engine.dispose()
    system = LocalBookings(Store(open_database(path, busy_ms=50), Vault(KEYS), HeldClock()), load_halls())
    holder = sqlite3.connect(path)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(BackendUnavailable) as down:
        system.free_slots("honggutan", date(2026, 11, 28))
    holder.close()
    assert down.value.system == "services.db" and down.value.retryable
    assert system.free_slots("honggutan", date(2026, 11, 28))


WORDS = "我叫王小明 13800138000"


def told(error):
    """Everything a log could hold of it: its own words and those of what caused it."""
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize(("level", "subject"), [(5, "booking:1"), (9, "booking:2")])
def test_database_errors_do_not_carry_the_citizens_data(url, level, subject):
    """PostgreSQL would add the whole row: DETAIL: Failing row contains (...)."""
    engine = open_store(url, KEYS).engine
    row = text(
        "INSERT INTO ratings (subject, level, reasons, comment, phone, phone_digest, channel, department, "
        "item, owner, created_at) VALUES (:s, :l, '', :c, '', '', 'portal', '', '', 'o', "
        "'2026-11-24 10:00:00+08:00')"
    )
    with pytest.raises(IntegrityError) as clash, engine.begin() as db:
        for _ in range(2):
            db.execute(row, {"s": subject, "l": level, "c": WORDS})
    assert not any(part in told(clash.value) for part in WORDS.split())
    assert "constraint" in told(clash.value).lower(), "what was broken is still told"
    engine.dispose()


def test_reading_stops_no_writer_and_writing_no_reader(url):
    store = open_store(url, KEYS, HeldClock())
    count = "SELECT count(*) FROM notices"
    add = "INSERT INTO notices (key, owner, kind, payload, due_at) VALUES ('a', 'o', 'k', '{}', '2026-11-24')"
    with store.read() as reader:
        assert reader.execute(text(count)).scalar() == 0
        with store.begin() as writer:
            writer.execute(text(add))
            with store.read() as beside:
                assert beside.execute(text(count)).scalar() == 0
    with store.read() as after:
        assert after.execute(text(count)).scalar() == 1
    store.engine.dispose()


def test_a_crowd_that_takes_every_connection_is_a_named_outage(url):
    store = Store(open_database(url, busy_ms=200), Vault(KEYS), HeldClock())
    with ExitStack() as held:
        with pytest.raises(BackendUnavailable, match="every connection"):
            for _ in range(30):
                held.enter_context(store.read())
    with store.read() as db:
        assert db.execute(text("SELECT 1")).scalar() == 1
    store.engine.dispose()
