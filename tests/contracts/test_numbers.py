"""Numbers made by the backends are numbers that the bot hears."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from actions.backends.numbers import BOOKING, CASE, WORK_ORDER, check_digit, new_number
from bot.check_digits import ours, ours_valid
from bot.choice_numbers import find_number
from bot.identifiers import find

ROOT = Path(__file__).resolve().parents[2]
KINDS = {CASE: "case_no", BOOKING: "booking_no", WORK_ORDER: "work_order_no"}
DEMO = yaml.safe_load((ROOT / "actions" / "data" / "demo_cases.yml").read_text("utf-8"))["cases"]
DAYS = st.dates(date(2020, 1, 1), date(2039, 12, 31))


@given(st.text("0123456789", min_size=1, max_size=20))
def test_both_sides_compute_the_same_check_digit(digits):
    assert check_digit(digits) == ours(digits)
    assert ours_valid(digits + check_digit(digits))


@given(st.sampled_from(sorted(KINDS)), DAYS)
def test_every_new_number_is_heard(prefix, day):
    number = new_number(prefix, day)
    spaced, dashed = f"{number[:6]} {number[6:]}", f"{number[:2]}-{number[2:]}"
    for said in (number, f"我的号是{number}，帮我看看", number.lower(), spaced, dashed):
        (found,) = find(said)
        assert (found.kind, found.value, found.valid) == (KINDS[prefix], number, True), said


@given(st.sampled_from(sorted(KINDS)), DAYS, st.data())
def test_one_wrong_digit_is_always_noticed(prefix, day, data):
    number = new_number(prefix, day)
    at = data.draw(st.integers(2, len(number) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != number[at]]))
    wrong = number[:at] + other + number[at + 1 :]
    assert [f.valid for f in find(wrong)] == [False]


@pytest.mark.parametrize("case", DEMO, ids=lambda c: c["case_no"])
def test_demo_cases_can_be_asked_for(case):
    (found,) = find(case["case_no"])
    assert (found.kind, found.valid) == ("case_no", True)
    (last4,) = find(case["phone_last4"])
    assert (last4.kind, last4.value) == ("phone_last4", case["phone_last4"])


def test_numbers_are_not_a_sequence():
    made = {new_number(BOOKING, date(2026, 11, 28)) for _ in range(50)}
    assert len(made) > 40


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("第三个", 3),
        ("第三个吧", 3),
        ("最后一个", -1),
        ("第十二个", 12),
        ("2", 2),
        ("二", 2),
        ("两个人", 2),
        ("九点半", None),
    ],
)
def test_places_in_a_list_are_heard_as_the_forms_read_them(said, number):
    """`actions.forms.place_in_list` relies on these values; -1 is the last one."""
    found = find_number(said)
    assert (found.value if found else None) == number
