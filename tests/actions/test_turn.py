"""Rasa's tracker as a turn: what was said, what is trusted, whether the form was interrupted."""

from __future__ import annotations

import json

import pytest
from rasa_sdk import Tracker

from actions.turn import read_turn, time_value


def tracker(text="你好", entities=(), events=(), metadata=None, form=None, slots=None):
    """A tracker as the SDK builds it from Rasa's call."""
    return Tracker.from_dict(
        {
            "sender_id": "c-1",
            "slots": {"requested_slot": None, **(slots or {})},
            "latest_message": {
                "text": text,
                "intent": {"name": "inform", "confidence": 0.8},
                "entities": list(entities),
                "metadata": metadata or {},
                "message_id": "rasa-1",
            },
            "latest_input_channel": "portal",
            "events": list(events),
            "active_loop": {"name": form} if form else {},
        }
    )


def test_a_turn_holds_what_was_said():
    metadata = {"message_id": "c-1:4", "args": {"level": 5}}
    turn = read_turn(tracker(" 办居住证 ", metadata=metadata, form="booking_form"))
    assert (turn.text, turn.intent, turn.confidence, turn.channel) == ("办居住证", "inform", 0.8, "portal")
    assert (turn.message_id, dict(turn.args), turn.active_form) == ("c-1:4", {"level": 5}, "booking_form")


def test_without_metadata_rasas_own_message_id_counts():
    assert read_turn(tracker()).message_id == "rasa-1"


def test_values_keep_their_order():
    found = [{"entity": "day", "value": "2026-11-28"}, {"entity": "day", "value": "2026-11-29"}]
    turn = read_turn(tracker(entities=found))
    assert turn.entities["day"] == ("2026-11-28", "2026-11-29")
    assert turn.first("day") == "2026-11-28" and turn.first("hall") is None


def test_numbers_with_a_wrong_check_digit_are_not_believed():
    """The bot marks them valid: false; the form then says that the number is wrong, and asks again."""
    found = [
        {"entity": "case_no", "value": "NC202611030000170", "valid": False},
        {"entity": "phone", "value": "13800138000", "valid": True},
        {"entity": "hall", "value": "donghu"},
    ]
    turn = read_turn(tracker(entities=found))
    assert set(turn.entities) == {"phone", "hall"}


USER = {"event": "user"}
ANSWERED = {"event": "action", "name": "action_answer_guide"}


@pytest.mark.parametrize(
    ("events", "resumed"),
    [
        ([], False),
        ([USER], False),
        ([USER, {"event": "action", "name": "booking_form"}], False),
        ([USER, ANSWERED], False),  # passed on without a word: the message is still the form's
        ([USER, ANSWERED, {"event": "bot"}, {"event": "slot"}], True),
        ([USER, ANSWERED, USER], False),
        ([USER, {"event": "action", "name": "action_extract_slots"}], False),
    ],
)
def test_a_form_knows_when_it_comes_back(events, resumed):
    assert read_turn(tracker(events=events, form="booking_form")).resumed is resumed


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (json.dumps({"start": "09:00"}), {"start": "09:00"}),
        ({"part": "noon"}, {"part": "noon"}),
        (None, {}), ("", {}), ("九点", {}), ("[1]", {}), (7, {}),
    ],
)
def test_a_time_value_is_a_mapping_or_empty(raw, value):
    assert time_value(raw) == value
