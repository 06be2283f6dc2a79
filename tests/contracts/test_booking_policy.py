"""What policy refuses, the line, closures, no-shows, reminders and vouchers. Saturday is 2026-11-28."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from actions.backends.booking_closures import add_closure, list_closures, remove_closure, set_windows
from actions.backends.booking_rows import Desk, phone_digits
from actions.backends.halls import load
from actions.backends.no_shows import mark_no_show
from actions.backends.ports import (
    AlreadyWaiting,
    BookingLimit,
    BookingNotFound,
    BookingRefused,
    BookingSuspended,
    BookingTooLate,
    DuplicateBooking,
    OfferGone,
    SlotFull,
    WaitNotFound,
)
from actions.backends.tables import bookings, notices, waits
from tests.contracts.test_bookings import PHONE, SATURDAY, book, places, slots

HALL = "honggutan"


@pytest.fixture
def desk(stand):
    """The staff's side of the same store."""
    return Desk(stand.store, load())


def join(systems, phone=PHONE, owner="c-1", key=None, day=SATURDAY, **wish):
    """One turn in line."""
    return systems.bookings.join_waitlist(
        hall_id=HALL, day=day, item_id="residence-permit", item="居住证申领", name="王小明", phone=phone,
        owner=owner, key=key or f"w:{owner}:{phone}:{day}", **wish,
    )  # fmt: skip


def fill(systems, only=None, day=SATURDAY):
    """Take every place of the day, or of one slot."""
    made = []
    for n, slot in enumerate(slots(systems, day)):
        for i in range(slot.free if only in (None, slot.id) else 0):
            made.append(book(systems, slot.id, phone=f"139{n:04}{i:04}", owner=f"x-{n}-{i}"))
    return made


def told(stand, kind):
    """Notices of a kind, in order: (owner, payload text, due)."""
    with stand.store.engine.connect() as db:
        asked = select(notices).where(notices.c.kind == kind).order_by(notices.c.id)
        return db.execute(asked).mappings().all()


# ---- limits


def test_one_phone_has_three_bookings_to_come_however_it_is_written(systems):
    days = [SATURDAY, date(2026, 11, 29), date(2026, 12, 5), date(2026, 12, 6)]
    made = [book(systems, slots(systems, day)[0].id) for day in days[:3]]
    for phone in (PHONE, "138-0013-8000", "+86 13800138000", "１３８００１３８０００"):
        with pytest.raises(BookingLimit) as limit:
            book(systems, slots(systems, days[3])[0].id, phone=phone, owner="c-9")
        assert (limit.value.limit, limit.value.per) == (3, "phone")
    systems.bookings.cancel(made[0].booking_no, owner="c-1")
    assert book(systems, slots(systems, days[3])[0].id, key="free again").status == "booked"


def test_one_service_a_day_unless_it_is_another_service(systems):
    first, second, third = slots(systems)[:3]
    made = book(systems, first.id)
    with pytest.raises(BookingLimit) as limit:
        book(systems, second.id)
    assert limit.value.per == "item_day"
    assert book(systems, second.id, item_id="passport").status == "booked"
    assert systems.bookings.change(made.booking_no, third.id, owner="c-1").start == third.start


def test_after_the_cut_off_nothing_is_booked_moved_or_given_back(systems, clock):
    first, second, later = slots(systems)[0], slots(systems)[1], slots(systems)[4]
    made = book(systems, first.id)
    clock.set("2026-11-28T08:30")
    for call in (
        lambda: systems.bookings.cancel(made.booking_no, owner="c-1"),
        lambda: systems.bookings.change(made.booking_no, later.id, owner="c-1"),
        lambda: book(systems, first.id, phone="13900139000", owner="c-2"),
    ):
        with pytest.raises(BookingTooLate):
            call()
    assert second.id in {s.id for s in slots(systems)} and first.id not in {s.id for s in slots(systems)}
    assert systems.bookings.find(made.booking_no, owner="c-1").status == "booked"


@pytest.mark.parametrize(
    "values",
    [
        {"phone": "12"}, {"phone": "电话"}, {"phone": "\0" * 6}, {"owner": ""}, {"item_id": "x" * 61},
        {"key": "k\0"},
    ],
)
def test_values_that_cannot_be_are_refused_by_name(systems, values):
    with pytest.raises(BookingRefused) as refused:
        book(systems, slots(systems)[0].id, **values)
    assert refused.value.field in values


