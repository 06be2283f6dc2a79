"""The line for full slots, and what policy refuses, turn by turn. Saturday is 2026-11-28."""

from __future__ import annotations

import json
from datetime import date

import pytest

from actions.backends.booking_closures import add_closure, remove_closure
from actions.backends.no_shows import mark_no_show
from actions.backends.ports import BookingRefused, BookingSuspended, ItemNotBookable
from actions.booking import Book, ListBookings
from actions.booking_ask import AskBooking
from actions.booking_form import ValidateBooking
from actions.booking_refusals import refusal
from actions.booking_waits import Waitlist
from actions.cancel_booking import CancelBooking, ValidateCancel
from actions.cues import cue
from actions.items import GuideItemFinder
from tests.actions.test_booking_form import AT_CONFIRM, CHOOSING, SLOT, fill
from tests.fakes import ScriptedAnswerer, set_slots, turn

SATURDAY = date(2026, 11, 28)
HALL = {"booking_hall": "honggutan"}
ANY = {**AT_CONFIRM, "booking_slot": "wait:"}


@pytest.fixture
def form(phrases, systems, clock):
    """`form(turn) -> (slots set, messages)`."""
    action = ValidateBooking(phrases, systems.bookings, GuideItemFinder(ScriptedAnswerer()), clock)

    def run(*args, **how):
        result = action.act(turn(*args, form="booking_form", **how))
        return set_slots(result.events), result.messages

    return run


def book(phrases, systems, slots, **how):
    """(message, slots) of `action_book`."""
    result = Book(phrases, systems.bookings).act(turn("确认", "affirm", slots=slots, **how))
    return result.messages[0], set_slots(result.events)


def free_one(systems, start="09:30"):
    """Somebody gives a place back."""
    mine = next(b for b in systems.bookings.bookings("x") if f"{b.start:%H:%M}" == start)
    systems.bookings.cancel(mine.booking_no, owner="x")


def test_the_question_for_a_time_offers_the_line_only_where_something_is_full(phrases, systems, clock):
    ask = AskBooking("booking_slot", phrases, systems.bookings, clock)
    wait = phrases.replies("wait_options")[0]
    assert wait not in ask.act(turn(slots=CHOOSING)).messages[0]["options"]
    fill(systems, only="09:30")
    assert wait in ask.act(turn(slots=CHOOSING)).messages[0]["options"]
    moving = {**CHOOSING, "booking_moves": "YY1"}
    assert wait not in ask.act(turn(slots=moving)).messages[0]["options"]


def test_a_full_day_is_told_with_a_button_that_joins_its_line(form, systems):
    fill(systems)
    _, (note,) = form("周六", "inform", wanted="booking_day", slots=HALL, day="2026-11-28")
    (button,) = note["replies"]
    assert button["say"] == "11月28日有空位通知我"
    slots, notes = form(button["say"], "join_waitlist", wanted="booking_day", slots=HALL, day="2026-11-28")
    assert notes == [] and (slots["booking_day"], slots["booking_slot"]) == ("2026-11-28", "wait:")


def test_a_time_narrows_what_is_waited_for(form, systems):
    fill(systems)
    at = json.dumps({"start": "09:30", "end": None, "part": None})
    slots, _ = form("九点半有空位通知我", "inform", wanted="booking_slot", slots=CHOOSING, time=at)
    assert slots["booking_slot"] == f"wait:{SLOT}"
    morning = json.dumps({"start": "08:00", "end": "12:00", "part": "morning"})
    slots, _ = form("上午有空位叫我", "join_waitlist", wanted="booking_slot", slots=CHOOSING, time=morning)
    assert slots["booking_slot"] == "wait:weekend"


def test_a_move_keeps_its_place_and_joins_no_line(form, systems):
    fill(systems)
    moving = {**CHOOSING, "booking_moves": "YY1"}
    slots, _ = form("有空位通知我", "inform", wanted="booking_slot", slots=moving)
    assert not str(slots.get("booking_slot") or "").startswith("wait:")


