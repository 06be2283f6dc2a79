"""Check: case number plus the phone's last four digits."""

import pytest

from actions.backends.numbers import check_digit

pytestmark = pytest.mark.live


def test_asks_for_both_and_shows_the_timeline(citizen):
    (number,) = citizen.ask("我的件办到哪了")
    assert number["asking"] == "case_no"
    (digits,) = citizen.ask("NC202611030000175")
    assert digits["asking"] == "phone_last4"
    (status,) = citizen.ask("2468")
    case = status["case"]
    assert case["status"] == "制证中" and case["demo"] is True
    assert [s["state"] for s in case["steps"]] == ["done", "done", "done", "current", "next"]
    assert case["next_step"] and case["source"] and case["as_of"]


def test_wrong_number_and_wrong_phone_get_the_same_words(citizen):
    citizen.ask("查办件进度")
    citizen.ask("NC202611030000175")
    (wrong_phone,) = citizen.ask("1111")
    citizen.ask("查办件进度")
    digits = "20261105000001"
    citizen.ask(f"NC{digits}{check_digit(digits)}")  # well-formed, no such case
    (wrong_number,) = citizen.ask("2468")
    assert wrong_phone["text"] == wrong_number["text"]
    assert wrong_phone["status"] == wrong_number["status"] == "case_not_found"


def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(citizen):
    citizen.ask("查办件进度")
    messages = citizen.ask("身份证丢了怎么补")
    assert messages[0]["kind"] == "answer"
    assert messages[-1]["kind"] == "ask" and messages[-1]["asking"] == "case_no"


def test_leaving_the_form(citizen):
    citizen.ask("查办件进度")
    (left,) = citizen.ask("不查了")
    assert left["status"] == "form_left"
