"""One working day for a bad rating: over weekends, holidays and make-up days; an alert two hours before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.backends.clock import SHANGHAI, is_workday
from actions.backends.rectification_clock import (
    WORKDAY_BEGINS,
    WORKDAY_ENDS,
    alert_at,
    rectify_by,
    stage_at,
)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("given_at", "due", "alert"),
    [
        ("2026-11-24T10:00", "2026-11-25T10:00", "2026-11-24T16:00"),  # Tuesday
        ("2026-11-27T20:30", "2026-11-30T20:30", "2026-11-30T15:00"),  # Friday evening
        ("2026-11-28T11:00", "2026-11-30T11:00", "2026-11-30T09:00"),  # Saturday
        ("2026-09-30T17:00", "2026-10-08T17:00", "2026-10-08T15:00"),  # before the National Day
        ("2026-09-19T09:30", "2026-09-20T09:30", "2026-09-18T15:30"),  # Saturday; Sunday is made up for
        ("2026-02-13T16:00", "2026-02-14T16:00", "2026-02-14T14:00"),  # Spring Festival's make-up Saturday
        ("2026-12-31T10:00", "2027-01-04T10:00", "2026-12-31T16:00"),  # a year not announced yet
        ("2026-11-25T03:00", "2026-11-26T03:00", "2026-11-25T15:00"),  # at night
    ],
)
def test_by_the_same_time_of_the_next_working_day(given_at, due, alert):
    assert rectify_by(at(given_at)) == at(due)
    if alert:
        assert alert_at(at(due)) == at(alert)


def test_at_the_deadline_itself_it_is_not_late():
    due = at("2026-11-25T10:00")
    told = [stage_at(due + timedelta(seconds=s), due) for s in (-18 * 3600 - 1, -18 * 3600, 0, 1)]
    assert told == ["", "due_soon", "due_soon", "overdue"]


@given(st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)))
def test_two_working_hours_lie_between_the_alert_and_the_deadline(moment):
    given_at = moment.replace(tzinfo=SHANGHAI)
    due = rectify_by(given_at)
    alert = alert_at(due)
    assert is_workday(due.date()) and due.timetz() == given_at.timetz()
    assert WORKDAY_BEGINS <= alert.hour <= WORKDAY_ENDS and is_workday(alert.date())
    counted, day = timedelta(0), alert.date()
    while day <= due.date():
        if is_workday(day):
            begins = max(alert, datetime(day.year, day.month, day.day, WORKDAY_BEGINS, tzinfo=SHANGHAI))
            ends = min(due, datetime(day.year, day.month, day.day, WORKDAY_ENDS, tzinfo=SHANGHAI))
            counted += max(timedelta(0), ends - begins)
        day += timedelta(days=1)
    assert counted == timedelta(hours=2)