def test_the_read_back_says_that_it_is_the_line(phrases, systems, clock):
    fill(systems)
    ask = AskBooking("booking_confirm", phrases, systems.bookings, clock)
    (message,) = ask.act(turn(slots=ANY)).messages
    assert ("时段", "当天任一时段（排队等空位）") in {(r["label"], r["value"]) for r in message["rows"]}
    (message,) = ask.act(turn(slots={**ANY, "booking_slot": f"wait:{SLOT}"})).messages
    assert ("时段", "09:30-10:00（排队等空位）") in {(r["label"], r["value"]) for r in message["rows"]}
    assert message["options"]


def test_join_offer_accept(phrases, systems):
    fill(systems)
    message, slots = book(phrases, systems, ANY)
    assert message["status"] == "wait_joined" and "第 1 位" in message["text"]
    assert slots["booking_slot"] is None
    mine = ListBookings(phrases, systems.bookings)
    assert mine.act(turn("我的预约", "list_bookings")).messages[0]["status"] == "wait_standing"
    free_one(systems)
    (offered,) = mine.act(turn("我的预约", "list_bookings")).messages
    assert offered["status"] == "wait_offer" and "09:30-10:00" in offered["text"]
    yes, no = (reply["say"] for reply in offered["replies"])
    (taken,) = mine.act(turn(yes, "list_bookings")).messages
    assert taken["bookings"][0]["start"] == "09:30"
    assert len(systems.bookings.bookings("c-1")) == 1 and not systems.bookings.waits("c-1")
    assert cue("leaves_line").search(no) and not cue("leaves_line").search(yes)


def test_a_declined_offer_goes_to_the_next(phrases, systems):
    fill(systems)
    book(phrases, systems, ANY)
    second = {**ANY, "booking_phone": "13900139000"}
    message, _ = book(phrases, systems, second, conversation="c-2")
    assert "第 2 位" in message["text"]
    free_one(systems)
    action = Waitlist(phrases, systems.bookings)
    assert action.act(turn("不要这个空位", "deny")).messages[0]["status"] == "wait_left"
    assert systems.bookings.waits("c-1") == [] and systems.bookings.waits("c-2")[0].offered
    assert action.act(turn("排到哪了", "inform", conversation="c-2")).messages[0]["status"] == "wait_offer"


def test_leaving_the_line_and_having_nothing_to_take(phrases, systems):
    action = Waitlist(phrases, systems.bookings)
    for text in ("不排了", "排到了吗"):
        assert action.act(turn(text, "inform")).messages[0]["status"] == "wait_none"
    assert action.act(turn("我要这个空位", "affirm")).messages[0]["status"] == "offer_gone"
    fill(systems)
    book(phrases, systems, ANY)
    assert action.act(turn("不排了", "cancel")).messages[0]["status"] == "wait_left"
    assert systems.bookings.waits("c-1") == []


def test_where_a_place_is_free_it_is_offered_at_once(phrases, systems):
    message, _ = book(phrases, systems, ANY)
    assert message["status"] == "wait_offer" and systems.bookings.waits("c-1")[0].offered


def test_joining_twice_is_said_to_be_needless(phrases, systems):
    fill(systems)
    book(phrases, systems, ANY)
    assert book(phrases, systems, ANY, message_id="c-1:9")[0]["status"] == "already_waiting"


# ---- what policy refuses


def test_too_late_to_book_and_to_cancel(phrases, systems, clock):
    systems.bookings.free_slots("honggutan", SATURDAY)
    clock.set("2026-11-28T09:05")
    message, slots = book(phrases, systems, AT_CONFIRM)
    assert message["status"] == "booking_too_late" and "30 分钟" in message["text"]
    assert slots == {"booking_slot": None, "booking_confirm": None, "booking_time": None}
    clock.set("2026-11-27T09:05")
    number = book(phrases, systems, AT_CONFIRM)[0]["bookings"][0]["booking_no"]
    clock.set("2026-11-28T09:05")
    cancel = CancelBooking(phrases, systems.bookings)
    (refused,) = cancel.act(turn(slots={"cancel_no": number, "cancel_phone": "own"})).messages
    assert refused["status"] == "booking_too_late"


