"""Bookings that lost their place, or were not used: what they are, who is told, who comes first."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from actions.backends.booking_closures import add_closure, remove_closure, set_windows
from actions.backends.no_shows import mark_no_show
from actions.backends.ports import AlreadyWaiting, BookingLimit, OfferGone, SlotFull, WaitNotFound
from tests.contracts.test_booking_policy import HALL, close, desk, fill, join, told
from tests.contracts.test_bookings import PHONE, SATURDAY, book, places, slots

SUNDAY = date(2026, 11, 29)
__all__ = ["desk"]


def words(stand, kind):
    """Payloads of a kind of notice."""
    return [json.loads(n["payload"]) for n in told(stand, kind)]


def test_a_displaced_booking_is_first_when_the_hall_opens_again(stand, desk):
    b = stand.systems.bookings
    mine = book(stand.systems, slots(stand.systems)[2].id)
    closed, lost = close(desk)
    assert lost == [mine.booking_no]
    (turn,) = b.waits("c-1")
    assert (turn.state, turn.place, turn.booking_no) == ("waiting", 1, mine.booking_no)
    remove_closure(desk, closed.id, actor="staff")
    (turn,) = b.waits("c-1")
    assert turn.offered.start == mine.start  # its own time, though earlier ones are free
    (said,) = words(stand, "displaced_offer")
    assert said["booking_no"] == mine.booking_no and said["until"].startswith("11月24日")
    back = b.accept_offer(turn.id, owner="c-1")
    assert (back.booking_no, back.status, back.start) == (mine.booking_no, "booked", mine.start)
    assert b.accept_offer(turn.id, owner="c-1") == back and b.bookings("c-1") == [back]
    assert len(told(stand, "booking_reminder")) == 2 and list(b.waits("c-1")) == []


def test_displaced_bookings_come_before_the_line_and_get_other_times_of_the_day(stand, desk, clock):
    """One window of a full day closes: a place that somebody gives back goes to one that was displaced."""
    systems = stand.systems
    first = fill(systems)
    join(systems, owner="c-9", phone="13700137000")
    clock.move(minutes=1)
    target = slots(systems)[1]
    lost = set_windows(desk, target.id, 1, actor="staff")
    assert len(lost) == 2
    gives = next(b for b in first if b.start != target.start and b.booking_no not in lost)
    systems.bookings.cancel(gives.booking_no, owner=gives.owner)
    owners = {b.owner for b in first if b.booking_no in lost}
    offers = [w for owner in owners for w in systems.bookings.waits(owner) if w.offered]
    assert len(offers) == 1 and offers[0].offered.start == gives.start
    assert [w.state for w in systems.bookings.waits("c-9")] == ["waiting"]
    assert systems.bookings.waits("c-9")[0].place == 2


def test_among_displaced_bookings_the_oldest_comes_first(stand, desk, clock):
    systems, made = stand.systems, []
    for n, slot in enumerate([*slots(systems)[1:3], slots(systems)[0]]):
        made.append(book(systems, slot.id, phone=f"1390000000{n}", owner=f"x-{n}"))
        clock.move(minutes=1)
    closed, lost = close(desk)
    assert lost == [b.booking_no for b in made]
    assert [systems.bookings.waits(f"x-{n}")[0].place for n in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("how", ["move", "cancel"])
def test_its_turn_ends_when_the_booking_is_moved_or_given_up(stand, desk, how):
    b = stand.systems.bookings
    mine = book(stand.systems, slots(stand.systems)[0].id)
    closed, _ = close(desk)
    remove_closure(desk, closed.id, actor="staff")
    (turn,) = b.waits("c-1")
    slot = turn.offered
    if how == "move":  # into the very place that is held for it
        for n in range(slot.free):
            book(stand.systems, slot.id, phone=f"1390000000{n}", owner=f"x-{n}")
        assert b.change(mine.booking_no, slot.id, owner="c-1").status == "booked"
    else:
        assert b.cancel(mine.booking_no, owner="c-1").status == "cancelled"
    assert list(b.waits("c-1")) == []
    with pytest.raises(OfferGone):
        b.accept_offer(turn.id, owner="c-1")
    assert places(stand.systems, slot) == (0 if how == "move" else slot.capacity)


def test_a_displaced_booking_that_moves_counts_as_a_new_one(systems, desk):
    days = [date(2026, 12, 5), date(2026, 12, 6), date(2026, 12, 12)]
    mine = book(systems, slots(systems)[0].id)
    close(desk)
    kept = [book(systems, slots(systems, day)[0].id) for day in days]
    with pytest.raises(BookingLimit):
        systems.bookings.change(mine.booking_no, slots(systems, SUNDAY)[0].id, owner="c-1")
    systems.bookings.cancel(kept[0].booking_no, owner="c-1")
    moved = systems.bookings.change(mine.booking_no, slots(systems, SUNDAY)[0].id, owner="c-1")
    assert moved.status == "booked"


def test_days_that_the_same_closure_shuts_are_not_named_as_free(stand, desk):
    book(stand.systems, slots(stand.systems)[0].id)
    slots(stand.systems, SUNDAY)  # opened, so that its places look free until it is closed too
    add_closure(desk, hall_id=HALL, first_day=SATURDAY, last_day=SUNDAY, reason="检修", actor="t")
    others = words(stand, "booking_displaced")[0]["others"]
    assert others and "11月28日" not in others and "11月29日" not in others


def test_a_displaced_booking_is_shown_for_two_weeks_after_its_day(systems, desk, clock):
    mine = book(systems, slots(systems)[0].id)
    close(desk)
    for day, shown in (("2026-12-12", [mine.booking_no]), ("2026-12-13", [])):
        clock.set(f"{day}T08:00")
        assert [b.booking_no for b in systems.bookings.bookings("c-1")] == shown


def test_whoever_was_told_of_an_offer_is_told_that_a_closure_took_it(stand, desk):
    systems = stand.systems
    made = fill(systems, slots(systems)[0].id)
    join(systems, slot_id=slots(systems)[0].id)
    systems.bookings.cancel(made[0].booking_no, owner=made[0].owner)
    systems.notices.told([n["id"] for n in told(stand, "waitlist_offer")])
    close(desk)
    (notice,) = told(stand, "waitlist_taken_back")
    assert notice["owner"] == "c-1"


# ---- offers that run out


def offered(systems):
    """c-1 first, c-2 second in line for the first slot, which falls free."""
    made = fill(systems, slots(systems)[0].id)
    for n in (1, 2):
        join(systems, phone=f"1370000000{n}", owner=f"c-{n}", slot_id=slots(systems)[0].id)
    systems.bookings.cancel(made[0].booking_no, owner=made[0].owner)
    (turn,) = systems.bookings.waits("c-1")
    return turn


def test_an_offer_that_ran_out_is_told_and_can_be_asked_for_again_at_the_end(stand, clock):
    b = stand.systems.bookings
    turn = offered(stand.systems)
    clock.move(minutes=30)
    b.tick()
    (notice,) = told(stand, "waitlist_expired")
    assert notice["owner"] == "c-1" and "11月28日（周六）09:00" in notice["payload"]
    (out,) = b.waits("c-1")
    assert (out.id, out.state, out.place) == (turn.id, "expired", 0)
    again = b.join_again(turn.id, owner="c-1", key="again")
    assert again == b.join_again(turn.id, owner="c-1", key="again")
    assert (again.state, again.place, again.slot_id) == ("waiting", 1, turn.slot_id)
    assert [w.state for w in b.waits("c-1")] == ["waiting"]  # the old turn is history
    with pytest.raises(AlreadyWaiting):
        b.join_again(turn.id, owner="c-1", key="once more")
    for wait_id, owner in ((turn.id, "c-2"), (again.id, "c-1"), (0, "c-1")):
        with pytest.raises(WaitNotFound):
            b.join_again(wait_id, owner=owner, key="x")


def test_a_turn_of_a_day_that_is_over_cannot_be_renewed(systems, clock):
    turn = offered(systems)
    clock.set("2026-11-29T08:00")
    systems.bookings.tick()
    assert list(systems.bookings.waits("c-1")) == []
    with pytest.raises(SlotFull):
        systems.bookings.join_again(turn.id, owner="c-1", key="again")


def test_whoever_waits_in_vain_is_told_when_the_day_is_over(stand, clock):
    fill(stand.systems)
    join(stand.systems)
    clock.set("2026-11-28T11:00")
    stand.systems.bookings.tick()
    (notice,) = told(stand, "waitlist_lapsed")
    assert notice["owner"] == "c-1"


@pytest.mark.parametrize(
    ("made", "told_at", "until"),
    [
        ("2026-11-24T10:00", "11-24 10:00", "11-24 10:30"),
        ("2026-11-24T20:30", "11-24 20:30", "11-24 21:00"),
        ("2026-11-24T20:50", "11-24 20:50", "11-25 07:50"),  # ten minutes today, twenty tomorrow
        ("2026-11-24T21:00", "11-25 07:30", "11-25 08:00"),
        ("2026-11-25T02:00", "11-25 07:30", "11-25 08:00"),
        ("2026-11-28T06:00", "11-28 07:30", "11-28 08:00"),
        ("2026-11-28T08:20", "11-28 08:20", "11-28 08:30"),  # the cut-off of the slot at nine
    ],
)
def test_the_clock_of_an_offer_runs_while_people_are_awake(stand, clock, made, told_at, until):
    systems = stand.systems
    taken = fill(systems, slots(systems)[0].id)
    join(systems, slot_id=slots(systems)[0].id)
    clock.set(made)
    systems.bookings.cancel(taken[0].booking_no, owner=taken[0].owner)
    (turn,) = systems.bookings.waits("c-1")
    (notice,) = told(stand, "waitlist_offer")
    assert (f"{notice['due_at']:%m-%d %H:%M}", f"{turn.until:%m-%d %H:%M}") == (told_at, until)
    clock.now = turn.until - timedelta(minutes=1)
    assert systems.bookings.accept_offer(turn.id, owner="c-1").status == "booked"


# ---- no-shows


def test_a_no_show_is_listed_with_what_the_rule_says_and_told_once(stand, desk, clock):
    systems = stand.systems
    for n, day in enumerate(("2026-11-28", "2026-11-29", "2026-12-05"), 1):
        made = book(systems, slots(systems, date.fromisoformat(day))[0].id)
        clock.set(f"{day}T12:00")
        for _ in range(2):
            mark_no_show(desk, made.booking_no, actor="staff")
        seen = systems.bookings.bookings("c-1")[-1]
        rule = seen.missed
        assert (seen.status, rule.count, rule.limit, rule.days, rule.barred_days) == ("no_show", n, 3, 90, 30)
        assert rule.until == (date(2027, 1, 4) if n == 3 else None)
    assert [w["n"] for w in words(stand, "booking_missed")] == ["1", "2"]
    (barred,) = words(stand, "booking_barred")
    assert barred["until"] == "1月4日（周一）"
    mark_no_show(desk, made.booking_no, actor="staff", came=True)
    assert words(stand, "booking_barred") == []
    assert systems.bookings.bookings("c-1")[0].missed.until is None
    clock.set("2027-02-27T08:00")
    assert [b.day.isoformat() for b in systems.bookings.bookings("c-1")] == ["2026-11-29"]


# ---- a person is a phone and a name


def test_with_one_phone_one_books_for_oneself_and_for_a_parent(systems):
    first, second, third = slots(systems)[:3]
    how = {"item_id": "i", "item": "事", "phone": PHONE, "owner": "c-1"}
    systems.bookings.book(first.id, name="王小明", key="1", **how)
    systems.bookings.book(second.id, name="王大明", key="2", **how)
    for name in ("王小明", " 王 小明", "王大明"):
        with pytest.raises(BookingLimit) as limit:
            systems.bookings.book(third.id, name=name, key=name, **how)
        assert limit.value.per == "item_day"
    assert [b.name for b in systems.bookings.bookings("c-1")] == ["王小明", "王大明"]


def test_a_slot_that_was_opened_beyond_the_horizon_is_not_booked(systems, clock):
    clock.set("2026-12-20T08:00")
    far = slots(systems, date(2027, 1, 16))[0]
    clock.set("2026-11-24T10:00")
    with pytest.raises(SlotFull):
        book(systems, far.id)


def test_a_closed_window_or_a_session_that_does_not_run_is_no_reason(systems, desk):
    monday = date(2026, 11, 30)
    close(desk, windows=1)
    close(desk, day=monday, session="weekend")
    assert systems.bookings.closed_because(HALL, SATURDAY) == ""
    assert systems.bookings.closed_because(HALL, monday) == ""
    close(desk, day=monday, session="noon")
    assert systems.bookings.closed_because(HALL, monday) == "设备检修"
    assert systems.bookings.closed_because("nowhere", SATURDAY) == ""
