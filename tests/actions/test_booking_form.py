"""The booking form as a function from a turn to slots and sentences. Saturday is 2026-11-28."""

from __future__ import annotations

import json
from datetime import date

import pytest

from actions.booking import Book, ListBookings
from actions.booking_ask import AskBooking
from actions.booking_form import ValidateBooking
from actions.items import GuideItemFinder
from tests.fakes import EXTENDED, HOTLINE, ScriptedAnswerer, set_slots, turn

MORNING = json.dumps({"start": "08:00", "end": "12:00", "part": "morning"})
ITEM = {"id": "residence-permit", "name": "居住证申领"}
SLOT = "honggutan-20261128-0930"
AT_CONFIRM = {
    "booking_item": ITEM,
    "booking_hall": "honggutan",
    "booking_day": "2026-11-28",
    "booking_slot": SLOT,
    "booking_name": "王小明",
    "booking_phone": "13800138000",
}


@pytest.fixture
def form(phrases, systems, clock):
    """`form(turn) -> (slots set, sentences said, was it handed on)`."""
    systems.bookings.free_slots("honggutan", date.fromisoformat("2026-11-28"))
    action = ValidateBooking(phrases, systems.bookings, GuideItemFinder(ScriptedAnswerer()), clock)

    def run(*args, form="booking_form", **how):
        result = action.act(turn(*args, form=form, **how))
        return set_slots(result.events), [m["text"] for m in result.messages], result.events == []

    return run




def at_confirm(form, *args, **how):
    """A turn while the citizen is asked to confirm."""
    return form(*args, slots=AT_CONFIRM, wanted="booking_confirm", **how)


def fill(systems, hall="honggutan", day="2026-11-28", only=None):
    """Take every place of a day (or of one start time)."""
    for slot in systems.bookings.free_slots(hall, date.fromisoformat(day)):
        if only in (None, f"{slot.start:%H:%M}"):
            for i in range(slot.free):
                phone = f"13{slot.start:%H%M}{i:05}"
                systems.bookings.book(
                    slot.id, item_id="a", item="a", name="李", phone=phone, owner="x", key=f"{slot.id}{i}"
                )


# ---- several facts at once


def test_one_sentence_fills_all_it_says(form):
    slots, said, _ = form(
        "我叫王小明，13800138000，想预约周六九点半去红谷滩办居住证申领",
        "book",
        hall="honggutan",
        district="红谷滩区",
        day="2026-11-28",
        time=json.dumps({"start": "09:30", "end": None, "part": None}),
        guide_hint="居住证",
        person_name="王小明",
        phone="13800138000",
    )
    assert said == []
    assert slots == {
        **AT_CONFIRM,
        "booking_time": {"start": "09:30", "end": None, "part": None},
        "form_failures": 0,
    }


def test_a_part_of_the_day_leaves_the_slot_open(form):
    slots, _, _ = form(
        "周六上午去红谷滩办居住证申领", "book", hall="honggutan", day="2026-11-28", time=MORNING
    )
    assert slots["booking_item"] == ITEM and slots["booking_day"] == "2026-11-28"
    assert slots["booking_slot"] is None


def test_a_district_names_its_own_hall_not_the_citys(form):
    slots, _, _ = form("红谷滩区", "inform", wanted="booking_hall", district="红谷滩区")
    assert slots["booking_hall"] == "honggutan"


@pytest.mark.parametrize(
    ("text", "number", "hall"),
    [
        ("第三个", 3, "donghu"),
        ("第三个吧", 3, "donghu"),
        ("最后一个", -1, "jingkai"),
        ("第十二个", 12, "gaoxin"),
    ],
)
def test_a_hall_can_be_chosen_by_its_place(form, text, number, hall):
    slots, _, _ = form(text, "inform", wanted="booking_hall", number=number)
    assert slots["booking_hall"] == hall


# ---- which item


def test_the_item_may_be_named_without_a_verb(form):
    """What the buttons under "您要办什么事" say; the classifier takes it for a question (0.71 measured)."""
    slots, _, handed_on = form("居住证申领", "ask_service", wanted="booking_item", confidence=0.71)
    assert slots["booking_item"] == ITEM and not handed_on


