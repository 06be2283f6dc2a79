"""The contract of `CaseSystem`: one's own case or nothing, and no guessing."""

from __future__ import annotations

import pytest

from actions.backends.ports import CaseNotFound, TooManyAttempts
from tests.contracts.implementations import KNOWN, OTHER


def look(systems, case=KNOWN, last4=None, client="c-1", number=None):
    """One look-up."""
    return systems.cases.status(
        number or case.case_no, phone_last4=case.phone_last4 if last4 is None else last4, client=client
    )


def refused(systems, **how):
    """The refusal of a look-up that must fail."""
    with pytest.raises(CaseNotFound) as caught:
        look(systems, **how)
    return caught.value


def test_a_case_is_found_with_its_number_and_phone(systems, clock):
    case = look(systems)
    assert (case.case_no, case.item, case.as_of) == (KNOWN.case_no, KNOWN.item, clock.now)
    assert [s.state for s in case.steps].count("current") == 1
    assert all(s.at is None or s.at.utcoffset() is not None for s in case.steps)
    assert case.demo and "演示" in case.source


def test_wrong_number_and_wrong_phone_look_the_same(systems):
    number = refused(systems, number="NC202611030000999")
    phone = refused(systems, last4="0000")
    assert type(number) is type(phone) is CaseNotFound
    assert number.args == phone.args == ()


@pytest.mark.parametrize("last4", ["", "246", "24680", "二四六八", "２４６８", "----"])
def test_odd_digits_are_simply_wrong(systems, last4):
    refused(systems, last4=last4)


@pytest.mark.parametrize("number", ["", "NC", "nc202611030000175", "' OR 1=1 --", "一" * 200])
def test_odd_numbers_are_simply_wrong(systems, number):
    with pytest.raises(CaseNotFound):
        systems.cases.status(number, phone_last4=KNOWN.phone_last4, client="c-1")


def test_a_number_is_locked_after_five_failures_for_everybody(systems):
    for i in range(5):
        refused(systems, last4="0000", client=f"c-{i}")
    with pytest.raises(TooManyAttempts) as locked:
        look(systems, client="c-new")
    assert 0 < locked.value.retry_after_s <= 15 * 60
    assert look(systems, OTHER, client="c-new").item == OTHER.item


def test_a_client_is_locked_after_five_failures_for_every_number(systems):
    for i in range(5):
        refused(systems, number=f"NC20261103000{i:03}0")
    with pytest.raises(TooManyAttempts):
        look(systems)
    assert look(systems, client="c-2").item == KNOWN.item


def test_the_lock_holds_for_unknown_numbers_too(systems):
    for i in range(5):
        refused(systems, number="NC209901010000000", client=f"c-{i}")
    with pytest.raises(TooManyAttempts):
        look(systems, number="NC209901010000000", client="c-new")


def test_the_lock_ends_when_it_says(systems, clock):
    for _ in range(5):
        refused(systems, last4="0000")
        clock.move(minutes=1)
    with pytest.raises(TooManyAttempts) as locked:
        look(systems)
    clock.move(seconds=locked.value.retry_after_s - 2)
    with pytest.raises(TooManyAttempts):
        look(systems)
    clock.move(seconds=3)
    assert look(systems).item == KNOWN.item


def test_of_two_locks_the_longer_one_is_named(systems, clock):
    for i in range(5):  # locks the number, ten minutes ago
        refused(systems, last4="0000", client=f"a-{i}")
    clock.move(minutes=10)
    for i in range(5):  # locks the client, now
        refused(systems, number=f"NC20261103000{i:03}0", client="c-1")
    with pytest.raises(TooManyAttempts) as locked:
        look(systems, client="c-1")
    assert locked.value.retry_after_s == 15 * 60


def test_being_refused_while_locked_does_not_lengthen_the_lock(systems, clock):
    for _ in range(5):
        refused(systems, last4="0000")
    for _ in range(20):
        clock.move(seconds=30)
        with pytest.raises(TooManyAttempts):
            look(systems)
    clock.move(minutes=5, seconds=1)
    assert look(systems).item == KNOWN.item


def test_success_clears_the_count(systems):
    for _ in range(3):
        for _ in range(4):
            refused(systems, last4="0000")
        assert look(systems).item == KNOWN.item
