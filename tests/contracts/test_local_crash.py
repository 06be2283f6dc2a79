"""The embedded systems when the process dies or the file is held: nothing half done, nothing told."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from actions.backends.database import open_database
from actions.backends.halls import load as load_halls
from actions.backends.local_bookings import LocalBookings
from actions.backends.ports import BackendUnavailable
from actions.backends.store import Store, open_store
from actions.backends.vault import Vault, keys_of
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
path = Path(sys.argv[1])
store = open_store(path, keys_of(path.parent / "keys"), lambda: now)
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


def standing(path: Path) -> list[tuple[int, int]]:
    """(taken, booked) of every slot that has either."""
    with sqlite3.connect(path) as db:
        return db.execute(
            "SELECT taken, (SELECT count(*) FROM bookings b WHERE b.slot_id = s.id AND b.status = 'booked') "
            "FROM slots s WHERE taken > 0 OR id IN (SELECT slot_id FROM bookings)"
        ).fetchall()


@pytest.mark.parametrize(
    ("when", "statement"),
    [("after_cursor_execute", "UPDATE slots"), ("after_cursor_execute", "INSERT INTO bookings")],
)
def test_a_killed_booking_leaves_nothing_half_done(tmp_path, when, statement):
    path = tmp_path / "services.db"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), when, statement], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline() == "here\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert standing(path) == [(1, 1)]

    system = LocalBookings(open_store(path, keys_of(tmp_path / "keys"), HeldClock()), load_halls())
    slot = system.free_slots("honggutan", date(2026, 11, 28))[0]
    system.book(slot.id, item_id="a", item="a", name="王", phone="13800000002", owner="o", key="13800000002")
    assert standing(path) == [(2, 2)]


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


def test_database_errors_do_not_carry_the_citizens_data(tmp_path):
    engine = open_store(tmp_path / "services.db", KEYS).engine
    row = "INSERT INTO ratings VALUES (:s, 5, '[]', :c, 'portal', 'o', 'now', NULL)"
    with pytest.raises(IntegrityError) as clash, engine.begin() as db:
        for _ in range(2):
            db.exec_driver_sql(row, {"s": "booking:1", "c": "我叫王小明 13800138000"})
    assert "王小明" not in str(clash.value)
