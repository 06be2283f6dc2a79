"""Cancelling a booking: whose it is, a yes, and the database first."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from actions.cancel_booking import OWN, AskCancel, CancelBooking, ValidateCancel
from tests.fakes import set_slots, turn

SATURDAY = date(2026, 11, 28)


@pytest.fixture
def book(systems):
    """`book(owner, at) -> booking`."""

    def run(owner="c-1", at=0):
        slot = systems.bookings.free_slots("honggutan", SATURDAY)[at]
        return systems.bookings.book(
            slot.id,
            item_id=f"a{at}",
            item="居住证申领",
            name="王小明",
            phone="13800138000",
            owner=owner,
            key=f"{owner}{at}",
        )

    return run


@pytest.fixture
def form(phrases, systems):
    """`form(turn) -> (slots, was it handed on)`."""

    def run(*args, **how):
        result = ValidateCancel(phrases, systems.bookings).act(turn(*args, form="cancel_form", **how))
        return set_slots(result.events), result.events == []

    return run


def test_the_only_booking_of_this_talk_needs_neither_number_nor_proof(form, book):
    mine = book()
    assert form("取消预约", "cancel_booking")[0] == {
        "cancel_no": mine.booking_no, "cancel_phone": OWN, "form_failures": 0,
    }


def test_of_two_bookings_one_must_be_named(form, book, phrases, systems):
    first, second = book(at=0), book(at=1)
    assert form("取消预约", "cancel_booking")[0] == {"form_failures": 0}
    (asked,) = AskCancel("cancel_no", phrases, systems.bookings).act(turn()).messages
    assert [o["say"] for o in asked["options"]] == [first.booking_no, second.booking_no]
    slots, _ = form("第二个", "inform", wanted="cancel_no", booking_no=second.booking_no)
    assert (slots["cancel_no"], slots["cancel_phone"]) == (second.booking_no, OWN)


def test_one_of_two_can_be_chosen_by_its_place(form, book):
    book(at=0)
    second = book(at=1)
    assert form("第二个", "inform", wanted="cancel_no", number=2)[0]["cancel_no"] == second.booking_no


def test_a_button_names_the_booking(form, book):
    book(at=0)
    second = book(at=1)
    slots, _ = form("/cancel_booking", "cancel_booking", args={"booking_no": second.booking_no})
    assert slots["cancel_no"] == second.booking_no


def test_someone_elses_booking_needs_the_phone(form, book):
    other = book(owner="c-2")
    slots, _ = form(f"取消{other.booking_no}", "cancel_booking", booking_no=other.booking_no)
    assert slots == {"cancel_no": other.booking_no, "form_failures": 0}
    slots, _ = form("8000", "inform", wanted="cancel_phone", slots=slots, phone_last4="8000")
    assert slots["cancel_phone"] == "8000"


def test_another_number_forgets_the_proof_of_the_first(form, book):
    book(at=0)
    other = book(owner="c-2", at=1)
    slots, _ = form(
        f"不是，是{other.booking_no}", "inform", wanted="cancel_confirm", booking_no=other.booking_no,
        slots={"cancel_no": "YY26112800013", "cancel_phone": OWN},
    )
    assert slots["cancel_no"] == other.booking_no and slots["cancel_phone"] is None


@pytest.mark.parametrize("intent", ["affirm", "cancel", "cancel_booking"])
def test_at_the_last_question_cancel_means_yes(form, intent):
    slots, _ = form("取消", intent, wanted="cancel_confirm", slots={"cancel_no": "YY1", "cancel_phone": OWN})
    assert slots["cancel_confirm"] is True


def test_no_at_the_last_question_leaves_the_form(form):
    for text, intent in (("不取消了", "deny"), ("不退了", "cancel"), ("先别取消", "cancel_booking")):
        assert form(text, intent, wanted="cancel_confirm")[0]["cancel_confirm"] is False


@pytest.mark.parametrize("text", ["取消了还能再约吗", "多久到账？"])
def test_a_question_at_the_last_question_is_no_yes(form, text):
    slots, _ = form(text, "cancel_booking", wanted="cancel_confirm")
    assert "cancel_confirm" not in slots


def test_earlier_cancel_leaves_the_form_and_a_question_interrupts(form):
    assert form("算了", "cancel", wanted="cancel_no")[1]
    assert form("在哪能看到预约号", "ask_followup", wanted="cancel_no")[1]
    assert form("嗯", "inform", wanted="cancel_no") == ({"form_failures": 1}, False)


def test_after_two_failures_a_person_is_offered(phrases, systems):
    ask = AskCancel("cancel_no", phrases, systems.bookings)
    (message,) = ask.act(turn(slots={"form_failures": 2})).messages
    assert message["replies"] == phrases.replies("replies_person")
    assert message["text"].startswith(phrases.say("form_stuck"))


def test_the_booking_is_read_back_before_the_yes(phrases, systems, book):
    mine = book()
    slots = {"cancel_no": mine.booking_no}
    (message,) = AskCancel("cancel_confirm", phrases, systems.bookings).act(turn(slots=slots)).messages
    assert [r["value"] for r in message["rows"]] == [
        mine.booking_no, "居住证申领", "红谷滩区政务服务中心", "11月28日（周六） 09:00-09:30",
    ]


def cancel(phrases, systems, number, proof, conversation="c-1"):
    """(message, slots) of the action."""
    slots = {"cancel_no": number, "cancel_phone": proof}
    result = CancelBooking(phrases, systems.bookings).act(turn(slots=slots, conversation=conversation))
    (message,) = result.messages
    return message, set_slots(result.events)


def test_it_is_cancelled_and_the_place_is_back(phrases, systems, book):
    mine = book()
    message, slots = cancel(phrases, systems, mine.booking_no, OWN)
    assert message["bookings"][0]["status"] == "cancelled"
    assert slots == {"cancel_no": None, "cancel_phone": None, "cancel_confirm": None, "form_failures": 0}
    assert systems.bookings.free_slots("honggutan", SATURDAY)[0].free == 4


def test_own_proves_nothing_in_another_talk(phrases, systems, book):
    other = book(owner="c-2")
    for proof in (OWN, "0000", None):
        assert cancel(phrases, systems, other.booking_no, proof)[0]["status"] == "booking_not_found"
    assert cancel(phrases, systems, other.booking_no, "8000")[0]["kind"] == "bookings"


def test_a_wrong_check_digit_is_said_and_no_other_booking_is_taken_for_it(phrases, systems, book):
    book()
    said = turn("取消YY26112800019", "cancel_booking")
    said = dataclasses.replace(said, doubtful=frozenset({"booking_no"}))
    result = ValidateCancel(phrases, systems.bookings).act(said)
    assert [m["text"] for m in result.messages] == [phrases.say("booking_no_invalid")]
    assert set_slots(result.events) == {"form_failures": 0}
