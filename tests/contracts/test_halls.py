"""The halls of the booking system and those that the bot recognises are the same ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from actions.backends.halls import load
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
