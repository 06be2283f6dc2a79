"""Forms that bend: one step back, another hall or day, for someone else, what was said before is used."""

from __future__ import annotations

from datetime import date

import pytest

from actions.answer_guide import AnswerGuide
from actions.booking import Book
from actions.booking_form import ORDER, ValidateBooking
from actions.case_status import AskCase
from actions.change_booking import BeginChange, ValidateChange
from actions.cues import content, cue, names
from actions.forms import goes_back
from actions.items import GuideItemFinder
from actions.leave_message import FileMessage, ValidateMessage
from actions.rate import Rate
from actions.rate_reason import NONE_GIVEN, KeepReason, ValidateReason
from actions.say import Danger, Repeat, Say, StepBack
from actions.work_orders import HandleOrder, ValidateOrder
from tests.fakes import EXTENDED, RESIDENCE, ScriptedAnswerer, set_slots, turn

SATURDAY = date(2026, 11, 28)
KNOWN = {"known_name": "王小明", "known_phone": "13800138000"}
CHOSEN = {
    "booking_item": {"id": "residence-permit", "name": "居住证申领"},
    "booking_hall": "honggutan",
    "booking_day": "2026-11-28",
    "booking_slot": "honggutan-20261128-0930",
}


@pytest.fixture
def form(phrases, systems, clock):
    """`form(turn) -> (slots set, sentences said)`."""
    systems.bookings.free_slots("honggutan", SATURDAY)
    action = ValidateBooking(phrases, systems.bookings, GuideItemFinder(ScriptedAnswerer()), clock)

    def run(*args, **how):
        result = action.act(turn(*args, form="booking_form", **how))
        return set_slots(result.events), [m["text"] for m in result.messages]

    return run


@pytest.fixture
def booked(systems):
    """A booking of this conversation."""
    slot = systems.bookings.free_slots("honggutan", SATURDAY)[0]
    return systems.bookings.book(
        slot.id, item_id="residence-permit", item="居住证申领", name="王小明", phone="13800138000",
        owner="c-1", key="k",
    )  # fmt: skip


def says(phrases):
    """`action_say`."""
    return Say(phrases, AnswerGuide(phrases, ScriptedAnswerer()))


# ---- back


def test_one_step_back_asks_the_slot_before_and_keeps_the_rest(form, phrases):
    slots, said = form("上一步", "go_back", wanted="booking_slot", slots=CHOSEN)
    assert slots == {"booking_day": None, "form_failures": 0} and said == [phrases.say("form_back")]


def test_at_the_first_question_there_is_no_way_back(phrases):
    result = goes_back(turn("上一步", "go_back", wanted="booking_item"), ORDER, phrases)
    assert result and result.messages[0]["text"] == phrases.say("form_at_first")
    assert goes_back(turn("好", "affirm", wanted="booking_item"), ORDER, phrases) is None


def test_outside_a_form_the_guide_before_is_offered(phrases):
    recent = {"guide_recent": [EXTENDED.id, RESIDENCE.id], "guide_id": EXTENDED.id}
    (message,) = StepBack(phrases, ScriptedAnswerer()).act(turn("上一个", "go_back", slots=recent)).messages
    assert message["replies"][0]["args"] == {"guide_id": RESIDENCE.id}


# ---- another hall, day, person


@pytest.mark.parametrize(
    ("text", "emptied"),
    [
        ("有没有近一点的大厅", {"booking_hall", "booking_slot"}),
        ("换个大厅", {"booking_hall", "booking_slot"}),
        ("换一天吧", {"booking_day", "booking_slot"}),
        ("换个时间", {"booking_slot", "booking_time"}),
    ],
)
def test_a_change_of_mind_empties_what_it_is_about(form, text, emptied):
    slots, _ = form(text, "inform", wanted="booking_name", slots=CHOSEN)
    assert {name for name, value in slots.items() if value is None} == emptied


def test_for_someone_else_the_name_is_asked(form):
    slots, said = form("给我妈约周六", "book", slots=KNOWN, relation="母亲", day="2026-11-28")
    assert slots["booking_for"] == "母亲" and slots.get("booking_name") is None
    assert slots["booking_phone"] == "13800138000" and said


