"""`action_answer_guide` with scripted answers."""

from __future__ import annotations

import pytest

from actions.answer_guide import AnswerGuide
from knowledge.answerer import Answer
from tests.fakes import AGE, PASSPORT, RESIDENCE, ScriptedAnswerer, answered, set_slots, turn

OPTIONS = [
    {"guide_id": g.id, "name": g.name, "department": g.department, "summary": g.summary}
    for g in (RESIDENCE, PASSPORT)
]
STUB = {"name": "婚姻登记", "handled_by": "由民政部门办理。", "reach": "可以拨打 12345。"}


@pytest.fixture
def ask(phrases):
    """`ask(answers, turn) -> (message, slots, answerer)`."""

    def run(*script, **how):
        answerer = ScriptedAnswerer(*script)
        result = AnswerGuide(phrases, answerer).act(turn(**how))
        (message,) = result.messages
        return message, set_slots(result.events), answerer

    return run


def test_an_answer_is_a_card_and_becomes_the_guide_under_discussion(ask):
    found = answered(RESIDENCE, age="adult")
    message, slots, answerer = ask(found, text="居住证怎么办", intent="ask_service")
    assert (message["kind"], message["card"]["guide_id"]) == ("answer", RESIDENCE.id)
    assert (message["field"], message["compact"]) == ("", False)
    assert slots == {
        "guide_id": RESIDENCE.id,
        "guide_facts": {"age": "adult"},
        "guide_asked": [],
        "guide_pending": None,
        "guide_recent": [],
        "misses": 0,
        "last_service": f"guide:{RESIDENCE.id}:c-1",
    }
    assert answerer.asked == [("居住证怎么办", None, {})]


def test_the_guide_at_hand_and_its_facts_go_with_the_question(ask):
    _, _, answerer = ask(
        answered(), text="要钱吗", intent="ask_followup",
        slots={"guide_id": RESIDENCE.id, "guide_facts": {"age": "adult"}},
    )
    assert answerer.asked == [("要钱吗", RESIDENCE.id, {"age": "adult"})]


def test_a_follow_up_is_compact_and_not_offered_again(ask, phrases):
    message, _, _ = ask(answered(field="fee", followup=True), text="要钱吗", intent="ask_followup")
    assert (message["field"], message["compact"]) == ("fee", True)
    labels = [r["label"] for r in message["replies"]]
    fee = dict(zip(phrases.words("followup_fields"), phrases.words("followup_questions"), strict=True))["fee"]
    assert fee not in labels
    assert labels[-1] == phrases.replies("replies_after_card")[0]["label"]


def test_only_sections_of_the_card_are_offered(ask, phrases):
    message, _, _ = ask(answered(PASSPORT), text="护照怎么办", intent="ask_service")
    question = dict(zip(phrases.words("followup_fields"), phrases.words("followup_questions"), strict=True))
    assert "online" not in {s["key"] for s in message["card"]["sections"]}
    assert question["online"] not in [r["label"] for r in message["replies"]]


def test_a_weightier_service_stays_the_one_to_rate(ask):
    _, slots, _ = ask(answered(), text="居住证", intent="ask_service", slots={"last_service": "booking:YY1"})
    assert "last_service" not in slots


def test_a_doubt_is_a_choice(ask):
    message, slots, _ = ask(Answer("clarify", options=OPTIONS), text="办证", intent="ask_service")
    assert message["kind"] == "clarify" and message["options"] == OPTIONS
    assert slots == {"guide_pending": "办证"}


def test_a_service_of_others_is_named_with_the_way_to_it(ask):
    message, slots, _ = ask(
        Answer("not_handled_here", stub=STUB), text="结婚登记", intent="ask_service", slots={"misses": 1}
    )
    assert message["status"] == "not_handled_here"
    assert all(STUB[k] in message["text"] for k in STUB)
    assert slots == {"misses": 0, "guide_pending": None}


