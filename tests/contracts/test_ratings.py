"""The contract of `RatingSystem`: 一事一评, and a deadline for the bad ones."""

from __future__ import annotations

import pytest

from actions.backends.ports import AlreadyRated
from tests.fakes import HeldClock


def rate(systems, level=5, subject="booking:YY26112800013"):
    """One rating."""
    return systems.ratings.rate(
        subject=subject, level=level, reasons=["办得快"], comment="很好", channel="portal", owner="c-1"
    )


def test_a_rating_is_kept(systems, clock):
    given = rate(systems)
    assert systems.ratings.rating("booking:YY26112800013") == given
    assert (given.level, given.reasons, given.comment) == (5, ("办得快",), "很好")
    assert given.created_at == clock.now
    assert systems.ratings.rating("booking:other") is None


def test_one_service_is_rated_once_and_the_first_stands(systems):
    rate(systems, 5)
    with pytest.raises(AlreadyRated):
        rate(systems, 1)
    assert systems.ratings.rating("booking:YY26112800013").level == 5
    assert rate(systems, 1, "case:NC202611030000175").level == 1


@pytest.mark.parametrize("level", [-1, 0, 6, 50])
def test_levels_outside_1_to_5_are_refused(systems, level):
    with pytest.raises(ValueError, match=str(level)):
        rate(systems, level)
    assert systems.ratings.rating("booking:YY26112800013") is None


@pytest.mark.parametrize(
    ("level", "at", "by"),
    [
        (1, "2026-11-24T10:00", "2026-11-25T10:00"),
        (2, "2026-11-27T16:20", "2026-11-30T16:20"),
        (1, "2026-09-30T09:00", "2026-10-08T09:00"),
        (3, "2026-11-24T10:00", None),
        (4, "2026-11-24T10:00", None),
        (5, "2026-11-24T10:00", None),
    ],
)
def test_bad_ratings_are_put_right_within_a_working_day(systems, clock, level, at, by):
    clock.set(at)
    expected = HeldClock(by).now if by else None
    assert rate(systems, level).rectify_by == expected
    assert systems.ratings.rating("booking:YY26112800013").rectify_by == expected


def test_the_reason_is_added_once_and_only_by_its_owner(systems):
    rated = {"subject": "booking:YY1", "level": 1, "reasons": [], "comment": ""}
    systems.ratings.rate(**rated, channel="portal", owner="c-1")
    assert systems.ratings.explain("booking:YY1", reasons=[], comment="别人", owner="c-2") is None
    told = systems.ratings.explain("booking:YY1", reasons=["等得太久"], comment="排了一上午", owner="c-1")
    assert (told.reasons, told.comment, told.level) == (("等得太久",), "排了一上午", 1)
    again = systems.ratings.explain("booking:YY1", reasons=[], comment="改口", owner="c-1")
    assert again == told == systems.ratings.rating("booking:YY1")
    assert systems.ratings.explain("booking:none", reasons=[], comment="x", owner="c-1") is None
