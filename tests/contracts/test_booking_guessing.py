"""Guessing at bookings by number and digits of the phone: counted and refused as for cases, not the owner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from actions.backends.booking_proof import Proof
from actions.backends.booking_rows import Desk
from actions.backends.case_locks import BUDGET, CLIENT_TRIES
from actions.backends.halls import load
from actions.backends.ports import BookingNotFound, TooManyAttempts
from actions.backends.tables import audit_log, bookings, lookup_failures
from tests.contracts.test_bookings import PHONE, book, slots


@pytest.fixture
def made(systems):
    """A booking of c-1."""
    return book(systems, slots(systems)[0].id)


def calls(systems, number, owner, last4="0000"):
    """Every way to somebody's booking, with a wrong proof."""
    later = slots(systems)[1].id
    b = systems.bookings
    return {
        "find": lambda: b.find(number, owner=owner, phone_last4=last4),
        "change": lambda: b.change(number, later, owner=owner, phone_last4=last4),
        "cancel": lambda: b.cancel(number, owner=owner, phone_last4=last4),
        "voucher": lambda: b.voucher(number, owner=owner, phone_last4=last4),
        "by_phone": lambda: b.by_phone(phone="13900139000", booking_no=number, owner=owner),
    }


@pytest.mark.parametrize("way", ["find", "change", "cancel", "voucher", "by_phone"])
def test_a_client_fails_five_times_by_whatever_way(systems, made, way, clock):
    for _ in range(CLIENT_TRIES):
        with pytest.raises(BookingNotFound):
            calls(systems, made.booking_no, "guesser")[way]()
    for again in calls(systems, made.booking_no, "guesser", PHONE[-4:]).values():
        with pytest.raises(TooManyAttempts) as locked:  # the right digits help no more
            again()
    assert 0 < locked.value.retry_after_s <= 900
    clock.move(minutes=16)
    assert systems.bookings.find(made.booking_no, owner="guesser", phone_last4=PHONE[-4:]) == made


def test_the_owner_is_never_locked_out_and_counts_nothing(stand, made):
    systems = stand.systems
    for n in range(BUDGET):
        with pytest.raises(BookingNotFound):
            systems.bookings.find(made.booking_no, owner=f"g-{n}", phone_last4="0000")
    with pytest.raises(TooManyAttempts):
        systems.bookings.find(made.booking_no, owner="g-new", phone_last4=PHONE[-4:])
    assert systems.bookings.find(made.booking_no, owner="c-1", phone_last4="9999") == made
    assert systems.bookings.cancel(made.booking_no, owner="c-1").status == "cancelled"
    with stand.store.begin() as db:
        assert len(db.execute(select(lookup_failures)).all()) == BUDGET


def test_cases_and_bookings_share_the_limit_of_a_client_but_not_of_a_number(systems, made):
    for _ in range(CLIENT_TRIES):
        with pytest.raises(BookingNotFound):
            systems.bookings.find(made.booking_no, owner="guesser", phone_last4="0000")
    with pytest.raises(TooManyAttempts):
        systems.cases.status("NC202611030000175", phone_last4="0000", client="guesser")


def test_many_at_once_do_not_get_past_the_budget(systems, made):
    def guess(i):
        try:
            systems.bookings.find(made.booking_no, owner=f"c-x{i}", phone_last4=f"{i:04}")
        except (BookingNotFound, TooManyAttempts) as refusal:
            return type(refusal)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(guess, range(32)))
    assert results.count(BookingNotFound) == BUDGET and results.count(TooManyAttempts) == 32 - BUDGET


def test_unknown_number_and_wrong_digits_do_the_same_work(stand, made):
    done: list[str] = []
    listener = lambda c, cursor, statement, *rest: done.append(statement)  # noqa: E731
    event.listen(stand.store.engine, "before_cursor_execute", listener)
    proof, works = Proof(Desk(stand.store, load())), []
    others = [book(stand.systems, slots(stand.systems)[0].id, f"1390000000{n}", f"o-{n}") for n in (1, 2)]
    pairs = [  # each number once: a second failure of one raises its budget instead of opening it
        (made.booking_no, "0000"), ("YY26112899996", "0000"), ("一\x00" * 90, "0"),
        (others[0].booking_no, ""),
        ("YY\ud800", "\ud800"), (others[1].booking_no, None),
    ]
    for i, (number, last4) in enumerate(pairs):
        done.clear()
        with pytest.raises(BookingNotFound):
            proof.last4(number, last4, f"c-x{i}")
        works.append(list(done))
    assert len(works[0]) > 4 and all(work == works[0] for work in works)


def test_a_booking_whose_person_was_erased_is_nobodys(stand, made):
    """Blank digits equal no digits: nobody may come in by leaving them out."""
    with stand.store.begin() as db:
        db.execute(update(bookings).values(phone="", name="", owner="", phone_digest=""))
    for owner, last4 in (("c-2", None), ("c-2", ""), ("", None), ("", "")):
        with pytest.raises(BookingNotFound):
            stand.systems.bookings.find(made.booking_no, owner=owner, phone_last4=last4)


def test_refusals_are_on_the_trail_without_what_was_said(stand, made):
    for number in (made.booking_no, "我叫王小明\x00"):
        with pytest.raises(BookingNotFound):
            stand.systems.bookings.find(number, owner="c-2", phone_last4="1234")
    with stand.store.begin() as db:
        refused = audit_log.c.action == "booking.refused"
        rows = db.execute(select(audit_log.c.actor, audit_log.c.subject).where(refused)).all()
    assert [tuple(r) for r in rows] == [("c-2", f"booking:{made.booking_no}"), ("c-2", "booking:")]


def test_old_guesses_are_forgotten_by_the_tick(stand, made, clock):
    with pytest.raises(BookingNotFound):
        stand.systems.bookings.find(made.booking_no, owner="c-2", phone_last4="1234")
    clock.now += timedelta(minutes=16)
    assert stand.systems.bookings.tick() == 0
    with stand.store.begin() as db:
        assert db.execute(select(lookup_failures)).all() == []