def test_limits_are_said_with_their_number(phrases, systems):
    said = []
    for day in (date(2026, 11, 28), date(2026, 11, 29), date(2026, 12, 5), date(2026, 12, 6)):
        slot = systems.bookings.free_slots("honggutan", day)[0]
        slots = {**AT_CONFIRM, "booking_day": day.isoformat(), "booking_slot": slot.id}
        said.append(book(phrases, systems, slots, message_id=slot.id)[0])
    assert said[3]["status"] == "booking_limit" and "3 个" in said[3]["text"]
    later = {**AT_CONFIRM, "booking_slot": "honggutan-20261128-1000"}
    message, _ = book(phrases, systems, later, message_id="c-1:77")
    assert message["text"] == phrases.say("booking_limit_item_day", n=1)


@pytest.mark.parametrize(
    ("error", "status", "emptied"),
    [
        (ItemNotBookable(), "booking_not_here", "booking_hall"),
        (BookingRefused("phone", "digits"), "booking_refused", "booking_phone"),
    ],
)
def test_what_can_be_mended_is_asked_again(phrases, error, status, emptied):
    result = refusal(error, phrases, [])
    assert result.messages[0]["status"] == status
    assert emptied in set_slots(result.events) and set_slots(result.events)[emptied] is None


def test_a_suspension_names_its_end(phrases):
    (message,) = refusal(BookingSuspended("2026-12-24"), phrases, []).messages
    assert message["status"] == "booking_suspended" and "12月24日起" in message["text"]


def test_a_closed_day_is_told_with_its_reason(form, systems):
    add_closure(
        systems.bookings.desk, hall_id="honggutan", first_day=SATURDAY, last_day=SATURDAY,
        reason="设备检修", actor="t",
    )  # fmt: skip
    slots, (note,) = form("周六", "inform", wanted="booking_day", slots=HALL, day="2026-11-28")
    assert "设备检修" in note["text"] and slots["booking_day"] is None


def test_a_displaced_booking_is_listed_as_one_to_move(phrases, systems):
    systems.bookings.free_slots("honggutan", SATURDAY)
    book(phrases, systems, AT_CONFIRM)
    add_closure(
        systems.bookings.desk, hall_id="honggutan", first_day=SATURDAY, last_day=SATURDAY,
        reason="设备检修", actor="t",
    )  # fmt: skip
    (message,) = ListBookings(phrases, systems.bookings).act(turn("我的预约", "list_bookings")).messages
    (lost,) = message["bookings"]
    assert lost["status"] == "displaced" and lost["note"] == phrases.say("booking_note_displaced")
    assert message["replies"][0]["say"] == f"改约{lost['booking_no']}" and "原来的时段停办" in message["text"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("有空位通知我", "tell_when_free"),
        ("有空位叫我", "tell_when_free"),
        ("有人退号告诉我", "tell_when_free"),
        ("帮我排队等空位", "tell_when_free"),
        ("我要候补", "tell_when_free"),
        ("我要这个空位", "takes_offer"),
        ("就要这个名额", "takes_offer"),
        ("接受候补", "takes_offer"),
        ("不排了", "leaves_line"),
        ("不用等了", "leaves_line"),
        ("取消候补", "leaves_line"),
    ],
)
def test_words_of_the_line(text, name):
    assert cue(name).search(text)


@pytest.mark.parametrize("text", ["我要办居住证", "约周六上午", "取消预约", "改天再说", "要带什么"])
def test_other_words_are_not_of_the_line(text):
    assert not any(cue(name).search(text) for name in ("tell_when_free", "takes_offer", "leaves_line"))


@pytest.mark.parametrize(
    "text", ["这个空位我不要了", "不接受这个候补", "拒绝候补名额", "别给我排了", "留给别人吧，我去不了"]
)
def test_an_offer_is_declined_in_other_words(phrases, systems, text):
    offered(phrases, systems)
    action = Waitlist(phrases, systems.bookings)
    assert action.act(turn(text, "waitlist")).messages[0]["status"] == "wait_left"
    assert systems.bookings.waits("c-1") == [] and not systems.bookings.bookings("c-1")


