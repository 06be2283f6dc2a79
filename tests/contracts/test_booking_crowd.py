"""1,000 attempts at 10 places: threads, and four processes one of which is killed. Both databases."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actions.backends.local_bookings import LocalBookings
from actions.backends.ports import BackendUnavailable, SlotFull
from actions.backends.slot_plan import HallPlan, SessionRule
from actions.backends.store import open_store
from actions.backends.tables import bookings
from actions.backends.vault import keys_of
from tests import postgres
from tests.contracts.booking_model import HALL, PLAN, POLICY, RULE, SATURDAY, check_places, rows, taken
from tests.fakes import HeldClock

ROOT = Path(__file__).resolve().parents[2]
WIDE = HallPlan(
    30,
    (HALL,),
    {"h": (SessionRule("weekend", "weekend", RULE.start, RULE.end, 30, windows=5, per_window=2),)},
    POLICY,
)
"""Ten places a slot."""
SLOT = "h-20261128-0900"
CHILD = """
import sys
from pathlib import Path
from actions.backends.local_bookings import LocalBookings
from actions.backends.ports import BackendUnavailable, SlotFull
from actions.backends.store import open_store
from actions.backends.vault import keys_of
from tests.contracts.test_booking_crowd import SLOT, WIDE
from tests.fakes import HeldClock

url, keys, first = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
store = open_store(Path(url) if url.startswith("/") else url, keys_of(keys), HeldClock())
system = LocalBookings(store, WIDE)
print("ready", flush=True)
sys.stdin.readline()
for n in range(first, first + 250):
    for _ in range(50):
        try:
            made = system.book(
                SLOT, item_id="i", item="事", name="王", phone=f"139{n:08}", owner=f"c-{n}", key=f"k{n}"
            )
            print(made.booking_no, flush=True)
        except SlotFull:
            pass
        except BackendUnavailable:
            continue
        break
"""


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    """(URL, store) of an empty database with the slots opened."""
    url = postgres.fresh() if request.param == "postgres" else tmp_path / "services.db"
    store = open_store(url, keys_of(tmp_path / "keys"), HeldClock())
    LocalBookings(store, WIDE).free_slots("h", SATURDAY)
    yield url, store
    store.engine.dispose()
    if request.param == "postgres":
        postgres.drop(url)


def desk(store):
    """The staff's side."""
    return LocalBookings(store, WIDE).desk


def test_a_thousand_attempts_from_threads_take_ten_places(place):
    _, store = place
    system = LocalBookings(store, WIDE)

    def attempt(n):
        while True:
            try:
                return system.book(
                    SLOT, item_id="i", item="事", name="王", phone=f"139{n:08}", owner=f"c-{n}", key=f"k{n}"
                ).booking_no  # fmt: skip
            except SlotFull:
                return None
            except BackendUnavailable:
                continue  # the file was held too long: the citizen tries again

    with ThreadPoolExecutor(8) as pool:
        numbers = [n for n in pool.map(attempt, range(1000)) if n]
    assert len(numbers) == len(set(numbers)) == 10
    assert taken(desk(store), SLOT) == (10, 10)
    check_places(desk(store))


def test_four_processes_with_one_killed_take_ten_places_and_lose_none(place, tmp_path):
    url, store = place
    words = [sys.executable, "-c", CHILD, str(url), str(tmp_path / "keys")]
    children = [
        subprocess.Popen(
            [*words, str(250 * i)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for i in range(4)
    ]
    try:
        assert [c.stdout.readline() for c in children] == ["ready\n"] * 4
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        children[0].stdout.readline()  # it is at work, or found all taken
        children[0].send_signal(signal.SIGKILL)
        told = [c.communicate(timeout=180)[0].split() for c in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    numbers = [n for lines in told[1:] for n in lines]
    assert len(numbers) == len(set(numbers))
    assert taken(desk(store), SLOT) == (10, 10)
    check_places(desk(store))
    kept = {row["booking_no"] for row in rows(desk(store), bookings)}
    assert set(numbers) <= kept, "a number that was told is in the database"


def test_the_model_plan_is_the_one_that_is_tested():
    assert len(list(PLAN.slots("h", SATURDAY))) == 2
    assert all(p.windows * p.per_window == 10 for p in WIDE.slots("h", SATURDAY))
