"""The halls of the booking system and those that the bot recognises are the same ones."""

from __future__ import annotations

import copy
from datetime import date, time
from pathlib import Path

import pytest
import yaml

from actions.backends.halls import load
from actions.backends.slot_plan import SessionRule
from actions.booking import HORIZON_DAYS
from bot.folded_text import fold

ROOT = Path(__file__).resolve().parents[2]
PLAN = load()
HEARD = yaml.safe_load((ROOT / "nlu_data" / "entities" / "halls.yml").read_text("utf-8"))["items"]
DISTRICTS = yaml.safe_load((ROOT / "nlu_data" / "entities" / "districts.yml").read_text("utf-8"))["items"]
PHRASES = {fold(str(says)).text: item["id"] for item in HEARD for says in (item["name"], *item["says"])}


def heard(text: str) -> set[str]:
    """Hall ids in a text as the bot finds them: longest phrase first, none inside another."""
    left, found = fold(text).text, set()
    for phrase in sorted(PHRASES, key=len, reverse=True):
        if phrase in left:
            found.add(PHRASES[phrase])
            left = left.replace(phrase, "□")
    return found


def test_both_files_hold_the_same_halls():
    assert [h.id for h in PLAN.halls] == [item["id"] for item in HEARD]


@pytest.mark.parametrize("hall", PLAN.halls, ids=lambda h: h.id)
def test_every_name_of_a_hall_is_heard_as_that_hall(hall):
    for name in (hall.name, *hall.names):
        assert heard(name) == {hall.id}, name


@pytest.mark.parametrize("hall", PLAN.halls, ids=lambda h: h.id)
def test_every_district_of_a_hall_is_one_the_bot_emits(hall):
    assert hall.district in {str(item["id"]) for item in DISTRICTS}


def test_no_phrase_means_two_halls():
    said = [fold(str(s)).text for item in HEARD for s in {item["name"], *item["says"]}]
    assert len(said) == len(set(said))


def test_addresses_nobody_checked_are_marked():
    assert all(hall.address_verified is False for hall in PLAN.halls if not hall.address)


def test_the_form_looks_as_far_ahead_as_the_halls_open():
    assert PLAN.horizon_days == HORIZON_DAYS


# ---- the file


GOOD = yaml.safe_load((ROOT / "actions" / "data" / "halls.yml").read_text("utf-8"))


def broken(tmp_path, change):
    """What `load` says of the file with one thing changed."""
    raw = copy.deepcopy(GOOD)
    change(raw)
    path = tmp_path / "halls.yml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
    with pytest.raises(ValueError) as fault:
        load(path)
    return str(fault.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r["policy"].update(cut_off_minutes=-1), "policy cut_off_minutes is -1, expected a whole"),
        (lambda r: r["policy"].pop("no_shows"), "policy no_shows is None"),
        (lambda r: r["policy"].update(fine=5), "policy key is 'fine'"),
        (lambda r: r["policy"]["reminders"].append({"kind": "soon", "minutes_before": 5}), "each kind once"),
        (lambda r: r["policy"]["reminders"].append({"kind": "x", "at": "25:00"}), "reminder 3 at is '25:00'"),
        (lambda r: r["sessions"]["city"][0].update(days="sunday"), "sessions city 1 days is 'sunday'"),
        (lambda r: r["sessions"]["city"][0].update(end="12:45"), "a whole number of slots after 12:00"),
        (lambda r: r["sessions"]["city"][0].update(weekdays=[0]), "a list of 1 (Monday) to 7"),
        (lambda r: r["sessions"]["city"][1].update(start="13:00"), "no overlap"),
        (lambda r: r["sessions"]["city"][0].update(windows=0), "sessions city 1 windows is 0"),
        (lambda r: r["halls"][0].update(sessions="night"), "hall city has unknown sessions 'night'"),
        (lambda r: r["halls"][1].update(id="city"), "each id once"),
        (lambda r: r["halls"][0].update(name=""), "hall city name is ''"),
        (lambda r: r["halls"][0].update(names=[r["halls"][1]["name"]]), "appears twice"),
        (lambda r: r.update(horizon_days="30"), "file horizon_days is '30'"),
    ],
)
def test_a_fault_is_named_with_what_was_expected(tmp_path, change, words):
    assert words in broken(tmp_path, change)


def test_all_faults_are_named_at_once(tmp_path):
    def change(raw):
        raw["horizon_days"] = 0
        raw["policy"]["offer_minutes"] = 0
        raw["halls"][3]["district"] = None

    assert broken(tmp_path, change).count("expected") == 3


def test_services_of_a_hall_are_guides():
    guides = {p.stem for p in (ROOT / "knowledge" / "guides").rglob("*.yaml")}
    assert {item for hall in PLAN.halls for item in hall.items} <= guides


def test_a_rule_can_be_narrowed_to_weekdays_and_holidays():
    rule = SessionRule("noon", "workday", time(12), time(13), 30, 1, 1, weekdays=(1, 6))
    assert rule.runs(date(2026, 11, 30)) and not rule.runs(date(2026, 12, 1))
    assert rule.runs(date(2026, 10, 10))  # a Saturday on which people work
    assert SessionRule("weekend", "holiday", time(9), time(10), 30, 1, 1).runs(date(2026, 10, 1))