@pytest.mark.parametrize("text", ["a\0b", "", "没有"])
def test_broken_numbers_are_not_found(systems, text):
    for call in (
        lambda: systems.bookings.find(text, owner="c-1"),
        lambda: systems.bookings.voucher_by_token(text),
        lambda: systems.bookings.by_phone(phone=PHONE, booking_no=text, owner="c-1"),
    ):
        with pytest.raises(BookingNotFound):
            call()
    with pytest.raises(SlotFull):
        book(systems, text, key="k")


def test_phone_and_a_number_list_the_bookings_of_that_phone(systems):
    first = book(systems, slots(systems)[0].id)
    second = book(systems, slots(systems, date(2026, 11, 29))[0].id, owner="c-2")
    found = systems.bookings.by_phone(phone="138 0013 8000", booking_no=second.booking_no, owner="c-3")
    assert [b.booking_no for b in found] == [first.booking_no, second.booking_no]
    with pytest.raises(BookingNotFound):
        systems.bookings.by_phone(phone="13900139000", booking_no=second.booking_no, owner="c-3")


def test_names_and_phones_lie_sealed(stand):
    book(stand.systems, slots(stand.systems)[0].id, key=f"c-1:{PHONE}")
    fill(stand.systems, only=slots(stand.systems)[1].id)
    join(stand.systems, slot_id=slots(stand.systems)[1].id, key=f"w{PHONE}")
    with stand.store.engine.connect() as db:
        for table in (bookings, waits, notices):
            for row in db.execute(select(table)):
                assert "王小明" not in str(row) and PHONE not in str(row)


# ---- the line


def test_the_first_in_line_gets_the_place_that_falls_free_and_it_is_held(stand, clock):
    systems = stand.systems
    made = fill(systems, slots(systems)[0].id)
    first = join(systems, slot_id=slots(systems)[0].id)
    second = join(systems, phone="13900139000", owner="c-2", slot_id=slots(systems)[0].id)
    assert (first.place, second.place) == (1, 2)
    systems.bookings.cancel(made[0].booking_no, owner=made[0].owner)
    assert places(systems, slots(systems)[0]) == 0
    with pytest.raises(SlotFull):
        book(systems, slots(systems)[0].id, phone="13700137000", owner="c-3")
    (mine,) = systems.bookings.waits("c-1")
    assert mine.state == "offered" and mine.until == clock.now + timedelta(minutes=30)
    (notice,) = told(stand, "waitlist_offer")
    assert notice["owner"] == "c-1" and notice["due_at"] == clock.now
    booked = systems.bookings.accept_offer(mine.id, owner="c-1")
    assert systems.bookings.accept_offer(mine.id, owner="c-1") == booked
    assert list(systems.bookings.bookings("c-1")) == [booked]
    assert places(systems, slots(systems)[0]) == 0


@pytest.mark.parametrize("how", ["decline", "expire"])
def test_what_the_first_does_not_take_goes_to_the_next_once(stand, clock, how):
    systems = stand.systems
    made = fill(systems, slots(systems)[0].id)
    for n in (1, 2, 3):
        join(systems, phone=f"1370000000{n}", owner=f"c-{n}", slot_id=slots(systems)[0].id)
    systems.bookings.cancel(made[0].booking_no, owner=made[0].owner)
    (offer,) = systems.bookings.waits("c-1")
    if how == "decline":
        assert systems.bookings.leave_waitlist(offer.id, owner="c-1").state == "declined"
        assert systems.bookings.leave_waitlist(offer.id, owner="c-1").state == "declined"
    else:
        clock.move(minutes=30)
        with pytest.raises(OfferGone):
            systems.bookings.accept_offer(offer.id, owner="c-1")
        assert systems.bookings.tick() == 2  # one ended, one offered
        assert systems.bookings.tick() == 0
    assert [w.state for n in (2, 3) for w in systems.bookings.waits(f"c-{n}")] == ["offered", "waiting"]
    assert [w.state for w in systems.bookings.waits("c-1")] == (["expired"] if how == "expire" else [])
    with pytest.raises(OfferGone):
        systems.bookings.accept_offer(offer.id, owner="c-1")


def test_a_day_or_a_session_is_waited_for_as_well(systems):
    made = fill(systems)
    assert join(systems).place == 1
    with pytest.raises(AlreadyWaiting):
        join(systems, owner="c-9", session="weekend")
    systems.bookings.cancel(made[-1].booking_no, owner=made[-1].owner)
    (mine,) = systems.bookings.waits("c-1")
    assert mine.offered and mine.offered.start == made[-1].start


def test_joining_where_there_is_nothing_to_wait_for_is_refused(systems):
    for how in ({"session": "evening"}, {"slot_id": "nowhere"}, {"day": date(2027, 5, 1)}):
        with pytest.raises(SlotFull):
            join(systems, **how)
    mine = book(systems, slots(systems)[0].id)
    with pytest.raises(DuplicateBooking):
        join(systems, slot_id=slots(systems)[0].id)
    assert mine.status == "booked"


