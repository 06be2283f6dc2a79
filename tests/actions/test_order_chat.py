"""Work orders in the chat: timeline, additions, privacy, one's own duplicate, emergencies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.backends.local_work_orders import LocalWorkOrders
from actions.backends.ports import Attachment
from actions.departments import Proposer
from actions.leave_message import AskMessage, FileMessage, ValidateMessage
from actions.rate import Rate
from actions.work_orders import AskOrder, HandleOrder, ValidateOrder
from tests.contracts.implementations import sqlite_store
from tests.fakes import set_slots, turn

TEXT = "红谷滩区丰和大道路灯坏了没人修"
SECRET = "投诉我们单位拖欠工资三个月了，请给我保密"
READY = {"message_kind": "complaint", "message_text": TEXT, "message_phone": "13800138000"}


@pytest.fixture
def order(systems):
    return systems.work_orders.create(
        kind="complaint", text=TEXT, contact="王小明", phone="13800138000", owner="c-1", key="k"
    )


def handled(phrases, systems, order, task, conversation="c-1", **slots):
    slots = {"order_no": order.order_no, "order_phone": "own", "order_task": task, **slots}
    said = turn(slots=slots, conversation=conversation)
    (message,) = HandleOrder(phrases, systems.work_orders).act(said).messages
    return message


def test_progress_says_who_has_it_since_when_and_until_when(phrases, systems, order, clock):
    desk = systems.work_orders
    assert handled(phrases, systems, order, "status")["steps"] == []
    clock.move(days=1)
    desk.transfer(order.order_no, department="城管局", reason="", key="k", actor="张三")
    said = handled(phrases, systems, order, "status")
    assert "转给城管局办理，最晚 12月1日前" in said["text"] and said["status"] == "已转办"
    told = [(step["title"], step["at"][:10]) for step in said["steps"]]
    assert told == [("收到", "2026-11-24"), ("转给城管局", "2026-11-25")] and "张三" not in str(said)
    assert said["department"] == "城管局"


def test_the_answer_is_told_and_a_late_withdrawal_or_addition_is_refused_plainly(phrases, systems, order):
    desk = systems.work_orders
    desk.transfer(order.order_no, department="城管局", reason="", key="k", actor="张三")
    desk.start(order.order_no, key="k", actor="张三")
    proof = (Attachment("proof-0001", "image/jpeg", 1, "a" * 64),)
    desk.answer(order.order_no, answer="已经换灯", evidence=proof, key="k", actor="张三")
    assert "已经换灯" in handled(phrases, systems, order, "status")["text"]
    assert handled(phrases, systems, order, "withdraw")["text"] == phrases.say("order_over_withdraw")
    desk.call_back(order.order_no, reached=True, key="k", actor="张三")
    desk.finish(order.order_no, key="k", actor="张三")
    late = handled(phrases, systems, order, "add", order_confirm="灯杆023")
    assert late["text"] == phrases.say("order_over_add")


def test_an_addition_in_one_sentence_or_when_asked(phrases, systems, order):
    form = ValidateOrder(phrases, systems.work_orders)
    said = set_slots(form.act(turn("给我的工单补充一点：灯杆号是023", "work_order_status")).events)
    assert (said["order_task"], said["order_confirm"]) == ("add", "灯杆号是023")
    bare = set_slots(form.act(turn("我要补充", "add_to_work_order")).events)
    assert bare["order_task"] == "add" and "order_confirm" not in bare
    slots = {"order_no": order.order_no, "order_phone": "own", "order_task": "add"}
    (ask,) = AskOrder("order_confirm", phrases, systems.work_orders).act(turn(slots=slots)).messages
    assert (ask["text"], ask["asking"], ask["options"]) == (phrases.say("ask_order_addition"), "message", [])
    words = form.act(turn("灯杆号是023", "inform", wanted="order_confirm", slots=slots))
    assert set_slots(words.events)["order_confirm"] == "灯杆号是023"
    for _ in range(2):  # the same message twice
        handled(phrases, systems, order, "add", order_confirm="灯杆号是023")
    steps = systems.work_orders.timeline(order.order_no, owner="c-1")
    assert [s.note for s in steps if s.step == "add"] == ["灯杆号是023"]


@pytest.mark.parametrize(
    ("text", "kind", "phone", "words"),
    [
        ("我要匿名", "anonymous", "-", None),
        ("可以匿名吗", "anonymous", "-", None),
        ("我要匿名举报红谷滩那家烧烤店用地沟油", "anonymous", "-", "我要匿名举报红谷滩那家烧烤店用地沟油"),
        (SECRET, "confidential", None, SECRET),
    ],
)
def test_privacy_is_asked_for_or_said_in_one_sentence(phrases, text, kind, phone, words):
    result = ValidateMessage(phrases).act(turn(text, "complaint", slots={"known_phone": "13800138000"}))
    slots = set_slots(result.events)
    assert slots["message_kind"] == kind and slots.get("message_text") == words
    assert slots["message_phone"] == (phone or "13800138000")
    assert result.messages[0]["text"] == phrases.say(f"message_{kind}")


@pytest.mark.parametrize("text", ["有人在网上匿名发帖骂我家孩子", "丰和大道的路灯坏了很久"])
def test_other_words_take_nobodys_phone(phrases, text):
    assert "message_phone" not in set_slots(ValidateMessage(phrases).act(turn(text, "complaint")).events)


def test_the_wish_can_come_when_the_phone_is_asked(phrases):
    asking = turn("不想留电话", "deny", wanted="message_phone", slots=READY)
    slots = set_slots(ValidateMessage(phrases).act(asking).events)
    assert (slots["message_kind"], slots["message_phone"]) == ("anonymous", "-")


def test_an_anonymous_complaint_gets_a_code_that_opens_it(phrases, systems):
    slots = {**READY, "message_kind": "anonymous", "message_phone": "-", "known_name": "王小明"}
    result = FileMessage(phrases, systems.work_orders).act(turn(slots=slots))
    (message,) = result.messages
    code = message["query_code"]
    assert len(code) == 6 and code not in message["text"], "the log can leave out a field, not words"
    assert "known_phone" not in set_slots(result.events)
    assert list(systems.work_orders.orders("c-1")) == []
    form = ValidateOrder(phrases, systems.work_orders)
    known = {"order_no": message["order_no"], "order_task": "status"}
    proof = set_slots(form.act(turn(code, "inform", wanted="order_phone", slots=known)).events)
    assert proof["order_phone"] == f"code:{code}"
    seen = systems.work_orders.find(message["order_no"], owner="c-9", code=code)
    said = handled(phrases, systems, seen, "status", "c-9", order_phone=f"code:{code}")
    assert said["order_no"] == message["order_no"]
    shut = handled(phrases, systems, seen, "status", "c-9", order_phone="8000")
    assert shut["status"] == "order_not_found"


def test_a_day_for_the_answer_is_shown_only_while_one_is_to_come(phrases, systems, order):
    assert handled(phrases, systems, order, "status")["due_on"] == "2026-12-01"
    assert handled(phrases, systems, order, "withdraw", order_confirm=True)["due_on"] == ""
    assert handled(phrases, systems, order, "status")["due_on"] == ""


def test_a_reopened_order_is_told_so_with_its_new_day(phrases, systems, order):
    desk = systems.work_orders
    desk.transfer(order.order_no, department="城管局", reason="", key="k", actor="张三")
    desk.start(order.order_no, key="k", actor="张三")
    desk.answer(order.order_no, answer="已经换灯", key="k", actor="张三")
    desk.call_back(order.order_no, reached=True, satisfied=False, key="k", actor="张三")
    said = handled(phrases, systems, order, "status")
    assert said["text"] == phrases.say("order_reopened", number=order.order_no, due="12月1日")
    assert [step["title"] for step in said["steps"]][-2:] == ["回访", "退回重办"]


def test_what_became_of_an_order_is_rated_apart_from_its_filing(phrases, systems, order):
    desk, rate = systems.work_orders, Rate(phrases, systems.ratings, systems.work_orders)

    def subject():
        said = turn(slots={"order_no": order.order_no, "order_phone": "own", "order_task": "status"})
        return set_slots(HandleOrder(phrases, desk).act(said).events)["last_service"]

    assert subject() == f"work_order:{order.order_no}:filing"
    desk.transfer(order.order_no, department="城管局", reason="", key="k", actor="张三")
    desk.start(order.order_no, key="k", actor="张三")
    desk.answer(order.order_no, answer="已经换灯", key="k", actor="张三")
    assert subject() == f"work_order:{order.order_no}"
    (ask,) = rate.act(turn("评价", "rate_service", slots={"last_service": subject()})).messages
    assert "办理结果" in ask["text"]
    args = {"subject": subject(), "level": 4}
    (said,) = rate.act(turn(args=args, message_id="c-1:8")).messages
    assert said["kind"] == "rated"
    assert rate.act(turn(args=args, message_id="c-1:8")).messages == [said], "a retry of the same message"
    assert rate.act(turn(args=args, message_id="c-1:9")).messages[0]["status"] == "already_rated"
    desk.call_back(order.order_no, reached=True, key="k", actor="张三")
    assert desk.find(order.order_no, owner="c-1").level == 4


def test_nobody_rates_a_strangers_order_by_its_number(phrases, systems, order):
    rate = Rate(phrases, systems.ratings, systems.work_orders)
    args = {"subject": f"work_order:{order.order_no}", "level": 1}
    for given in (args, {"subject": args["subject"]}):
        result = rate.act(turn(args=given, conversation="c-9", slots={"last_service": "booking:YY1"}))
        assert result.messages[0]["status"] == "nothing_to_rate" and result.events == []
    assert systems.ratings.rating(args["subject"]) is None
    proven = turn(args=args, conversation="c-9", slots={"last_service": args["subject"]})
    assert rate.act(proven).messages[0]["kind"] == "rated"


def test_guessing_is_locked_and_said_so(phrases, systems, order):
    said = [handled(phrases, systems, order, "status", "c-9", order_phone="0000")["status"] for _ in range(6)]
    assert said == ["order_not_found"] * 5 + ["order_locked"]


def test_ones_own_duplicate_is_offered_instead_of_a_new_order(phrases, systems, order):
    slots = {**READY, "message_text": "丰和大道路灯坏了好久没人修"}
    (ask,) = AskMessage("message_confirm", phrases, systems.work_orders).act(turn(slots=slots)).messages
    assert order.order_no in ask["text"] and len(ask["options"]) == 3
    form = ValidateMessage(phrases)
    pressed = turn("补充到原工单", "inform", wanted="message_confirm", slots=slots)
    assert set_slots(form.act(pressed).events)["message_confirm"] == "add"
    anew = replace(pressed, text="不是一回事，另外提交")
    assert set_slots(form.act(anew).events)["message_confirm"] is True
    file = FileMessage(phrases, systems.work_orders)
    (said,) = file.act(turn(slots={**slots, "message_confirm": "add"})).messages
    assert said["order_no"] == order.order_no and len(systems.work_orders.orders("c-1")) == 1
    (said,) = file.act(turn(slots={**slots, "message_confirm": True}, message_id="c-1:9")).messages
    assert said["order_no"] != order.order_no


def test_another_matter_or_another_citizen_is_no_duplicate(phrases, systems, order):
    ask = AskMessage("message_confirm", phrases, systems.work_orders)
    other = {**READY, "message_text": "公交车总是不来"}
    for said in (turn(slots=other), turn(slots=READY, conversation="c-2")):
        assert ask.act(said).messages[0]["text"] == phrases.say("ask_message_confirm")


def test_a_police_emergency_is_told_the_number_and_recorded(phrases, tmp_path, clock):
    desk = LocalWorkOrders(sqlite_store(tmp_path, clock), propose=Proposer().propose)
    slots = {**READY, "message_text": "快来人，楼下有人拿刀砍人"}
    (said,) = FileMessage(phrases, desk).act(turn(slots=slots)).messages
    assert said["text"] == phrases.say("order_referred", emergency="110")
    (kept,) = desk.orders("c-1")
    assert (kept.kind, kept.state, kept.emergency_number) == ("emergency_referral", "referred", "110")