def test_a_question_while_the_item_is_asked_for_is_a_question(form):
    assert form("居住证申领要带什么", "ask_service", wanted="booking_item")[2]


def test_a_service_about_this_service_is_no_item(form):
    for guide in (EXTENDED, HOTLINE):
        slots, _, _ = form(f"我想预约{guide.name}", "book", guide_hint=guide.name)
        assert "booking_item" not in slots


def test_such_a_service_does_not_hide_the_item_beside_it(form):
    slots, _, _ = form("预约延时错时预约服务，办居住证申领", "book", guide_hint="居住证申领")
    assert slots["booking_item"] == ITEM


def test_without_a_name_the_guide_under_discussion_is_the_item(form):
    slots, _, _ = form("我想预约去窗口办", "book", slots={"guide_id": "residence-permit"})
    assert slots["booking_item"] == ITEM


@pytest.mark.parametrize("guide_id", [EXTENDED.id, HOTLINE.id, "gone", None])
def test_but_not_a_service_about_this_service(form, guide_id):
    slots, _, _ = form("我想预约", "book", slots={"guide_id": guide_id})
    assert "booking_item" not in slots


def test_nor_when_another_item_was_named_that_nobody_knows(form):
    slots, _, _ = form(
        "我想预约办护照", "book", slots={"guide_id": "residence-permit"}, guide_hint="护照"
    )
    assert "booking_item" not in slots


def test_naming_the_booking_service_itself_still_takes_the_guide_under_discussion(form):
    slots, _, _ = form(
        "我想预约延时错时预约服务",
        "book",
        slots={"guide_id": "residence-permit"},
        guide_hint="延时错时预约服务",
    )
    assert slots["booking_item"] == ITEM


def test_a_chosen_item_is_not_replaced_by_the_guide_under_discussion(form):
    slots, _, _ = form(
        "就约周六", "book", slots={"booking_item": ITEM, "guide_id": "passport"}, wanted="booking_day",
        day="2026-11-28",
    )
    assert "booking_item" not in slots


# ---- days and slots


def test_a_past_time_is_said_to_be_past(form, phrases):
    slots, said, handed_on = form(
        "昨天下午", "inform", wanted="booking_day", day="2026-11-23", time_problem="past"
    )
    assert said == [phrases.say("time_past")] and not handed_on
    assert "booking_day" not in slots


def test_a_day_without_sessions_is_closed_and_a_full_one_full(form, systems, phrases):
    slots, said, _ = form(
        "元旦", "inform", wanted="booking_day", slots={"booking_hall": "donghu"}, day="2026-11-29"
    )
    assert said == [] and slots["booking_day"] == "2026-11-29"

    fill(systems)
    slots, said, _ = form(
        "周六", "inform", wanted="booking_day", slots={"booking_hall": "honggutan"}, day="2026-11-28"
    )
    assert said == [phrases.say("day_full_wait", day="11月28日（周六）")]
    assert slots["booking_day"] is None


def test_a_holiday_is_closed(form, phrases, clock):
    clock.set("2026-09-28T10:00")
    _, said, _ = form(
        "国庆", "inform", wanted="booking_day", slots={"booking_hall": "honggutan"}, day="2026-10-01"
    )
    assert said == [phrases.say("day_closed", day="10月1日（周四）")]


def test_a_day_too_far_ahead_is_not_called_closed(form, phrases):
    slots, said, _ = form(
        "下下个月", "inform", wanted="booking_day", slots={"booking_hall": "honggutan"}, day="2027-01-20"
    )
    assert said == [phrases.say("day_too_far", day="1月20日（周三）", n=30)]
    assert slots["booking_day"] is None


def test_a_day_already_over_is_past(form, phrases):
    _, said, _ = form(
        "11月20日", "inform", wanted="booking_day", slots={"booking_hall": "honggutan"}, day="2026-11-20"
    )
    assert said == [phrases.say("time_past")]


CHOOSING = {"booking_item": ITEM, "booking_hall": "honggutan", "booking_day": "2026-11-28"}


