"""When people answer: split days, holidays, make-up workdays, single days; all faults of a file at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.opening_hours import PLACE, BadHours, OpeningHours, in_words
from gateway.phrases import DATA

SPLIT = OpeningHours.read(
    {
        "workday": [["08:30", "12:00"], ["13:30", "17:30"]],
        "restday": [["09:00", "11:00"]],
        "days": {date(2026, 11, 26): [], date(2026, 11, 27): [["10:00", "24:00"]]},
    }
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PLACE)


@pytest.mark.parametrize(
    "moment, is_open",
    [
        ("2026-11-24T08:29", False),
        ("2026-11-24T08:30", True),
        ("2026-11-24T11:59", True),
        ("2026-11-24T12:00", False),
        ("2026-11-24T13:30", True),
        ("2026-11-24T17:30", False),
        ("2026-11-28T09:30", True),  # Saturday
        ("2026-11-28T15:00", False),
        ("2026-10-01T10:00", True),  # National Day: a rest day
        ("2026-10-01T14:00", False),
        ("2026-10-10T14:00", True),  # a Saturday that is a make-up workday
        ("2026-11-26T10:00", False),  # a Thursday that is closed
        ("2026-11-27T23:59", True),
        ("2026-11-27T09:59", False),
    ],
)
def test_sessions_begin_and_end_to_the_minute(moment, is_open):
    assert SPLIT.open_at(at(moment)) == is_open


def test_the_zone_of_the_clock_does_not_matter():
    assert SPLIT.open_at(datetime(2026, 11, 24, 0, 30, tzinfo=UTC))
    assert not SPLIT.open_at(datetime(2026, 11, 24, 0, 29, tzinfo=UTC))


@pytest.mark.parametrize(
    "now, opens, words",
    [
        ("2026-11-24T07:00", "2026-11-24T08:30", "今天8:30"),
        ("2026-11-24T12:10", "2026-11-24T13:30", "今天13:30"),
        ("2026-11-24T18:00", "2026-11-25T08:30", "明天8:30"),
        ("2026-11-25T18:00", "2026-11-27T10:00", "11月27日（星期五）10:00"),
        ("2026-11-27T23:00", "2026-11-28T09:00", "明天9:00"),
    ],
)
def test_the_next_session_is_named_as_people_say_it(now, opens, words):
    found = SPLIT.next_opening(at(now))
    assert found == at(opens)
    assert in_words(found, at(now)) == words


def test_hours_that_never_open_have_no_next_session():
    assert OpeningHours((), ()).next_opening(at("2026-11-24T10:00")) is None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)))
def test_it_is_closed_until_the_next_session_and_open_then(moment):
    now = moment.replace(tzinfo=PLACE)
    opens = SPLIT.next_opening(now)
    assert opens is not None and opens > now and SPLIT.open_at(opens)
    if not SPLIT.open_at(now):
        assert not SPLIT.open_at(opens - timedelta(minutes=1))


def test_what_ships_is_always_open():
    shipped = OpeningHours.load(DATA / "hours.yml")
    moments = (f"2026-{month:02d}-03T{hour:02d}:59" for month in range(1, 13) for hour in range(24))
    assert all(shipped.open_at(at(moment)) for moment in moments)


def test_all_faults_are_named_at_once():
    bad = {
        "workday": [["8:30", "12:00"], ["12:00", "11:00"]],
        "restday": "never",
        "days": {
            "tomorrow": [],
            date(2027, 1, 1): [["09:00", "12:00"], ["11:00", "13:00"], ["24:01", "24:30"]],
        },
        "night": [],
    }
    with pytest.raises(BadHours) as told:
        OpeningHours.read(bad, "hours.yml")
    for said in (
        "hours.yml: night: not a key",
        "workday: got ['8:30', '12:00']",
        "workday: 12:00 is not before 11:00",
        "restday: got 'never'",
        "days.tomorrow: expected a date",
        "days.2027-01-01: 11:00 begins before",
        "days.2027-01-01: got ['24:01', '24:30']",
    ):
        assert said in str(told.value)
    with pytest.raises(BadHours, match="got list"):
        OpeningHours.read([])