def test_the_line_is_nobody_elses_and_ends_with_the_day(systems, clock):
    fill(systems)
    wait = join(systems)
    for call in (systems.bookings.accept_offer, systems.bookings.leave_waitlist):
        for number, owner in ((wait.id, "c-2"), (wait.id + 99, "c-1"), (0, "c-1"), (2**31, "c-1")):
            with pytest.raises(WaitNotFound):
                call(number, owner=owner)
    with pytest.raises(OfferGone):
        systems.bookings.accept_offer(wait.id, owner="c-1")
    clock.set("2026-11-28T11:00")  # the cut-off of the last slot
    assert systems.bookings.tick() == 1
    assert list(systems.bookings.waits("c-1")) == []


def test_an_offer_ends_at_the_cut_off_at_the_latest(systems, clock):
    made = fill(systems, slots(systems)[2].id)
    join(systems, slot_id=made[0].hall.id + "-20261128-1000")
    clock.set("2026-11-28T09:20")
    systems.bookings.cancel(made[0].booking_no, owner=made[0].owner)
    (mine,) = systems.bookings.waits("c-1")
    assert f"{mine.until:%H:%M}" == "09:30"


# ---- closures


def close(desk, day=SATURDAY, **how):
    return add_closure(
        desk, hall_id=HALL, first_day=day, last_day=day, reason="设备检修", actor="staff", **how
    )


def test_a_closed_day_tells_everybody_and_keeps_their_numbers(stand, desk):
    systems = stand.systems
    made = fill(systems, slots(systems)[0].id)
    closed, lost = close(desk)
    assert sorted(lost) == sorted(b.booking_no for b in made) and slots(systems) == []
    assert systems.bookings.closed_because(HALL, SATURDAY) == "设备检修"
    notes = told(stand, "booking_displaced")
    assert {n["owner"] for n in notes} == {b.owner for b in made}
    assert all("11月29日" in n["payload"] for n in notes)
    (mine,) = systems.bookings.bookings(made[0].owner)
    assert mine.status == "displaced" and told(stand, "booking_reminder") == []
    sunday = slots(systems, date(2026, 11, 29))[0]
    moved = systems.bookings.change(mine.booking_no, sunday.id, owner=mine.owner)
    assert (moved.booking_no, moved.status) == (mine.booking_no, "booked")
    assert places(systems, sunday) == sunday.capacity - 1
    remove_closure(desk, closed.id, actor="staff")
    # One moved; for the three others their old place is held.
    assert places(systems, slots(systems)[0]) == 1 and not list_closures(desk)


def test_a_closed_window_displaces_only_the_newest(stand, desk, clock):
    systems = stand.systems
    target = slots(systems)[0]
    made = []
    for i in range(4):
        made.append(book(systems, target.id, phone=f"1390000000{i}", owner=f"x-{i}"))
        clock.move(minutes=1)
    _, lost = close(desk, windows=1)
    assert sorted(lost) == sorted(b.booking_no for b in made[2:])
    assert slots(systems)[0].capacity == 2 and slots(systems)[0].free == 0
    assert set_windows(desk, target.id, 4, actor="staff") == [] and slots(systems)[0].capacity == 6


def test_an_offer_taken_back_by_a_closure_keeps_its_turn(stand, desk):
    systems = stand.systems
    made = fill(systems, slots(systems)[0].id)
    join(systems, slot_id=slots(systems)[0].id)
    systems.bookings.cancel(made[0].booking_no, owner=made[0].owner)
    closed, _ = close(desk)
    (mine,) = systems.bookings.waits("c-1")
    # Three bookings of the slot were displaced: their turns come before the line.
    assert mine.state == "waiting" and mine.place == 4 and told(stand, "waitlist_offer") == []
    remove_closure(desk, closed.id, actor="staff")
    assert systems.bookings.waits("c-1")[0].state == "offered"


def test_a_closure_before_anybody_looked_holds_too(stand, desk):
    add_closure(
        desk, hall_id="city", first_day=SATURDAY, last_day=date(2026, 12, 31), session="evening",
        reason="检修", actor="staff",
    )  # fmt: skip
    found = stand.systems.bookings.free_slots("city", date(2026, 11, 30))
    assert {s.session for s in found} == {"noon"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"hall_id": "x"}, {"reason": " "}, {"session": "night"}, {"windows": -1},
        {"last_day": date(2026, 1, 1)},
    ],
)
def test_a_closure_that_cannot_be_is_refused(desk, wrong):
    good = {"hall_id": HALL, "first_day": SATURDAY, "last_day": SATURDAY, "reason": "检修", "actor": "t"}
    with pytest.raises(BookingRefused):
        add_closure(desk, **(good | wrong))
    with pytest.raises(BookingRefused):
        remove_closure(desk, 99, actor="t")