@pytest.mark.parametrize("text", ["好，空出来那个我要", "接受候补", "刚通知我的空位给我约上"])
def test_an_offer_is_taken_in_other_words(phrases, systems, text):
    offered(phrases, systems)
    (taken,) = Waitlist(phrases, systems.bookings).act(turn(text, "waitlist")).messages
    assert taken["kind"] == "bookings" and len(systems.bookings.bookings("c-1")) == 1


@pytest.mark.parametrize("text", ["我要的空位还给我留着吗", "空位怎么确认", "候补要确认吗"])
def test_a_question_about_an_offer_neither_takes_nor_declines_it(phrases, systems, text):
    offered(phrases, systems)
    (said,) = Waitlist(phrases, systems.bookings).act(turn(text, "waitlist")).messages
    assert said["status"] == "wait_offer" and systems.bookings.waits("c-1")[0].offered


def test_an_offer_that_ran_out_is_said_and_the_line_joined_again(phrases, systems, clock):
    offered(phrases, systems)
    clock.move(minutes=30)
    systems.bookings.tick()
    mine = ListBookings(phrases, systems.bookings)
    (said,) = mine.act(turn("我的预约", "list_bookings")).messages
    assert said["status"] == "wait_expired" and "没有等到您确认" in said["text"]
    book(phrases, systems, {**AT_CONFIRM, "booking_phone": "13900139000"}, conversation="c-5")
    again = said["replies"][0]["say"]
    (joined,) = mine.act(turn(again, "list_bookings")).messages
    assert joined["status"] == "wait_joined" and "第 1 位" in joined["text"]
    (now,) = mine.act(turn(again, "list_bookings")).messages  # pressed twice
    assert now["status"] == "wait_standing"


@pytest.mark.parametrize("text", ["不继续排了", "别再排了", "还能继续排队吗"])
def test_words_that_do_not_join_again(phrases, systems, clock, text):
    offered(phrases, systems)
    clock.move(minutes=30)
    systems.bookings.tick()
    ListBookings(phrases, systems.bookings).act(turn(text, "list_bookings"))
    assert [w.state for w in systems.bookings.waits("c-1")] == ["expired"]


def test_refusing_an_offer_that_is_gone_leaves_no_other_line(phrases, systems, clock):
    offered(phrases, systems)
    fill(systems, day="2026-11-29")
    book(phrases, systems, {**ANY, "booking_day": "2026-11-29"}, message_id="c-1:5")
    clock.move(minutes=30)
    systems.bookings.tick()
    mine = ListBookings(phrases, systems.bookings)
    (said,) = mine.act(turn("我的预约：不要这个空位", "list_bookings")).messages
    assert said["status"] == "offer_gone"
    assert [w.state for w in systems.bookings.waits("c-1")] == ["waiting", "expired"]


def test_of_two_offers_the_one_that_is_named_is_taken(phrases, systems):
    offered(phrases, systems)
    fill(systems, day="2026-11-29")
    book(phrases, systems, {**ANY, "booking_day": "2026-11-29"}, message_id="c-1:5")
    mine = ListBookings(phrases, systems.bookings)
    other = next(b for b in systems.bookings.bookings("x") if f"{b.day}" == "2026-11-29")
    systems.bookings.cancel(other.booking_no, owner="x")
    lead, *offers = mine.act(turn("我要这个空位", "list_bookings")).messages
    assert lead["status"] == "which_offer" and len(offers) == 2 and systems.bookings.bookings("c-1") == []
    yes, no = (reply["say"] for reply in offers[1]["replies"])
    (left,) = mine.act(turn(offers[0]["replies"][1]["say"], "waitlist")).messages
    assert left["status"] == "wait_left"
    (gone,) = mine.act(turn(offers[0]["replies"][0]["say"], "waitlist")).messages
    assert gone["status"] == "offer_gone" and systems.bookings.bookings("c-1") == []
    (taken,) = mine.act(turn(yes, "waitlist")).messages
    assert taken["bookings"][0]["day"] == "2026-11-29" and no != yes