@pytest.mark.parametrize(
    ("text", "number", "slot"),
    [
        ("第二个", 2, SLOT),
        ("2", 2, SLOT),
        ("二", 2, SLOT),
        ("第二个吧", 2, SLOT),
        ("最后一个", -1, "honggutan-20261128-1130"),
    ],
)
def test_a_slot_can_be_chosen_by_its_place(form, text, number, slot):
    slots, _, _ = form(text, "inform", wanted="booking_slot", slots=CHOOSING, number=number)
    assert slots["booking_slot"] == slot


def test_places_are_counted_among_what_was_shown(form):
    wish = {"start": "10:00", "end": "12:00", "part": None}
    slots, _, _ = form(
        "第一个", "inform", wanted="booking_slot", slots={**CHOOSING, "booking_time": wish}, number=1
    )
    assert slots["booking_slot"] == "honggutan-20261128-1000"


def test_two_people_are_not_the_second_slot(form):
    slots, _, _ = form("两个人", "inform", wanted="booking_slot", slots=CHOOSING, number=2)
    assert slots.get("booking_slot") is None


def test_a_place_that_is_not_there_is_a_failure(form):
    slots, _, handed_on = form("第九个", "inform", wanted="booking_slot", slots=CHOOSING, number=9)
    assert slots == {"form_failures": 1} and not handed_on


def test_a_full_slot_is_refused_by_name(form, systems, phrases):
    fill(systems, only="09:30")
    slots, said, _ = form("第二个", "inform", wanted="booking_slot", slots=CHOOSING, number=2)
    assert said == [phrases.say("slot_full", slot="09:30-10:00")]
    assert slots["booking_slot"] is None


def test_a_full_time_is_said_and_forgotten(form, systems, phrases):
    fill(systems, only="09:30")
    slots, said, _ = form(
        "九点半", "inform", wanted="booking_slot", slots=CHOOSING, time=json.dumps({"start": "09:30"})
    )
    assert said == [phrases.say("slot_none_then", day="11月28日（周六）")]
    assert slots["booking_slot"] is None and slots["booking_time"] is None


def test_a_time_said_before_the_day_is_dropped_when_the_day_has_no_such_slot(form, phrases):
    """Otherwise the list shows every slot while a choice by place is looked up among none."""
    evening = {"start": "18:00", "end": "22:00", "part": "evening"}
    slots, said, _ = form(
        "周六", "inform", wanted="booking_day",
        slots={"booking_hall": "honggutan", "booking_time": evening}, day="2026-11-28",
    )
    assert said == [phrases.say("slot_none_then", day="11月28日（周六）")]
    assert slots["booking_time"] is None and slots["booking_day"] == "2026-11-28"


# ---- name and phone


@pytest.mark.parametrize(
    ("text", "intent", "confidence"),
    [("张三丰", "inform", 0.9), ("欧阳娜娜", "nlu_fallback", 0.3), ("阿依古丽", "small_talk", 0.3)],
)
def test_a_name_may_stand_alone(form, text, intent, confidence):
    slots, _, _ = form(text, intent, wanted="booking_name", confidence=confidence)
    assert slots["booking_name"] == text


@pytest.mark.parametrize("text", ["不想说", "王", "Tom", "王小明2"])
def test_not_every_word_is_a_name(form, text):
    slots, _, _ = form(text, "deny", wanted="booking_name", confidence=0.9)
    assert slots == {"form_failures": 1}


def test_a_broken_phone_number_is_said_to_be_broken(form, phrases):
    slots, said, _ = form("1380013800", "inform", wanted="booking_phone")
    assert said == [phrases.say("phone_invalid")] and slots == {"form_failures": 1}


# ---- confirming, correcting, leaving


def test_yes_confirms(form):
    assert at_confirm(form, "对", "affirm")[0] == {"booking_confirm": True, "form_failures": 0}


def test_no_asks_what_to_change(form, phrases):
    slots, said, handed_on = at_confirm(form, "不对", "deny")
    assert said == [phrases.say("booking_what_to_change")] and not handed_on
    assert "booking_confirm" not in slots


def test_a_correction_changes_the_rest_and_does_not_confirm(form):
    slots, said, _ = at_confirm(form, "改成十点", "inform", time=json.dumps({"start": "10:00"}))
    assert slots["booking_slot"] == "honggutan-20261128-1000" and said == []
    assert "booking_confirm" not in slots