def test_two_people_need_two_bookings(form, phrases):
    _, said = form("我和我老公两个人一起办", "book", slots={})
    assert phrases.say("booking_one_each") in said


def test_what_was_said_before_is_used_and_shown(form, phrases):
    slots, said = form("约周六", "book", slots=KNOWN, day="2026-11-28")
    assert (slots["booking_name"], slots["booking_phone"]) == ("王小明", "13800138000")
    assert phrases.say("known_name_phone") in said


def test_two_alternatives_are_asked_again_and_a_period_offers_its_days(form, phrases):
    doubtful = {"time_problem": "ambiguous", "day": "2026-11-28"}
    slots, said = form("周六或者周日", "inform", wanted="booking_day", **doubtful)
    assert phrases.say("time_ambiguous") in said and slots.get("booking_day") is None
    period = {"day": "2026-11-25", "day_until": "2026-11-30"}
    slots, _ = form("月底", "inform", wanted="booking_day", **period)
    assert slots["booking_span"] == ["2026-11-25", "2026-11-30"] and slots["booking_day"] is None


def test_a_booking_is_remembered_for_the_next_task(phrases, systems):
    systems.bookings.free_slots("honggutan", SATURDAY)
    slots = {**CHOSEN, "booking_name": "王小明", "booking_phone": "13800138000"}
    events = set_slots(Book(phrases, systems.bookings).act(turn(slots=slots)).events)
    assert {name: events[name] for name in KNOWN} == KNOWN
    mother = turn(slots={**slots, "booking_for": "母亲"}, message_id="c-1:4")
    assert "known_name" not in set_slots(Book(phrases, systems.bookings).act(mother).events)


def test_the_phone_given_before_is_offered_for_a_case_but_not_used(phrases):
    (message,) = AskCase("case_phone", phrases).act(turn(slots=KNOWN)).messages
    assert message["options"][0]["say"].endswith("8000") and "138****8000" in message["options"][0]["label"]


# ---- moving a booking


def test_the_only_booking_is_moved_without_being_asked_for(phrases, systems, booked):
    action = ValidateChange(phrases, systems.bookings)
    said = turn("改到下周六上午", "change_booking", form="change_form", day="2026-12-05")
    slots = set_slots(action.act(said).events)
    assert (slots["change_no"], slots["change_phone"]) == (booked.booking_no, "own")
    assert slots["change_to"] == {"day": "2026-12-05", "time": None}


def test_moving_hands_over_to_the_booking_form(phrases, systems, booked):
    slots = {"change_no": booked.booking_no, "change_phone": "own", "change_to": {"day": "2026-12-05"}}
    result = BeginChange(phrases, systems.bookings).act(turn(slots=slots))
    filled = set_slots(result.events)
    assert filled["booking_moves"] == booked.booking_no and filled["booking_day"] == "2026-12-05"
    assert filled["booking_name"] == "王小明" and filled["change_no"] is None
    assert [e["name"] for e in result.events if e["event"] == "followup"] == ["booking_form"]


def test_a_moved_booking_keeps_its_number(phrases, systems, booked):
    later = systems.bookings.free_slots("honggutan", SATURDAY)[2]
    slots = {**CHOSEN, "booking_slot": later.id, "booking_moves": booked.booking_no}
    (message,) = Book(phrases, systems.bookings).act(turn(slots=slots)).messages
    assert message["bookings"][0]["booking_no"] == booked.booking_no
    assert message["bookings"][0]["start"] == f"{later.start:%H:%M}"


# ---- complaint, work order, rating


def test_a_complaint_told_in_one_sentence_is_not_asked_again(phrases):
    said = turn("楼下烧烤店天天半夜油烟很大没人管", "complaint", form="message_form", slots=KNOWN)
    slots = set_slots(ValidateMessage(phrases).act(said).events)
    assert slots["message_text"].startswith("楼下烧烤店") and slots["message_phone"] == "13800138000"
    assert content("我要投诉") == content("想留个言可以吗") == ""


@pytest.fixture
def order(phrases, systems):
    """A work order of this conversation."""
    slots = {"message_kind": "complaint", "message_text": "路灯不亮", "message_phone": "13800138000"}
    FileMessage(phrases, systems.work_orders).act(turn(slots=slots))
    return systems.work_orders.orders("c-1")[0]