def test_of_two_offers_the_one_of_the_day_that_was_said_is_taken(phrases, systems):
    offered(phrases, systems)
    slot = systems.bookings.free_slots("honggutan", date(2026, 11, 29))[0]
    book(phrases, systems, {**ANY, "booking_day": "2026-11-29"}, message_id="c-1:5")
    text, day = "周日那个空位我要", "2026-11-29"
    (taken,) = Waitlist(phrases, systems.bookings).act(turn(text, "waitlist", day=day)).messages
    assert (taken["bookings"][0]["day"], taken["bookings"][0]["start"]) == (day, f"{slot.start:%H:%M}")


def test_a_displaced_booking_takes_the_place_that_is_held_for_it(phrases, systems):
    systems.bookings.free_slots("honggutan", SATURDAY)
    number = book(phrases, systems, AT_CONFIRM)[0]["bookings"][0]["booking_no"]
    days = {"first_day": SATURDAY, "last_day": SATURDAY}
    desk = systems.bookings.desk
    closed, _ = add_closure(desk, hall_id="honggutan", reason="设备检修", actor="t", **days)
    remove_closure(desk, closed.id, actor="t")
    mine = ListBookings(phrases, systems.bookings)
    offer, lost = mine.act(turn("我的预约", "list_bookings")).messages
    assert number in offer["text"] and "优先" in offer["text"]
    assert lost["bookings"][0]["status"] == "displaced"
    (taken,) = mine.act(turn("我要这个空位", "list_bookings")).messages
    assert taken["text"] == phrases.say("booking_moved", number=number)
    assert taken["bookings"][0]["status"] == "booked"


def test_a_no_show_is_listed_as_such_and_is_not_one_to_cancel(phrases, systems, clock):
    systems.bookings.free_slots("honggutan", SATURDAY)
    missed = book(phrases, systems, AT_CONFIRM)[0]["bookings"][0]["booking_no"]
    clock.set("2026-11-28T12:00")
    mark_no_show(systems.bookings.desk, missed, actor="t")
    (message,) = ListBookings(phrases, systems.bookings).act(turn("我的预约", "list_bookings")).messages
    (seen,) = message["bookings"]
    assert seen["status"] == "no_show" and "满 3 次要停约 30 天，现在是 1 次" in seen["note"]
    slot = systems.bookings.free_slots("honggutan", date(2026, 11, 29))[0].id
    again = {**AT_CONFIRM, "booking_day": "2026-11-29", "booking_slot": slot}
    kept = book(phrases, systems, again, message_id="c-1:8")[0]["bookings"][0]["booking_no"]
    cancel = ValidateCancel(phrases, systems.bookings).act(turn("取消预约", "cancel_booking"))
    assert set_slots(cancel.events)["cancel_no"] == kept


def test_bookings_made_elsewhere_are_listed_by_number_and_phone(phrases, systems):
    systems.bookings.free_slots("honggutan", SATURDAY)
    number = book(phrases, systems, AT_CONFIRM)[0]["bookings"][0]["booking_no"]
    mine = ListBookings(phrases, systems.bookings)
    how = {"conversation": "c-7", "booking_no": number}
    (seen,) = mine.act(turn("我的预约", "list_bookings", phone="13800138000", **how)).messages
    assert seen["bookings"][0]["name"] == "王**"
    said = [mine.act(turn("我的预约", "list_bookings", phone="13900139000", **how)) for _ in range(6)]
    statuses = [r.messages[0]["status"] for r in said]
    assert statuses == ["booking_not_found"] * 5 + ["booking_locked"]


@pytest.mark.parametrize("text", ["换个近点的", "有没有近一点的", "换个近一点的大厅", "离我家近的", "太远了"])
def test_a_nearer_hall_is_asked_for_by_district_and_no_distance_is_invented(form, phrases, text):
    slots, notes = form(text, "inform", wanted="booking_confirm", slots=AT_CONFIRM)
    assert slots["booking_hall"] is None and slots["booking_slot"] is None
    assert notes[0]["text"] == phrases.say("booking_other_hall") and "我查不到" in notes[0]["text"]


def offered(phrases, systems):
    """A turn in line for which a place is held."""
    fill(systems)
    book(phrases, systems, ANY)
    free_one(systems)