# ---- no-shows


def test_three_no_shows_close_booking_for_thirty_days(stand, desk, clock):
    systems = stand.systems
    last = None
    for day in ("2026-11-28", "2026-11-29", "2026-12-05"):
        on = date.fromisoformat(day)
        made = book(systems, slots(systems, on)[0].id)
        with pytest.raises(BookingRefused):
            mark_no_show(desk, made.booking_no, actor="staff")
        clock.set(f"{day}T12:00")
        last = mark_no_show(desk, made.booking_no, actor="staff")
        assert mark_no_show(desk, made.booking_no, actor="staff") == last
    with pytest.raises(BookingSuspended) as closed:
        book(systems, slots(systems, date(2026, 12, 6))[0].id)
    assert closed.value.until == "2027-01-04"
    with pytest.raises(BookingSuspended):
        join(systems, day=date(2026, 12, 6))
    assert book(systems, slots(systems, date(2026, 12, 6))[0].id, phone="13900139000", owner="c-2")
    assert mark_no_show(desk, last.booking_no, actor="staff", came=True).status == "booked"
    assert book(systems, slots(systems, date(2026, 12, 6))[1].id, key="again").status == "booked"


def test_old_no_shows_do_not_count():
    policy = load().policy
    days = [date(2026, 12, 1), date(2026, 11, 1), date(2026, 8, 1)]
    assert policy.suspended_until(days) is None
    assert policy.suspended_until([*days[:2], date(2026, 9, 2)]) == date(2026, 12, 31)
    assert policy.suspended_until([]) is None


# ---- reminders


def test_reminders_the_evening_before_and_two_hours_before(stand, clock):
    systems = stand.systems
    made = book(systems, slots(systems)[0].id)
    due = [n["due_at"].strftime("%m-%d %H:%M") for n in told(stand, "booking_reminder")]
    assert due == ["11-27 18:00", "11-28 07:00"]
    systems.bookings.change(made.booking_no, slots(systems)[2].id, owner="c-1")
    due = [n["due_at"].strftime("%m-%d %H:%M") for n in told(stand, "booking_reminder")]
    assert due == ["11-27 18:00", "11-28 08:00"]
    systems.bookings.cancel(made.booking_no, owner="c-1")
    assert told(stand, "booking_reminder") == []
    clock.set("2026-11-27T20:00")
    book(systems, slots(systems)[0].id, key="late")
    assert len(told(stand, "booking_reminder")) == 1


# ---- vouchers


def test_a_voucher_has_lines_a_code_and_a_calendar_entry_that_follows_the_booking(systems):
    made = book(systems, slots(systems)[0].id)
    seen = systems.bookings.voucher(made.booking_no, owner="c-1")
    assert seen == systems.bookings.voucher_by_token(made.voucher) and len(seen.token) == 32
    assert ("办事人", "王**") in seen.lines and PHONE not in str(seen)
    assert seen.qr_svg.startswith("<svg") and made.booking_no in seen.qr_svg
    assert "\r\n" in seen.ics and "\n" not in seen.ics.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in seen.ics.split("\r\n"))
    uid, sequences = set(), []
    for step in ("made", "moved", "cancelled"):
        if step == "moved":
            systems.bookings.change(made.booking_no, slots(systems)[2].id, owner="c-1")
        if step == "cancelled":
            systems.bookings.cancel(made.booking_no, owner="c-1")
        entry = Calendar.from_ical(systems.bookings.voucher(made.booking_no, owner="c-1").ics)
        (event,) = entry.walk("VEVENT")
        uid.add(str(event["UID"]))
        sequences.append(int(event["SEQUENCE"]))
    assert len(uid) == 1 and sequences == [0, 1, 2]
    assert (str(entry["METHOD"]), str(event["STATUS"])) == ("CANCEL", "CANCELLED")
    assert event.decoded("DTSTART").isoformat() == "2026-11-28T02:00:00+00:00"
    with pytest.raises(BookingNotFound):
        systems.bookings.voucher(made.booking_no, owner="c-2", phone_last4="0000")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+86 138-0013-8000", "13800138000"), ("8613800138000", "13800138000"),
        ("0791 8388", "07918388"), ("", ""),
    ],
)
def test_phones_in_digits(text, digits):
    assert phone_digits(text) == digits
