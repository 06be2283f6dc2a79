"""Demo bookings that lost their place and the demo line: never at a real citizen's cost, and gone again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actions.backends.booking_rows import Desk
from actions.backends.demo_clear import clear
from actions.backends.demo_data import fill
from actions.backends.demo_run import Amounts
from actions.backends.halls import load
from actions.backends.tables import waits
from actions.departments import Proposer
from tests.contracts.booking_model import check_places, rows
from tests.contracts.test_admin_demo import counts, taken
from tests.contracts.test_bookings import book

PROPOSE = Proposer().propose
ONLY = Amounts(cases=0, bookings=20, orders=0, ratings=0)


def crowd(systems, clock):
    """A real citizen in every hall on every day that the demo may use."""
    made = []
    for at, hall in enumerate(systems.bookings.halls()):
        for ahead in range(1, 18):
            day = clock().date() + timedelta(days=ahead)
            for slot in systems.bookings.free_slots(hall.id, day)[:1]:
                made.append(book(systems, slot.id, phone=f"13{at:02}{ahead:03}0000", owner=f"r-{at}-{ahead}"))
    return made


@pytest.fixture
def desk(stand):
    """The staff's side of the same store."""
    return Desk(stand.store, load())


def test_there_are_displaced_bookings_and_a_line_once(stand, desk):
    made = fill(stand.store, 1, ONLY, PROPOSE)
    assert made["bookings.displaced"] >= 1 and made["waits.offered"] == 1 and made["waits.waiting"] == 2
    assert sum(n for name, n in made.items() if name.startswith("bookings.")) >= 20
    first = counts(stand.store)
    fill(stand.store, 1, ONLY, PROPOSE)
    assert counts(stand.store) == first
    check_places(desk)
    clear(stand.store, "tester")
    left = counts(stand.store)
    assert (left["bookings"], left["waits"], left["closures"], taken(stand.store)) == (0, 0, 0, 0)


def test_no_real_citizen_loses_a_place_to_the_demo(stand, desk, clock):
    theirs = crowd(stand.systems, clock)
    made = fill(stand.store, 1, ONLY, PROPOSE)
    assert made["waits.waiting"] == 2 and "bookings.displaced" not in made
    clear(stand.store, "tester")
    for one in theirs:
        assert stand.systems.bookings.find(one.booking_no, owner=one.owner) == one
    assert taken(stand.store) == len(theirs)
    check_places(desk)


def test_a_real_citizen_in_line_gets_what_the_demo_frees(stand, desk):
    fill(stand.store, 1, ONLY, PROPOSE)
    (first,) = [w for w in rows(desk, waits) if w["state"] == "offered"]
    mine = stand.systems.bookings.join_waitlist(
        hall_id=first["hall_id"], day=first["day"], slot_id=first["slot_id"], item_id="residence-permit",
        item="居住证申领", name="王小明", phone="13800138000", owner="c-1", key="k",
    )  # fmt: skip
    assert (mine.state, mine.place) == ("waiting", 3)
    clear(stand.store, "tester")
    assert [w.state for w in stand.systems.bookings.waits("c-1")] == ["offered"]
    check_places(desk)