def test_yes_with_another_time_is_a_correction(form):
    slots, _, _ = at_confirm(form, "好的，十点", "affirm", time=json.dumps({"start": "10:00"}))
    assert slots["booking_slot"] == "honggutan-20261128-1000"
    assert "booking_confirm" not in slots


def test_another_day_asks_for_the_slot_again(form):
    slots, _, _ = at_confirm(form, "不对，换到周日", "deny", day="2026-11-29")
    assert slots["booking_day"] == "2026-11-29" and slots["booking_slot"] is None


def test_another_hall_name_and_phone_at_confirm(form):
    hall = at_confirm(form, "去东湖区", "inform", district="东湖区")[0]
    phone = at_confirm(form, "手机号是13900139000", "inform", phone="13900139000")[0]
    name = at_confirm(form, "名字是李雷", "inform", person_name="李雷")[0]
    assert hall["booking_hall"] == "donghu"
    assert phone["booking_phone"] == "13900139000"
    assert name["booking_name"] == "李雷"


def test_another_item_at_confirm(form):
    slots, _, _ = at_confirm(form, "不对，是普通护照首次申领", "deny", guide_hint="普通护照首次申领")
    assert slots["booking_item"] == {"id": "passport", "name": "普通护照首次申领"}


@pytest.mark.parametrize(
    ("text", "intent", "confidence"),
    [
        ("居住证要带什么", "ask_service", 0.8),
        ("要钱吗", "ask_followup", 0.4),
        ("转人工", "human", 0.3),
        ("着火了", "urgent", 0.3),
    ],
)
def test_a_question_in_the_middle_is_handed_on(form, text, intent, confidence):
    assert at_confirm(form, text, intent, confidence=confidence)[2]


def test_an_unsure_reading_is_no_interruption(form):
    assert not at_confirm(form, "随便吧", "small_talk", confidence=0.4)[2]


@pytest.mark.parametrize("intent", ["cancel", "restart_task"])
def test_leaving_is_handed_on(form, intent):
    assert at_confirm(form, "不办了", intent)[2]


def test_after_an_interruption_the_old_words_are_not_read_again(form):
    slots, said, handed_on = at_confirm(form, "周日行吗", "ask_service", day="2026-11-29", resumed=True)
    assert (slots, said, handed_on) == ({"form_failures": 0}, [], False)


def test_failures_are_counted_and_success_clears_them(form):
    asked = {"wanted": "booking_day", "slots": {"booking_hall": "honggutan", "form_failures": 1}}
    assert form("嗯嗯啊", "nlu_fallback", **asked)[0] == {"form_failures": 2}
    assert form("周六", "inform", day="2026-11-28", **asked)[0]["form_failures"] == 0


# ---- asking


def ask(slot, phrases, systems, clock, **slots):
    """What the form says when it asks for `slot`."""
    action = AskBooking(f"booking_{slot}", phrases, systems.bookings, clock)
    (message,) = action.act(turn(slots=slots, form="booking_form")).messages
    return message


def test_after_two_failures_a_person_is_offered(phrases, systems, clock):
    once = ask("name", phrases, systems, clock, form_failures=1)
    twice = ask("name", phrases, systems, clock, form_failures=2)
    assert once["replies"] == phrases.replies("replies_cancel")
    assert twice["replies"] == phrases.replies("replies_person")
    assert twice["text"] == phrases.say("form_stuck") + phrases.say("ask_booking_name")


def test_days_offered_have_places_and_slots_say_how_many(phrases, systems, clock):
    days = ask("day", phrases, systems, clock, booking_hall="honggutan")["options"]
    assert [d["label"] for d in days][:2] == ["11月24日（周二）", "11月25日（周三）"]
    assert days[0]["hint"] == phrases.say("places_left", n=9)
    fill(systems, only="09:30")
    options = ask("slot", phrases, systems, clock, **CHOOSING)["options"]
    assert (options[1]["label"], options[1]["hint"], options[1]["disabled"]) == ("09:30-10:00", "已满", True)
    assert options[0]["disabled"] is False


