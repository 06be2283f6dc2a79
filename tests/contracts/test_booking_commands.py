"""The staff's commands about bookings, over the frame's own parser."""

from __future__ import annotations

import argparse
import json
from datetime import date

import pytest

from actions.admin import bookings, closures, halls, slots
from actions.admin.place import Place
from actions.settings import ActionSettings
from tests.contracts.implementations import on_sqlite
from tests.contracts.test_bookings import book
from tests.fakes import HeldClock


@pytest.fixture
def run(tmp_path):
    """`run("closures list") -> what comes back`; `run.systems`, `run.clock`."""
    clock = HeldClock()
    stand = on_sqlite(tmp_path, clock)
    parser = argparse.ArgumentParser()
    groups = parser.add_subparsers(required=True)
    for module in (halls, slots, closures, bookings):
        module.register(groups)

    def command(words):
        args = parser.parse_args(words.split())
        args.actor = "staff"
        bare = getattr(args, "bare", False)
        found = args.run(args, Place(ActionSettings(), clock) if bare else stand.store)
        json.dumps(found)
        return found

    command.systems, command.clock = stand.systems, clock
    yield command
    stand.close()


def test_halls_are_listed_and_checked(run, tmp_path):
    assert len(run("halls list")) == run("halls check")["halls"] == 13
    (tmp_path / "x.yml").write_text("horizon_days: 0\nhalls: []\n")
    with pytest.raises(ValueError, match="horizon_days is 0.*cut_off_minutes.*at least one hall"):
        run(f"halls check {tmp_path / 'x.yml'}")


def test_a_day_is_closed_and_opened_again(run):
    made = book(run.systems, run("slots list honggutan 2026-11-28")[0]["id"])
    closed = run("closures add honggutan 2026-11-28 --reason 检修")
    assert closed["displaced"] == [made.booking_no] and len(run("closures list")) == 1
    assert {s["capacity"] for s in run("slots list honggutan 2026-11-28")} == {0}
    run(f"closures remove {closed['id']}")
    assert run("closures list") == [] and run("slots list honggutan 2026-11-28")[0]["capacity"] == 4


def test_windows_of_one_slot(run):
    one = run("slots list honggutan 2026-11-28")[0]["id"]
    assert run(f"slots windows {one} 5") == {"slot": one, "windows": 5, "displaced": []}
    assert run("slots list honggutan 2026-11-28")[0]["capacity"] == 10
    with pytest.raises(ValueError, match="nowhere"):
        run("slots list nowhere 2026-11-28")


def test_a_no_show_is_marked_and_taken_back(run):
    made = book(run.systems, run("slots list honggutan 2026-11-28")[0]["id"])
    run.clock.set("2026-11-28T12:00")
    assert run(f"bookings no-show {made.booking_no}")["status"] == "no_show"
    (row,) = run("bookings list honggutan 2026-11-28")
    assert (row["name"], row["phone"], row["status"]) == ("王**", "138****8000", "no_show")
    assert run(f"bookings no-show {made.booking_no} --undo")["status"] == "booked"
    assert run("bookings tick") == {"done": 0} and date(2026, 11, 28).isoformat() == row["day"]