@pytest.mark.parametrize("intent", ["work_order_status", "urge_work_order"])
def test_the_only_order_is_meant_and_needs_no_yes(phrases, systems, order, intent):
    said = turn("怎么样了", intent, form="order_form")
    slots = set_slots(ValidateOrder(phrases, systems.work_orders).act(said).events)
    assert slots["order_no"] == order.order_no and slots["order_confirm"] is True


def test_a_withdrawal_is_read_back_first(phrases, systems, order):
    said = turn("不投诉了", "withdraw", form="order_form")
    slots = set_slots(ValidateOrder(phrases, systems.work_orders).act(said).events)
    assert "order_confirm" not in slots
    known = {"order_no": order.order_no, "order_phone": "own", "order_task": "withdraw"}
    (message,) = HandleOrder(phrases, systems.work_orders).act(turn(slots=known)).messages
    assert message["status"] == phrases.say("order_state_withdrawn")
    assert systems.work_orders.find(order.order_no, owner="c-1").state == "withdrawn"


def test_an_urge_is_counted_once_per_message(phrases, systems, order):
    known = {"order_no": order.order_no, "order_phone": "own", "order_task": "urge"}
    for message_id in ("c-1:7", "c-1:7", "c-1:9"):
        HandleOrder(phrases, systems.work_orders).act(turn(slots=known, message_id=message_id))
    assert systems.work_orders.find(order.order_no, owner="c-1").urged == 2


def test_a_bad_typed_rating_stands_and_its_reason_is_asked_once(phrases, systems):
    rate = Rate(phrases, systems.ratings)
    result = rate.act(turn("不满意", "rate_service", rating_level=1, slots={"last_service": "case:NC1"}))
    assert [e["name"] for e in result.events if e["event"] == "followup"] == ["reason_form"]
    assert systems.ratings.rating("case:NC1").level == 1
    good = rate.act(turn("很满意", "rate_service", rating_level=5, slots={"last_service": "case:NC2"}))
    assert all(event["event"] != "followup" for event in good.events)


@pytest.mark.parametrize(
    ("text", "intent", "kept"),
    [
        ("等了一上午", "rate_reason", "等了一上午"),
        ("不想说", "deny", NONE_GIVEN),
        ("没有了", "inform", NONE_GIVEN),
    ],
)
def test_any_words_are_the_reason_and_no_is_an_answer(phrases, systems, text, intent, kept):
    said = turn(text, intent, wanted="reason_text", form="reason_form")
    slots = set_slots(ValidateReason(phrases).act(said).events)
    assert slots["reason_text"] == kept
    systems.ratings.rate(
        subject="case:NC1", level=1, reasons=[], comment="", channel="portal", owner="c-1"
    )
    known = {"reason_subject": "case:NC1", "reason_text": kept}
    KeepReason(phrases, systems.ratings).act(turn(slots=known))
    assert systems.ratings.rating("case:NC1").comment == ("" if kept == NONE_GIVEN else kept)


# ---- danger, pace


def test_danger_names_the_number_of_its_kind(phrases):
    for kind, number in (("fire", "119"), ("self_harm", "12356"), ("fraud", "96110"), (None, "110")):
        found = {"danger": kind} if kind else {}
        (message,) = Danger(phrases).act(turn("救命", "urgent", **found)).messages
        assert number in message["text"] and message["status"] == "urgent"
        assert message["replies"][0]["action"] == "handoff"


def test_the_elder_look_and_back(phrases):
    on = says(phrases).act(turn("字太小了", "elder_mode"))
    off = says(phrases).act(turn("换回标准版", "elder_mode"))
    assert [m["effect"] for m in (*on.messages, *off.messages)] == ["elder_on", "elder_off"]
    assert set_slots(on.events) == {"plain_words": True}


def test_saying_it_again_is_left_to_the_gateway(phrases):
    assert Repeat(phrases).act(turn("再说一遍", "repeat")).messages == [{"kind": "repeat"}]


def test_every_cue_compiles():
    assert names() and all(cue(name).pattern for name in names())
