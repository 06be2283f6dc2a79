"""Looking up a case: the form and what it shows."""

from __future__ import annotations

import dataclasses

import pytest

from actions.case_status import AskCase, CaseLookup, ValidateCase
from tests.contracts.implementations import KNOWN
from tests.fakes import set_slots, turn


@pytest.fixture
def form(phrases, systems):
    """`form(turn) -> (slots, sentences, was it handed on)`."""

    def run(*args, **how):
        result = ValidateCase(phrases, systems.cases).act(turn(*args, form="case_form", **how))
        return set_slots(result.events), [m["text"] for m in result.messages], result.events == []

    return run


def test_number_and_digits_in_one_sentence(form):
    slots, said, _ = form("NC2026…，尾号2468", "case_status", case_no=KNOWN.case_no, phone_last4="2468")
    assert slots == {"case_no": KNOWN.case_no, "case_phone": "2468", "form_failures": 0} and said == []


def test_a_whole_phone_number_gives_its_last_digits(form):
    assert form("13800132468", "inform", wanted="case_phone", phone="13800132468")[0]["case_phone"] == "2468"


def test_a_wrong_number_is_said_at_once(form, phrases):
    slots, said, _ = form("NC202611030000170", "inform", wanted="case_no")
    assert said == [phrases.say("case_no_invalid")] and slots == {"form_failures": 1}


def test_three_digits_are_not_four(form, phrases):
    slots, said, _ = form("246", "inform", wanted="case_phone")
    assert said == [phrases.say("phone_last4_invalid")] and slots == {"form_failures": 1}


def test_a_question_or_a_goodbye_is_handed_on(form):
    assert form("编号在哪里看", "ask_followup", wanted="case_no")[2]
    assert form("算了", "cancel", wanted="case_no")[2]
    assert not form("嗯", "affirm", wanted="case_no")[2]


def test_coming_back_reads_nothing(form):
    slots, _, handed_on = form(
        "尾号2468", "ask_service", phone_last4="2468", wanted="case_phone", resumed=True
    )
    assert slots == {"form_failures": 0} and not handed_on


def test_after_two_failures_a_person_is_offered(phrases):
    (message,) = AskCase("case_phone", phrases).act(turn(slots={"form_failures": 2})).messages
    assert message["asking"] == "phone_last4"
    assert message["text"].startswith(phrases.say("form_stuck"))
    assert message["replies"] == phrases.replies("replies_person")


def look(phrases, systems, case_no, last4):
    """The look-up's only message and the slots it set."""
    result = CaseLookup(phrases, systems.cases).act(turn(slots={"case_no": case_no, "case_phone": last4}))
    (message,) = result.messages
    return message, set_slots(result.events)


def test_the_case_is_shown_and_forgotten(phrases, systems):
    message, slots = look(phrases, systems, KNOWN.case_no, KNOWN.phone_last4)
    assert message["kind"] == "case_status" and message["case"]["item"] == KNOWN.item
    assert slots == {
        "last_service": f"case:{KNOWN.case_no}:c-1", "case_no": None, "case_phone": None, "form_failures": 0,
    }


def test_wrong_pairs_look_alike_and_then_lock(phrases, systems):
    number, _ = look(phrases, systems, "NC202611030000999", "2468")
    phone, slots = look(phrases, systems, KNOWN.case_no, "0000")
    assert number == phone and number["status"] == "case_not_found"
    assert slots["case_no"] is None
    for _ in range(3):
        look(phrases, systems, KNOWN.case_no, "0000")
    locked, _ = look(phrases, systems, KNOWN.case_no, KNOWN.phone_last4)
    assert (locked["status"], locked["text"]) == ("case_locked", phrases.say("case_locked", minutes=15))


def test_a_wrong_check_digit_is_said_even_before_the_number_was_asked_for(phrases, systems):
    said = dataclasses.replace(turn("查NC202611030000170", "case_status"), doubtful=frozenset({"case_no"}))
    result = ValidateCase(phrases, systems.cases).act(said)
    assert [m["text"] for m in result.messages] == [phrases.say("case_no_invalid")]
