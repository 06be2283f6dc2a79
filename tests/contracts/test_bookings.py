"""The contract of `BookingSystem`: never over capacity, never twice, never someone else's."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time

import pytest

from actions.backends.ports import (
    BookingLimit,
    BookingNotFound,
    BookingRefused,
    BookingTooLate,
    DuplicateBooking,
    SlotFull,
)

SATURDAY = date(2026, 11, 28)
PHONE = "13800138000"


def slots(systems, day=SATURDAY, hall="honggutan"):
    """The slots of a day."""
    return list(systems.bookings.free_slots(hall, day))


def book(systems, slot_id, phone=PHONE, owner="c-1", key=None, item_id="residence-permit"):
    """One booking."""
    return systems.bookings.book(
        slot_id,
        item_id=item_id,
        item="居住证申领",
        name="王小明",
        phone=phone,
        owner=owner,
        key=key or f"{owner}:{slot_id}:{phone}",
    )


def places(systems, slot):
    """Places left of a slot now."""
    return next(s.free for s in slots(systems, slot.day, slot.hall_id) if s.id == slot.id)


def test_a_booking_takes_one_place_and_comes_back_whole(systems):
    slot = slots(systems)[0]
    booked = book(systems, slot.id)
    assert (booked.day, booked.start, booked.end) == (slot.day, slot.start, slot.end)
    assert (booked.hall.id, booked.item, booked.name, booked.phone) == (
        "honggutan", "居住证申领", "王小明", PHONE,
    )
    assert booked.status == "booked" and booked.owner == "c-1"
    assert places(systems, slot) == slot.capacity - 1
    assert list(systems.bookings.bookings("c-1")) == [booked]
    assert list(systems.bookings.bookings("c-2")) == []


def test_capacity_holds_against_200_attempts_from_16_threads(systems):
    slot = slots(systems)[0]

    def attempt(i: int) -> str:
        try:
            return book(systems, slot.id, phone=f"139{i:08}", owner=f"c-{i}").booking_no
        except SlotFull:
            return "full"

    with ThreadPoolExecutor(16) as pool:
        came = list(pool.map(attempt, range(200)))
    numbers = [n for n in came if n != "full"]
    assert len(numbers) == len(set(numbers)) == slot.capacity
    assert places(systems, slot) == 0


def test_booking_and_cancelling_at_once_never_loses_a_place(systems):
    day = slots(systems)[:2]

    def come_and_go(i: int) -> None:
        choice = random.Random(i)
        for step in range(4):
            slot = choice.choice(day)
            try:
                booked = book(systems, slot.id, phone=f"139{i:08}", owner=f"c-{i}", key=f"{i}-{step}")
            except (SlotFull, DuplicateBooking, BookingLimit):
                continue
            if choice.random() < 0.6:
                for _ in range(choice.randint(1, 2)):
                    systems.bookings.cancel(booked.booking_no, owner=f"c-{i}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come_and_go, range(16)))
    for slot in day:
        held = sum(
            b.start == slot.start for i in range(16) for b in systems.bookings.bookings(f"c-{i}")
        )
        assert places(systems, slot) == slot.capacity - held >= 0


def test_the_same_key_books_once(systems):
    slot = slots(systems)[0]
    first = book(systems, slot.id, key="k")
    assert book(systems, slot.id, key="k") == first
    assert places(systems, slot) == slot.capacity - 1


def test_the_key_of_somebody_else_hands_out_nothing(systems):
    slot = slots(systems)[0]
    book(systems, slot.id, key="k")
    with pytest.raises(BookingRefused) as refused:
        book(systems, slot.id, phone="13900139000", owner="c-2", key="k")
    assert refused.value.field == "key" and PHONE not in str(refused.value)


def test_the_same_key_from_many_threads_books_once(systems):
    slot = slots(systems)[0]
    with ThreadPoolExecutor(8) as pool:
        came = list(pool.map(lambda _: book(systems, slot.id, key="k").booking_no, range(24)))
    assert len(set(came)) == 1
    assert places(systems, slot) == slot.capacity - 1


def test_one_phone_holds_one_place_in_a_slot(systems):
    slot, later = slots(systems)[:2]
    first = book(systems, slot.id, key="a")
    with pytest.raises(DuplicateBooking) as twice:
        book(systems, slot.id, owner="c-2", key="b")
    assert twice.value.booking_no == first.booking_no
    assert places(systems, slot) == slot.capacity - 1
    assert book(systems, later.id, key="c", item_id="passport").start == later.start


def test_after_cancelling_the_same_phone_may_book_again(systems):
    slot = slots(systems)[0]
    first = book(systems, slot.id, key="a")
    systems.bookings.cancel(first.booking_no, owner="c-1")
    again = book(systems, slot.id, key="b")
    assert again.booking_no != first.booking_no
    assert places(systems, slot) == slot.capacity - 1


def test_cancelling_gives_the_place_back_once(systems):
    slot = slots(systems)[0]
    booked = book(systems, slot.id)
    first = systems.bookings.cancel(booked.booking_no, owner="c-1")
    second = systems.bookings.cancel(booked.booking_no, owner="c-1")
    assert first == second and first.status == "cancelled"
    assert places(systems, slot) == slot.capacity
    assert list(systems.bookings.bookings("c-1")) == []


@pytest.mark.parametrize("last4", [None, "", "0000", "800", "138000"])
def test_a_stranger_cannot_cancel(systems, last4):
    slot = slots(systems)[0]
    booked = book(systems, slot.id)
    with pytest.raises(BookingNotFound):
        systems.bookings.cancel(booked.booking_no, owner="c-2", phone_last4=last4)
    assert places(systems, slot) == slot.capacity - 1


def test_whoever_knows_the_phone_can_cancel(systems):
    booked = book(systems, slots(systems)[0].id)
    cancelled = systems.bookings.cancel(booked.booking_no, owner="c-2", phone_last4=PHONE[-4:])
    assert cancelled.status == "cancelled"


def test_an_unknown_number_is_refused_like_a_strangers(systems):
    booked = book(systems, slots(systems)[0].id)
    caught = []
    for number in ("YY2611280000X", booked.booking_no):
        with pytest.raises(BookingNotFound) as refusal:
            systems.bookings.cancel(number, owner="c-2", phone_last4="0000")
        caught.append(refusal.value.args)
    assert caught == [(), ()]


def test_past_slots_are_hidden_and_refused(systems, clock):
    first, second = slots(systems)[:2]
    clock.set(f"{SATURDAY}T{first.start}")
    clock.move(minutes=-1)
    with pytest.raises(BookingTooLate) as late:
        book(systems, first.id)
    assert late.value.minutes == 30
    assert [s.id for s in slots(systems)][0] == second.id
    clock.move(minutes=1)
    with pytest.raises(SlotFull):
        book(systems, first.id)
    assert list(systems.bookings.free_slots("honggutan", date(2026, 11, 21))) == []


@pytest.mark.parametrize("slot_id", ["", "nowhere-20261128-0900", "honggutan-20261128-0301"])
def test_slots_that_do_not_exist_are_refused(systems, slot_id):
    with pytest.raises(SlotFull):
        book(systems, slot_id)


def test_beyond_the_horizon_and_in_unknown_halls_nothing_is_open(systems):
    assert list(systems.bookings.free_slots("nowhere", SATURDAY)) == []
    assert list(systems.bookings.free_slots("honggutan", date(2027, 3, 6))) == []


def test_full_slots_are_shown_as_full(systems):
    slot = slots(systems)[0]
    for i in range(slot.capacity):
        book(systems, slot.id, phone=f"1390000000{i}", owner=f"c-{i}")
    assert places(systems, slot) == 0


@pytest.mark.parametrize(
    ("day", "sessions"),
    [
        ("2026-09-29", {"noon", "evening"}),  # an ordinary Tuesday
        ("2026-10-01", set()),  # National Day, a Thursday
        ("2026-10-03", set()),  # National Day, a Saturday
        ("2026-10-08", {"noon", "evening"}),  # the first working day
        ("2026-10-10", {"noon", "evening"}),  # a Saturday on which people work
        ("2026-10-17", {"weekend"}),  # an ordinary Saturday
    ],
)
def test_the_right_sessions_open(systems, clock, day, sessions):
    clock.set("2026-09-28T08:00")
    found = slots(systems, date.fromisoformat(day), "city")
    assert {s.session for s in found} == sessions
    assert [s.start for s in found] == sorted(s.start for s in found)


def test_new_years_day_is_closed_even_before_its_year_is_in_the_holiday_table(systems, clock):
    clock.set("2026-12-20T08:00")
    assert slots(systems, date(2027, 1, 1), "city") == []
    assert {s.session for s in slots(systems, date(2027, 1, 4), "city")} == {"noon", "evening"}


def test_weekend_and_noon_times(systems):
    weekend = [s.start for s in slots(systems)]
    assert weekend[0] == time(9, 0) and weekend[-1] == time(11, 30)
    noon = [s.start for s in slots(systems, date(2026, 11, 25))]
    assert noon == [time(12, 0), time(12, 30), time(13, 0)]


def test_bookings_are_listed_soonest_first_and_past_days_fall_out(systems, clock):
    late = book(systems, slots(systems)[3].id, key="a")
    noon = book(systems, slots(systems, date(2026, 11, 25))[0].id, key="b")
    assert list(systems.bookings.bookings("c-1")) == [noon, late]
    clock.set("2026-11-26T08:00")
    assert list(systems.bookings.bookings("c-1")) == [late]


def test_a_change_moves_the_place_and_keeps_the_number(systems):
    first, second = slots(systems)[:2]
    booked = book(systems, first.id)
    moved = systems.bookings.change(booked.booking_no, second.id, owner="c-1")
    assert (moved.booking_no, moved.start, moved.status) == (booked.booking_no, second.start, "booked")
    assert places(systems, first) == first.capacity and places(systems, second) == second.capacity - 1
    assert systems.bookings.change(booked.booking_no, second.id, owner="c-1") == moved
    assert places(systems, second) == second.capacity - 1
    assert systems.bookings.find(booked.booking_no, owner="c-2", phone_last4=PHONE[-4:]) == moved


def test_a_change_that_fails_leaves_the_booking_as_it_was(systems):
    first, second = slots(systems)[:2]
    booked = book(systems, first.id)
    for i in range(second.capacity):
        book(systems, second.id, phone=f"1390000000{i}", owner=f"x-{i}")
    with pytest.raises(SlotFull):
        systems.bookings.change(booked.booking_no, second.id, owner="c-1")
    with pytest.raises(SlotFull):
        systems.bookings.change(booked.booking_no, "nowhere-20261128-0900", owner="c-1")
    assert systems.bookings.find(booked.booking_no, owner="c-1") == booked
    assert places(systems, first) == first.capacity - 1


def test_a_change_into_ones_own_other_booking_is_refused(systems):
    first, second = slots(systems)[:2]
    booked, other = book(systems, first.id), book(systems, second.id, item_id="passport")
    with pytest.raises(DuplicateBooking) as twice:
        systems.bookings.change(booked.booking_no, second.id, owner="c-1")
    assert twice.value.booking_no == other.booking_no
    assert places(systems, first) == first.capacity - 1


@pytest.mark.parametrize("last4", [None, "", "0000"])
def test_a_stranger_neither_finds_nor_changes(systems, last4):
    first, second = slots(systems)[:2]
    booked = book(systems, first.id)
    with pytest.raises(BookingNotFound):
        systems.bookings.find(booked.booking_no, owner="c-2", phone_last4=last4)
    with pytest.raises(BookingNotFound):
        systems.bookings.change(booked.booking_no, second.id, owner="c-2", phone_last4=last4)
    assert places(systems, second) == second.capacity


def test_a_cancelled_booking_is_neither_found_nor_changed(systems):
    first, second = slots(systems)[:2]
    booked = book(systems, first.id)
    systems.bookings.cancel(booked.booking_no, owner="c-1")
    with pytest.raises(BookingNotFound):
        systems.bookings.find(booked.booking_no, owner="c-1")
    with pytest.raises(BookingNotFound):
        systems.bookings.change(booked.booking_no, second.id, owner="c-1")
    assert places(systems, second) == second.capacity


def test_changing_from_many_threads_never_loses_or_doubles_a_place(systems):
    day = slots(systems)[:3]
    booked = [book(systems, day[0].id, phone=f"1390000001{i}", owner=f"c-{i}") for i in range(3)]

    def wander(i: int) -> None:
        choice = random.Random(i)
        for _ in range(6):
            try:
                systems.bookings.change(booked[i].booking_no, choice.choice(day).id, owner=f"c-{i}")
            except SlotFull:
                continue

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(wander, range(3)))
    held = [systems.bookings.find(b.booking_no, owner=b.owner).start for b in booked]
    for slot in day:
        assert places(systems, slot) == slot.capacity - held.count(slot.start)
