"""The net under every action: a plain sentence, nothing of the inside, and never silence."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from actions import messages
from actions.action import Result, TurnAction
from actions.backends.ports import BackendUnavailable
from actions.guarded import guarded
from tests.actions.test_turn import tracker

SECRET = "身份证号 360102199003070019"


class Breaking(TurnAction):
    """Says something, then raises."""

    def __init__(self, phrases, error):
        super().__init__("action_breaking", phrases)
        self.error = error

    def act(self, turn):
        raise self.error


class HalfWay(TurnAction):
    """Has spoken when it breaks."""

    async def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(json_message={"kind": "text", "text": "预约成功"})
        raise KeyError(SECRET)


def run(action, phrases, dispatcher=None):
    """(messages, events) of a guarded run."""
    dispatcher = dispatcher or CollectingDispatcher()
    events = asyncio.run(
        asyncio.wait_for(guarded(action, phrases)(dispatcher, tracker(SECRET), {}), timeout=5)
    )
    return [m["custom"] for m in dispatcher.messages], events


@pytest.mark.parametrize(
    "error", [ValueError(SECRET), KeyError(SECRET), AssertionError(SECRET), StopIteration(SECRET)]
)
def test_an_error_becomes_a_failure_message(phrases, error, caplog):
    with caplog.at_level(logging.ERROR):
        said, events = run(Breaking(phrases, error), phrases)
    assert said == [
        {
            "kind": "failure",
            "text": phrases.say("failure"),
            "status": "error_failure",
            "replies": phrases.replies("replies_failure"),
        }
    ]
    assert events == []
    assert SECRET not in json.dumps(said, ensure_ascii=False)
    assert "action=action_breaking conversation=c-1 failed" in caplog.text


def test_the_log_has_the_place_and_the_kind_of_the_error_not_its_words(phrases, caplog):
    with caplog.at_level(logging.ERROR):
        run(Breaking(phrases, ValueError(SECRET)), phrases)
    assert "ValueError" in caplog.text and "test_guarded.py" in caplog.text
    assert "360102199003070019" not in caplog.text


def test_a_silent_system_is_named_in_the_log_only(phrases, caplog):
    with caplog.at_level(logging.ERROR):
        said, events = run(Breaking(phrases, BackendUnavailable("booking", "timeout")), phrases)
    assert (said[0]["text"], said[0]["status"]) == (
        phrases.say("backend_unavailable"), "error_backend_unavailable",
    )
    assert events == [] and "system=booking" in caplog.text


def test_what_was_said_before_the_error_is_taken_back(phrases):
    said, _ = run(HalfWay("action_half_way", phrases), phrases)
    assert [m["kind"] for m in said] == ["failure"]


def test_what_another_action_said_stays(phrases):
    dispatcher = CollectingDispatcher()
    dispatcher.utter_message(json_message={"kind": "text", "text": "先前"})
    said, _ = run(Breaking(phrases, ValueError()), phrases, dispatcher)
    assert [m["kind"] for m in said] == ["text", "failure"]


def test_a_rejection_passes_through_to_rasa(phrases):
    with pytest.raises(ActionExecutionRejection):
        run(Breaking(phrases, ActionExecutionRejection("booking_form")), phrases)


def test_a_working_action_is_left_alone(phrases):
    class Working(TurnAction):
        def act(self, turn):
            return Result([messages.text("好")], [{"event": "slot", "name": "misses", "value": 0}])

    said, events = run(Working("action_working", phrases), phrases)
    assert said[0]["text"] == "好" and events == [{"event": "slot", "name": "misses", "value": 0}]
