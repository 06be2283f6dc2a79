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


@pytest.mark.parametrize(
    "number",
    ["", "NC", "nc202611030000175", "' OR 1=1 --", "一" * 200, "NC\x00202611030000175"],
)
def test_odd_numbers_are_simply_wrong(systems, number):
    with pytest.raises(CaseNotFound):
        systems.cases.status(number, phone_last4=KNOWN.phone_last4, client="c-1")


def test_strangers_who_guess_do_not_lock_out_the_owner(systems, clock):
    """The number is hot after five failures: only who failed on it twice has to wait."""
    for i in range(5):
        refused(systems, last4="0000", client=f"stranger-{i}")
    refused(systems, last4="0000", client="stranger-0")
    with pytest.raises(TooManyAttempts):
        look(systems, client="stranger-0")
    refused(systems, last4="2486", client="owner")  # a slip of the finger
    assert look(systems, client="owner").item == KNOWN.item


def guess_on(systems, number=None, last4="0000"):
    """Failures from ever new clients until the budget of the number is spent."""
    for count in range(1000):
        try:
            look(systems, number=number, last4=last4, client=f"fresh-{count}")
        except CaseNotFound:
            continue
        except TooManyAttempts as locked:
            return count, locked.retry_after_s
    return 1000, 0


def test_any_number_of_clients_has_one_slow_budget(systems, clock):
    assert guess_on(systems) == (20, 4 * 3600)
    for _ in range(3):
        clock.move(hours=4)
        refused(systems, last4="0000", client=f"later-{clock.now}")
        assert guess_on(systems)[0] == 0


def test_who_had_it_right_before_is_not_locked_by_a_spent_budget(systems):
    assert look(systems, client="owner")
    guess_on(systems)
    assert look(systems, client="owner").item == KNOWN.item
    assert look(systems, OTHER, client="anyone").item == OTHER.item


def test_the_owner_gets_a_place_in_the_budget_again(systems, clock):
    guess_on(systems)
    with pytest.raises(TooManyAttempts) as locked:
        look(systems, client="owner")
    clock.move(seconds=locked.value.retry_after_s)
    assert look(systems, client="owner").item == KNOWN.item


def test_unknown_numbers_have_the_same_budget(systems):
    assert guess_on(systems, number="NC209901010000000") == guess_on(systems)


def test_ones_own_case_is_no_way_to_go_on_guessing(systems):
    for _ in range(2):
        refused(systems, last4="0000")
        refused(systems, last4="0001")
        assert look(systems, OTHER).item == OTHER.item
    refused(systems, last4="0002")
    with pytest.raises(TooManyAttempts):
        look(systems)


def test_a_client_is_locked_after_five_failures_for_every_number(systems):
    for i in range(5):
        refused(systems, number=f"NC20261103000{i:03}0")
    with pytest.raises(TooManyAttempts):
        look(systems)
    assert look(systems, client="c-2").item == KNOWN.item


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


def test_deadlines_pauses_and_what_is_missing(systems):
    paused = look(systems, OTHER)
    assert paused.pauses[-1].reason == "补正材料" and paused.pauses[-1].until is None
    assert (paused.due_on, paused.statutory_due, paused.promised_days) == (None, None, 10)
    assert len(paused.materials) == 1 and "平面布局图" in paused.materials[0]
    running = look(systems)
    assert running.promised_due == running.due_on and running.statutory_due.isoformat() == "2026-11-24"
    assert running.applicant == "王*明" and running.holder == "证照制作岗"


def test_my_cases_by_login(systems):
    mine = systems.cases.mine("demo-identity-0001", client="c-9")
    assert [c.submitted_on.isoformat() for c in mine] == ["2026-11-03", "2026-10-28"]
    assert (mine[1].result_way, mine[1].result_where) == ("collect", "不动产登记大厅发证窗口")


@pytest.mark.parametrize("identity", ["", "  ", "\x00", "nobody", "一" * 500])
def test_nobody_elses_cases_by_login(systems, identity):
    assert list(systems.cases.mine(identity, client="c-9")) == []


def test_tick_forgets_what_no_limit_looks_at(systems, clock):
    for i in range(3):
        refused(systems, last4="0000", client=f"c-{i}")
    assert systems.cases.tick() == 0
    clock.move(minutes=16)
    assert systems.cases.tick() == 3
    clock.move(hours=12)
    assert systems.cases.tick() == 1  # the budget of one number
    look(systems)
    clock.move(days=91)
    assert (systems.cases.tick(), systems.cases.tick()) == (1, 0)