def test_ignorance_is_said_and_a_person_offered_at_the_second_time(ask, phrases):
    first, slots, _ = ask(Answer("unanswerable_no_guide"), text="啊", intent="ask_service")
    assert (first["text"], first["status"]) == (phrases.say("unanswered"), "unanswerable_no_guide")
    assert slots == {"misses": 1, "guide_pending": None}
    second, slots, _ = ask(Answer("unanswerable_no_guide"), text="啊", intent="ask_service", slots=slots)
    assert second["text"] == phrases.say("unanswered_again") and slots["misses"] == 2
    assert any(r.get("action") == "handoff" for r in second["replies"])


def test_what_is_out_of_scope_is_not_counted_as_a_miss(ask):
    message, slots, _ = ask(Answer("unanswerable_no_guide"), text="今天天气", intent="out_of_scope")
    assert message["status"] == "out_of_scope" and slots == {}


def test_an_out_of_scope_guess_gives_way_to_a_found_guide(ask):
    message, _, _ = ask(answered(), text="居住证", intent="out_of_scope")
    assert message["kind"] == "answer"


@pytest.mark.parametrize("empty", [Answer("clarify"), Answer("not_handled_here"), Answer("answered")])
def test_an_empty_answer_is_none(ask, empty):
    assert ask(empty, text="啊", intent="ask_service")[0]["status"] == "unanswerable_no_guide"


# ---- structured turns


def test_a_chosen_guide_opens(ask):
    message, slots, answerer = ask(intent="open_guide", args={"guide_id": PASSPORT.id}, text="/open_guide")
    assert message["card"]["guide_id"] == PASSPORT.id and slots["guide_facts"] == {}
    assert answerer.asked == []


@pytest.mark.parametrize("args", [{}, {"guide_id": "gone"}, {"guide_id": None}, {"guide_id": ["x"]}])
def test_an_unknown_guide_is_an_honest_no(ask, args):
    assert ask(intent="open_guide", args=args)[0]["status"] == "unanswerable_no_guide"


def test_a_set_fact_cuts_the_card(ask):
    message, slots, _ = ask(
        intent="set_fact", args={"guide_id": RESIDENCE.id, "key": "age", "value": "minor"},
        slots={"guide_id": RESIDENCE.id, "guide_facts": {}},
    )
    assert slots["guide_facts"] == {"age": "minor"}
    assert message["card"]["fits"] == AGE.label("minor")


def test_a_fact_of_another_guide_starts_afresh_with_just_that_fact(ask):
    _, slots, _ = ask(
        intent="set_fact", args={"guide_id": RESIDENCE.id, "key": "age", "value": "adult"},
        slots={"guide_id": PASSPORT.id, "guide_facts": {"age": "minor", "first": "yes"}},
    )
    assert slots["guide_facts"] == {"age": "adult"}


def test_a_set_fact_without_its_guide_belongs_to_the_one_at_hand(ask):
    message, _, _ = ask(
        intent="set_fact", args={"key": "age", "value": "adult"}, slots={"guide_id": RESIDENCE.id}
    )
    assert message["card"]["guide_id"] == RESIDENCE.id


def test_a_field_alone_is_asked_back_for_its_service(ask):
    found = Answer("clarify", lead="请问您问的是哪件事？", field="fee")
    message, _, _ = ask(found, text="要多少钱", intent="ask_followup")
    assert message["status"] == "which_service" and message["text"] == "请问您问的是哪件事？"


def test_moving_on_remembers_the_guide_before_and_its_answer_can_be_resolved(phrases, tmp_path):
    from knowledge.receipts import ReceiptBook

    book = ReceiptBook(tmp_path / "answers.db")
    found = answered(PASSPORT, field="fee")
    result = AnswerGuide(phrases, ScriptedAnswerer(found), book).act(
        turn(
            "护照多少钱",
            "ask_service",
            slots={"guide_id": RESIDENCE.id, "guide_recent": ["passport", "marriage"]},
        )
    )
    slots = set_slots(result.events)
    assert slots["guide_recent"] == [RESIDENCE.id, "marriage"] and slots["guide_id"] == PASSPORT.id
    key = result.messages[0]["card"]["answer_id"]
    stored = book.get(key)
    assert (stored["guide_id"], stored["lead"]) == (PASSPORT.id, found.lead)
    assert "护照多少钱" not in str(stored)  # no words of the citizen
    book.close()
