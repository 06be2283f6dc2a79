"""Guessing at cases on odd days: clocks that jump, keys that change, numbers that are somebody's."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import select, text

from actions.backends.case_locks import BUDGET, REFILL
from actions.backends.local_cases import LocalCases
from actions.backends.ports import CaseNotFound, TooManyAttempts
from actions.backends.store import Store
from actions.backends.tables import audit_log, lookup_budgets, lookup_failures
from actions.backends.vault import Vault, new_key, read_keys
from tests.contracts.implementations import KEYS, KNOWN

SM4 = read_keys(new_key("k2", "sm4"))


def look(cases, client, last4=KNOWN.phone_last4, number=KNOWN.case_no):
    return cases.status(number, phone_last4=last4, client=client)


def fail(cases, client, number=KNOWN.case_no):
    with pytest.raises(CaseNotFound):
        look(cases, client, "0000", number)


def spend(cases, count=BUDGET, name="stranger"):
    for n in range(count):
        fail(cases, f"{name}-{n}")


def test_slips_of_who_had_it_right_before_cost_nobody_else_a_place(stand, clock):
    cases = stand.systems.cases
    look(cases, "owner")
    for _ in range(12):  # each time as often as one client may
        for _ in range(5):
            fail(cases, "owner")
        clock.move(minutes=16)
    assert look(cases, "newcomer").item == KNOWN.item
    spend(cases)
    with pytest.raises(TooManyAttempts) as locked:
        look(cases, "latecomer")
    assert locked.value.retry_after_s <= REFILL.total_seconds(), "four hours off at most"


def test_a_clock_that_ran_ahead_locks_nobody_for_ever(stand, clock):
    cases = stand.systems.cases
    clock.move(days=400)
    spend(cases)
    for _ in range(5):
        fail(cases, "owner", "NC209901010000000")
    clock.move(days=-400)
    assert look(cases, "owner").item == KNOWN.item
    spend(cases, name="later")
    with pytest.raises(TooManyAttempts) as locked:
        look(cases, "latecomer")
    assert locked.value.retry_after_s <= REFILL.total_seconds()


def test_a_clock_that_is_set_back_a_little_forgives_nothing(stand, clock):
    cases = stand.systems.cases
    for _ in range(5):
        fail(cases, "guesser")
    clock.move(seconds=-90)
    with pytest.raises(TooManyAttempts):
        look(cases, "guesser")


def test_locks_hold_while_the_key_changes(stand, clock):
    before = LocalCases(stand.store)
    for _ in range(4):
        fail(before, "guesser")
    spend(before, BUDGET - 4)
    after = LocalCases(Store(stand.store.engine, Vault([*SM4, *KEYS]), clock))
    with pytest.raises(TooManyAttempts):
        look(after, "newcomer")
    clock.move(hours=4)
    fail(after, "newcomer")
    with pytest.raises(TooManyAttempts):
        look(after, "another")
    after.tick()
    with stand.store.begin() as db:
        assert len(db.execute(select(lookup_budgets)).all()) == 2  # one under each key, until both run out
    clock.move(hours=81)
    after.tick()
    with stand.store.begin() as db:
        assert db.execute(select(lookup_budgets)).all() == db.execute(select(lookup_failures)).all() == []


@pytest.mark.parametrize("typed", ["13800138000", "360102199003071234", "王小明"])
def test_what_is_typed_in_a_number_s_place_is_kept_nowhere(stand, typed):
    fail(stand.systems.cases, "c-1", typed)
    with stand.store.begin() as db:
        kept = str([db.execute(select(t)).all() for t in (audit_log, lookup_failures, lookup_budgets)])
        (subject,) = db.execute(select(audit_log.c.subject)).scalars()
        trace = db.execute(text("SELECT subject FROM lookup_failures")).scalar_one()
    assert typed not in kept and subject == trace and len(subject) == len("case:") + 64
    unkeyed = hashlib.sha256(typed.encode()).hexdigest()
    assert unkeyed not in kept, "a hash without a key is found by trying all numbers"
    fail(stand.systems.cases, "c-1")
    with stand.store.begin() as db:
        last = select(audit_log.c.subject).order_by(audit_log.c.id.desc()).limit(1)
        assert db.execute(last).scalar() == f"case:{KNOWN.case_no}"