def test_the_read_back_names_all_and_masks_the_person(phrases, systems, clock):
    message = ask("confirm", phrases, systems, clock, **AT_CONFIRM)
    assert {r["label"]: r["value"] for r in message["rows"]} == {
        phrases.say("label_item"): "居住证申领",
        phrases.say("label_hall"): "红谷滩区政务服务中心",
        phrases.say("label_day"): "11月28日（周六）",
        phrases.say("label_slot"): "09:30-10:00",
        phrases.say("label_name"): "王**",
        phrases.say("label_phone"): "138****8000",
    }


def test_a_slot_that_has_begun_meanwhile_is_said_to_be_past(phrases, systems, clock):
    systems.bookings.free_slots("honggutan", date.fromisoformat("2026-11-28"))
    clock.set("2026-11-28T09:31")
    message = ask("confirm", phrases, systems, clock, **AT_CONFIRM)
    assert message["text"].startswith(phrases.say("time_past"))
    assert phrases.say("label_slot") not in {r["label"] for r in message["rows"]}
    assert message["options"] == []


# ---- booking


def test_a_place_is_taken_and_only_then_told(phrases, systems):
    systems.bookings.free_slots("honggutan", date.fromisoformat("2026-11-28"))
    result = Book(phrases, systems.bookings).act(turn("对", "affirm", slots=AT_CONFIRM))
    (message,) = result.messages
    (booked,) = systems.bookings.bookings("c-1")
    assert message["kind"] == "bookings" and message["bookings"][0]["booking_no"] == booked.booking_no
    assert booked.booking_no in message["text"]
    slots = set_slots(result.events)
    assert slots["last_service"] == f"booking:{booked.booking_no}"
    assert all(slots[name] is None for name in AT_CONFIRM)


def test_rasas_retry_of_the_same_message_books_once(phrases, systems):
    systems.bookings.free_slots("honggutan", date.fromisoformat("2026-11-28"))
    for _ in range(2):
        Book(phrases, systems.bookings).act(turn("对", "affirm", slots=AT_CONFIRM))
    assert len(systems.bookings.bookings("c-1")) == 1


def test_a_lost_race_keeps_what_was_said_and_asks_for_another_slot(phrases, systems):
    fill(systems)
    result = Book(phrases, systems.bookings).act(turn("对", "affirm", slots=AT_CONFIRM))
    assert result.messages[0]["status"] == "booking_full"
    assert set_slots(result.events) == {"booking_slot": None, "booking_confirm": None, "booking_time": None}


def test_a_second_booking_with_the_same_phone_names_the_first(phrases, systems):
    systems.bookings.free_slots("honggutan", date.fromisoformat("2026-11-28"))
    act = Book(phrases, systems.bookings).act
    act(turn("对", "affirm", slots=AT_CONFIRM))
    (first,) = systems.bookings.bookings("c-1")
    result = act(turn("对", "affirm", slots=AT_CONFIRM, message_id="c-1:9"))
    assert result.messages[0]["status"] == "booking_duplicate"
    assert first.booking_no in result.messages[0]["text"]


def test_my_bookings_are_mine(phrases, systems):
    systems.bookings.free_slots("honggutan", date.fromisoformat("2026-11-28"))
    Book(phrases, systems.bookings).act(turn("对", "affirm", slots=AT_CONFIRM))
    mine = ListBookings(phrases, systems.bookings)
    assert len(mine.act(turn("我的预约", "list_bookings")).messages[0]["bookings"]) == 1
    other = mine.act(turn("我的预约", "list_bookings", conversation="c-2"))
    assert other.messages[0]["status"] == "bookings_none"


# ---- choosing the item among several


def test_choosing_among_several_items_answers_which_one(form):
    """取公积金 is unclear: the guides ask back with buttons, and the button answers the form."""
    chosen = {"guide_id": "passport"}
    slots, _, _ = form("普通护照首次申领", "open_guide", wanted="booking_item", args=chosen)
    assert slots["booking_item"] == {"id": "passport", "name": "普通护照首次申领"}


@pytest.mark.parametrize("guide_id", [EXTENDED.id, "gone", None, ["x"]])
def test_opening_a_guide_that_is_no_item_is_handed_on(form, guide_id):
    assert form("看看", "open_guide", wanted="booking_item", args={"guide_id": guide_id})[2]


def test_opening_a_guide_later_in_the_form_is_a_question(form):
    assert at_confirm(form, "看看", "open_guide", args={"guide_id": "passport"})[2]
