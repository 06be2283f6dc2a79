"""Ratings, hand-off, small talk and leaving: the one-turn actions."""

from __future__ import annotations

import pytest

from actions.answer_guide import AnswerGuide
from actions.handoff import HandOff
from actions.rate import Rate
from actions.say import LeaveForm, Restart, Say
from tests.fakes import AGE, RESIDENCE, ScriptedAnswerer, answered, set_slots, turn


@pytest.fixture
def rate(phrases, systems):
    """`rate(turn) -> (message, slots)`."""

    def run(**how):
        result = Rate(phrases, systems.ratings).act(turn(intent="rate_service", **how))
        (message,) = result.messages
        return message, set_slots(result.events)

    return run


def test_without_a_service_there_is_nothing_to_rate(rate):
    assert rate()[0]["status"] == "nothing_to_rate"


def test_five_levels_best_first(rate, phrases):
    message, slots = rate(slots={"last_service": "booking:YY1"})
    assert [r["args"] for r in message["levels"]] == [
        {"subject": "booking:YY1", "level": n} for n in (5, 4, 3, 2, 1)
    ]
    assert message["text"] == phrases.say("ask_rating", service=phrases.say("service_booking"))
    assert slots == {"last_service": "booking:YY1"}


def test_a_rating_by_button_is_kept_whole(rate, systems):
    args = {"subject": "booking:YY1", "level": 2, "reasons": ["等得太久"], "comment": "慢" * 300}
    message, slots = rate(args=args)
    kept = systems.ratings.rating("booking:YY1")
    assert (kept.level, kept.reasons, len(kept.comment), kept.channel) == (2, ("等得太久",), 200, "portal")
    assert kept.rectify_by is not None
    assert (message["kind"], message["level"]) == ("rated", 2) and slots == {"last_service": None}


def test_a_typed_rating_counts(rate, systems):
    rate(text="非常满意", rating_level=5, slots={"last_service": "case:NC1"})
    assert systems.ratings.rating("case:NC1").level == 5


def test_once_only(rate):
    args = {"subject": "booking:YY1", "level": 5}
    first, _ = rate(args=args)
    assert rate(args=args)[0] == first, "the same message sent again is the same rating"
    assert rate(args=args, message_id="c-1:5")[0]["status"] == "already_rated"


@pytest.mark.parametrize("level", [0, 6, "差", None, [5], 4.5, True])
def test_an_odd_level_is_asked_again(rate, systems, level):
    message, _ = rate(args={"subject": "booking:YY1", "level": level})
    assert message["kind"] == "rating" and systems.ratings.rating("booking:YY1") is None


@pytest.mark.parametrize("subject", ["", "weather:1", "booking", ["x"]])
def test_an_unknown_subject_is_nothing_to_rate(rate, subject):
    assert rate(args={"subject": subject, "level": 5})[0]["status"] == "nothing_to_rate"


# ---- hand-off


def hand(phrases, intent="human", **slots):
    """The hand-off message."""
    (message,) = HandOff(phrases, ScriptedAnswerer()).act(turn(intent=intent, slots=slots)).messages
    return message


def test_a_person_learns_what_is_known_and_nothing_in_clear(phrases):
    message = hand(
        phrases,
        guide_id=RESIDENCE.id,
        guide_facts={"age": "adult"},
        booking_item={"id": "a", "name": "居住证申领"},
        booking_name="王小明",
        booking_phone="13800138000",
        case_no="NC202611030000175",
    )
    assert message["summary"] == {
        phrases.say("label_asked"): RESIDENCE.name,
        AGE.ask: "满16周岁",
        phrases.say("label_booking_item"): "居住证申领",
        phrases.say("label_name"): "王**",
        phrases.say("label_phone"): "138****8000",
        phrases.say("label_case_no"): "NC202611030000175",
    }


@pytest.mark.parametrize(("intent", "reason"), [("human", "asked"), ("nlu_fallback", "not_understood")])
def test_the_reason_is_named(phrases, intent, reason):
    message = hand(phrases, intent, guide_id="gone")
    assert (message["reason"], message["summary"]) == (reason, {})


# ---- talk


def says(phrases):
    """`action_say`."""
    return Say(phrases, AnswerGuide(phrases, ScriptedAnswerer()))


def test_a_question_behind_a_thanks_is_answered(phrases):
    answerer = ScriptedAnswerer(answered())
    said = turn("谢谢，那居住证要多久", "thanks", guide_hint="居住证")
    (message,) = Say(phrases, AnswerGuide(phrases, answerer)).act(said).messages
    assert message["kind"] == "answer" and answerer.asked[0][0] == "那居住证要多久"


def test_law_hidden_in_talk_and_others_data_are_declined_before_any_guide(phrases):
    said = turn("跟房东打官司能赢吗", "opinion", topic="law")
    (message,) = says(phrases).act(said).messages
    assert message["status"] == "topic_law" and "12348" in message["text"]
    answerer = ScriptedAnswerer(answered())
    asked = turn("查一下我前夫名下有没有房子", "ask_service", topic="others")
    (message,) = AnswerGuide(phrases, answerer).act(asked).messages
    assert message["status"] == "topic_others" and answerer.asked == []


def test_small_talk_has_its_sentence_and_buttons(phrases):
    (message,) = says(phrases).act(turn("你是机器人吗", "identity")).messages
    assert (message["text"], message["status"]) == (phrases.say("say_identity"), "identity")
    assert message["replies"] == phrases.replies("replies_identity")


def test_an_intent_without_a_sentence_gets_help(phrases):
    (message,) = says(phrases).act(turn("？", "nlu_fallback")).messages
    assert (message["text"], message["status"]) == (phrases.say("say_capabilities"), "capabilities")


def test_inside_a_form_the_form_shows_the_buttons(phrases):
    (message,) = says(phrases).act(turn("你好", "greet", form="case_form")).messages
    assert message["replies"] == []


def test_leaving_empties_every_form_and_starting_over_the_guide_too(phrases):
    left = LeaveForm(phrases).act(turn("算了", "cancel"))
    over = Restart(phrases).act(turn("重新来", "restart_task"))
    slots, more = set_slots(left.events), set_slots(over.events)
    assert left.messages[0]["status"] == "form_left" and over.messages[0]["status"] == "started_over"
    assert slots["form_failures"] == 0 and {v for k, v in slots.items() if k != "form_failures"} == {None}
    assert {"booking_slot", "case_no", "cancel_no", "message_text"} <= slots.keys()
    assert more.keys() - slots.keys() == {
        *(f"guide_{name}" for name in ("id", "facts", "recent", "asked", "pending")),
        "misses",
    }
