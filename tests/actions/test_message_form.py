"""Leaving a message: the words, a phone, a read-back, one work order."""

from __future__ import annotations

import pytest

from actions.leave_message import AskMessage, FileMessage, ValidateMessage
from tests.fakes import set_slots, turn

TEXT = "红谷滩大厅周六没有开门，请核实"
READY = {"message_kind": "complaint", "message_text": TEXT, "message_phone": "13800138000"}


@pytest.fixture
def form(phrases):
    """`form(turn) -> (slots, sentences, was it handed on)`."""

    def run(*args, form="message_form", **how):
        result = ValidateMessage(phrases).act(turn(*args, form=form, **how))
        return set_slots(result.events), [m["text"] for m in result.messages], result.events == []

    return run


@pytest.mark.parametrize(("intent", "kind"), [("complaint", "complaint"), ("leave_message", "call_back")])
def test_the_kind_is_known_from_the_start(form, intent, kind):
    assert form("我要投诉", intent)[0] == {"message_kind": kind, "form_failures": 0}


@pytest.mark.parametrize("intent", ["inform", "ask_service", "complaint", "abuse", "case_status"])
def test_while_the_words_are_asked_for_everything_is_the_message(form, intent):
    slots, _, _ = form(TEXT, intent, wanted="message_text", slots={"message_kind": "complaint"})
    assert slots["message_text"] == TEXT


def test_a_phone_in_the_message_is_the_phone(form):
    text = f"{TEXT}，电话13800138000"
    slots, _, _ = form(text, "inform", wanted="message_text", slots=READY, phone="13800138000")
    assert (slots["message_text"], slots["message_phone"]) == (text, "13800138000")


def test_a_bare_phone_is_no_message(form, phrases):
    slots, said, _ = form("投诉", "inform", wanted="message_text", slots={"message_kind": "complaint"})
    assert said == [phrases.say("message_too_short")] and slots == {"form_failures": 1}


@pytest.mark.parametrize("intent", ["cancel", "restart_task", "human", "urgent"])
def test_leaving_and_emergencies_are_handed_on(form, intent):
    assert form("转人工", intent, wanted="message_text", slots={"message_kind": "complaint"})[2]


def test_a_question_after_the_words_is_handed_on(form):
    assert form("要多久才有回复？", "ask_followup", wanted="message_phone", slots=READY)[2]


def test_a_broken_phone_is_said_to_be_broken(form, phrases):
    slots, said, _ = form("138001380", "inform", wanted="message_phone", slots=READY)
    assert said == [phrases.say("phone_invalid")] and slots == {"form_failures": 1}


def test_yes_files_and_no_writes_anew(form):
    assert form("确认", "affirm", wanted="message_confirm", slots=READY)[0]["message_confirm"] is True
    slots, _, handed_on = form("不对", "deny", wanted="message_confirm", slots=READY)
    assert slots["message_text"] is None and not handed_on


def test_the_words_are_read_back_as_they_are_and_the_phone_masked(phrases):
    """The gateway masks what the words hold before it stores them (tests/contracts/test_bot_messages.py)."""
    (message,) = AskMessage("message_confirm", phrases).act(turn(slots=READY)).messages
    assert [r["value"] for r in message["rows"]] == [TEXT, "138****8000"]


def test_complaints_are_asked_for_with_more_help(phrases):
    plain, complaint = (
        AskMessage("message_text", phrases).act(turn(slots={"message_kind": kind})).messages[0]["text"]
        for kind in ("call_back", "complaint")
    )
    assert (plain, complaint) == (phrases.say("ask_message_text"), phrases.say("ask_message_text_complaint"))


def test_after_two_failures_the_form_says_so_and_offers_a_person(phrases):
    (message,) = AskMessage("message_phone", phrases).act(turn(slots={**READY, "form_failures": 2})).messages
    assert message["text"].startswith(phrases.say("form_stuck"))
    assert message["replies"] == phrases.replies("replies_person")


def test_the_order_is_filed_once_with_the_full_words(phrases, systems):
    slots = {**READY, "message_text": f"{TEXT}，我的电话13800138000"}
    for _ in range(2):
        result = FileMessage(phrases, systems.work_orders).act(turn("确认", "affirm", slots=slots))
    (order,) = systems.work_orders.orders("c-1")
    assert order.text.endswith("13800138000") and order.kind == "complaint"
    (message,) = result.messages
    assert message["order_no"] == order.order_no and message["summary"] == order.text
    assert message["text"] == phrases.say("work_order_filed", due="12月1日（周二）")
    assert set_slots(result.events)["last_service"] == f"work_order:{order.order_no}:filing"
