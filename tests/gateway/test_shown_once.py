"""What a citizen's own screen shows and the log does not keep: codes, places, names; who never sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway import wire
from gateway.act_args import cleaned
from gateway.bare_answers import hide
from gateway.bus import Bus
from gateway.conversation import StoredEvent
from gateway.kept_words import kept, shown
from gateway.own_words import KEPT, OwnScreen, OwnWords, topic
from gateway.sealed_box import SealedBox
from gateway.sender_ids import SenderIds
from tests.fakes_gateway import SUGGESTION, ScriptedDialogue, ScriptedKnowledge
from tests.gateway.clients import Citizen, Gateway, Officer
from tests.gateway.conftest import Start
from tests.gateway.test_shared import event, gateways, heard, silent
from tests.redis_server import RedisServer

CODE, ADDRESS, PHONE = "482913", "红谷滩区丰和大道128号", "13812345678"
ORDER = wire.WorkOrderMessage(
    text="已经生成工单，11月28日前答复。请记下工单号和查询码，查询码只显示这一次，不要告诉别人。",
    order_no="GD20261103000170",
    summary=f"{ADDRESS}的路灯坏了，电话{PHONE}",
    due_on="2026-11-28",
    query_code=CODE,
)
READ_BACK = wire.AskMessage(
    text="请核对。",
    asking="confirm",
    rows=[wire.Row(label="地点", value=ADDRESS), wire.Row(label="电话", value=PHONE)],
    options=[wire.QuickReply(label="GD20261103000170", say="GD20261103000170", hint="路灯坏了 1381234567")],
)
ASK_CODE = wire.AskMessage(text="匿名的请说 6 位查询码。", asking="phone_last4")
ASK_NAME = wire.AskMessage(text="请问您的姓名？", asking="name")


def log_of(gateway: Gateway, citizen: Citizen) -> str:
    return json.dumps(gateway.stored(citizen.id), ensure_ascii=False)


# ---- the bot's words


def test_the_code_of_an_anonymous_order_is_shown_once_and_never_stored(start: Start) -> None:
    gateway = start(dialogue=_says(ORDER))
    citizen = Citizen(gateway)
    (order,) = citizen.ask("我要匿名投诉")
    assert (order["query_code"], order["code_given"]) == (CODE, False)
    assert ADDRESS in order["summary"] and PHONE not in order["summary"]

    (stored,) = [m for p in gateway.stored(citizen.id) if p["kind"] == "bot_said" for m in p["messages"]][1:]
    assert (stored["query_code"], stored["code_given"]) == ("", True)
    assert "丰和大道***" in stored["summary"]
    again = Citizen(gateway, citizen.cookie)
    after = [e for e in again.events() if e["payload"]["kind"] == "bot_said"][-1]["payload"]["messages"][0]
    assert after == stored, "a reload sees what is stored"
    gateway.stop()
    assert CODE.encode() not in gateway.raw_bytes()


def test_both_tabs_of_the_citizen_see_it_and_the_officer_never_does(start: Start) -> None:
    gateway = start(dialogue=_says(ORDER))
    citizen = Citizen(gateway)
    other = Citizen(gateway, citizen.cookie)
    citizen.ask("我要匿名投诉")
    seen = other.until(
        lambda f: f["type"] == "event" and f["payload"]["kind"] == "bot_said" and f["payload"]["reply_to"]
    )
    assert seen["payload"]["messages"][0]["query_code"] == CODE
    assert "sealed" not in json.dumps(other.seen + citizen.seen), "how it travels is not shown"

    officer = Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    citizen.say(f"我住{ADDRESS}")
    own = citizen.event("citizen_said")["payload"]["text"]
    read = officer.event("citizen_said")["payload"]["text"]
    officer.quiet()
    assert own == f"我住{ADDRESS}" and read == "我住红谷滩区丰和大道***"
    all_seen = json.dumps(officer.seen, ensure_ascii=False)
    assert CODE not in all_seen and ADDRESS not in all_seen


def test_a_read_back_shows_places_to_its_citizen_and_keeps_them_masked(start: Start) -> None:
    gateway = start(dialogue=_says(READ_BACK))
    citizen = Citizen(gateway)
    (asked,) = citizen.ask("投诉路灯")
    assert [r["value"] for r in asked["rows"]] == [ADDRESS, "138****5678"]
    assert "丰和大道***" in log_of(gateway, citizen) and "128号" not in log_of(gateway, citizen)
    assert asked["options"][0]["hint"] == "路灯坏了 ***", "a number that was cut off is one all the same"


def test_said_again_it_is_the_masked_form(start: Start) -> None:
    gateway = start(dialogue=_says(ORDER, wire.RepeatMessage()))
    citizen = Citizen(gateway)
    citizen.ask("我要匿名投诉")
    (again,) = citizen.ask("再说一遍")
    assert (again["query_code"], again["code_given"]) == ("", True)


def test_a_guide_s_words_are_the_same_in_both_forms() -> None:
    text = wire.TextMessage(text="到丰和中大道1318号，电话0791-83986100。")
    assert kept(text) is text and shown(text) is text


# ---- the citizen's words


@pytest.mark.parametrize(
    ("asked", "said", "stored"),
    [
        (ASK_CODE, CODE, "******"),
        (ASK_CODE, "482 913", "******"),
        (ASK_CODE, "是４８２９１３。", "是******。"),
        (ASK_CODE, "四八二九一三", "******"),
        (ASK_CODE, "2468", "2468"),
        (ASK_CODE, "转人工吧", "转人工吧"),
        (ASK_NAME, "王小明", "王**"),
        (ASK_NAME, "我叫欧阳锋。", "我叫欧**。"),
        (ASK_NAME, "阿卜杜拉·买买提", "阿**"),
        (ASK_NAME, "谢谢", "谢谢"),
        (ASK_NAME, "不想说", "不想说"),
        (ASK_NAME, "周六", "周六"),
        ("您好，有什么可以帮您？", CODE, CODE),
        ("您好，有什么可以帮您？", "gd20261103000170，482913", "gd20261103000170，******"),
        ("您好，有什么可以帮您？", "邮编330038，办件NC202611030000175", "邮编330038，办件NC202611030000175"),
        ("您好，有什么可以帮您？", "王小明", "王小明"),
        ("您好，有什么可以帮您？", "GD20261103000170 查询码：482913", "GD20261103000170 查询码：******"),
    ],
)
def test_an_answer_that_the_bot_asked_for_is_hidden(
    start: Start, asked: Any, said: str, stored: str
) -> None:
    gateway = start(dialogue=_says(asked))
    citizen = Citizen(gateway)
    citizen.ask("帮我查一下")
    citizen.say(said)
    own = citizen.event("citizen_said")
    texts = [p["text"] for p in gateway.stored(citizen.id) if p["kind"] == "citizen_said"]
    assert texts[-1] == stored
    assert "*" not in own["payload"]["text"], "on the own screen stands what was typed"


async def test_the_log_is_read_only_for_what_may_be_an_answer() -> None:
    async def never(_: str) -> StoredEvent | None:
        raise AssertionError("the log was read")

    for text in ("怎么办身份证", "我要转人工", "电话138****5678", "2468", "GD20261103000170"):
        assert await hide(text, "c", never) == text


# ---- what the page and the desk send beside words


def test_args_of_an_act_go_on_clean() -> None:
    args = {
        "key": "age",
        "value": f"电话{PHONE}",
        "guide_id": "id-card-replace",
        PHONE: 1,
        "identity": "x",
        "deep": {"a": [1]},
    }
    wanted = {"key": "age", "value": "电话138****5678", "guide_id": "id-card-replace"}
    assert cleaned("set_fact", args) == wanted
    rated = cleaned("rate", {"level": 1, "reasons": [f"叫{PHONE}"], "comment": "慢\u200b", "phone": PHONE})
    assert rated == {"level": 1, "reasons": ["叫138****5678"], "comment": "慢", "phone": PHONE}
    assert cleaned("rate", {"level": int(PHONE), "reasons": [["x"]]}) == {"level": 0}
    assert cleaned("handoff", {"anything": PHONE}) == {}


def test_ids_and_reasons_with_a_number_are_not_stored_and_the_sender_gets_the_id_back(start: Start) -> None:
    gateway = start()
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.say("您好", PHONE)
    assert citizen.event("citizen_said")["ref"] == PHONE
    citizen.event("bot_said")
    citizen.say("您好", PHONE)
    again = citizen.until(lambda f: f.get("ref") == PHONE)
    assert gateway.kinds(citizen.id).count("citizen_said") == 1 and again["payload"]["text"] == "您好"
    citizen.wait_for_person()
    officer.accept(citizen)
    officer.command("note", citizen.id, id=PHONE, text="先等")
    assert officer.event("note_added")["ref"] == PHONE
    gateway.stop()
    assert PHONE.encode() not in gateway.raw_bytes()


def test_why_a_suggestion_was_dismissed_is_masked(start: Start) -> None:
    gateway = start(knowledge=ScriptedKnowledge({"身份证": [SUGGESTION]}))
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    citizen.say("身份证丢了")
    offered = officer.event("suggestion_offered")["payload"]["suggestions"][0]["suggestion_id"]
    why = "他要人回电１３８１２３４５６７８\u200b"
    officer.command("dismiss", citizen.id, suggestion_id=offered, reason=why)
    officer.until(lambda f: f["type"] == "done")
    (used,) = [p for p in gateway.stored(citizen.id) if p["kind"] == "suggestion_used"]
    assert used["reason"] == "他要人回电138****5678"


def test_a_made_up_field_is_not_named_in_the_error(standing: Gateway) -> None:
    citizen = Citizen(standing)
    citizen.raw(json.dumps({"v": 1, "type": "say", "id": "x1", "text": "a", PHONE: "王小明"}))
    error = citizen.error()
    assert error["code"] == "bad_frame" and PHONE not in json.dumps(error)


# ---- the way there


def test_what_travels_is_sealed_and_opens_only_with_the_keys_and_in_its_place() -> None:
    box = SealedBox({"k1": b"1" * 32})
    bus = Bus()
    there = bus.subscribe(topic("c"))
    OwnWords(bus, box).tell("c", 3, wire.CitizenSaid(text=ADDRESS))
    frame = there._frames.get_nowait()
    assert frame is not None and ADDRESS not in json.dumps(frame, ensure_ascii=False)
    assert OwnWords(bus, box).opened("c", frame) == {"kind": "citizen_said", "text": ADDRESS}
    assert OwnWords(bus, box).opened("other", frame) is None
    assert OwnWords(bus, box).opened("c", {**frame, "seq": 4}) is None
    assert OwnWords(bus).opened("c", frame) is None, "another gateway's keys: the masked form is shown"


async def test_through_redis_it_comes_before_its_event_and_cannot_be_read_there() -> None:
    server = RedisServer()
    box = SealedBox({"k1": b"1" * 32})
    try:
        async with gateways(server.url) as (a, b):
            there = b.bus.subscribe("conversation.c", topic("c"))
            desk = b.bus.subscribe("conversation.c", "desk.c", "desk")
            OwnWords(a.bus, box).tell("c", 1, wire.CitizenSaid(text=ADDRESS))
            a.bus.publish("conversation.c", event(1))
            first, then = await heard(there, 2)
            screen = OwnScreen(OwnWords(b.bus, box), "c")
            screen.hears(first)
            assert screen.shows(then)["payload"]["text"] == ADDRESS
            assert ADDRESS not in json.dumps(first, ensure_ascii=False)
            assert [f["type"] for f in await heard(desk, 1)] == ["event"] and await silent(desk)
    finally:
        server.close()


def test_a_screen_remembers_a_few_and_leaves_others_as_they_are() -> None:
    bus = Bus()
    words, there = OwnWords(bus), bus.subscribe(topic("c"))
    screen = OwnScreen(words, "c")
    for seq in range(1, KEPT + 3):
        words.tell("c", seq, wire.CitizenSaid(text=f"{seq}号"))
        screen.hears(there._frames.get_nowait() or {})
    event = {"type": "event", "seq": 2, "payload": {"kind": "citizen_said", "text": "***"}}
    assert screen.shows(event) == event
    assert screen.shows({**event, "seq": 3})["payload"]["text"] == "3号"


def test_ids_stay_as_they_are_unless_they_hold_a_number() -> None:
    ids = SenderIds()
    assert ids.kept("c-17") == "c-17" and ids.given("c-17") == "c-17"
    assert PHONE not in (name := ids.kept(f"a:{PHONE}")) and ids.given(name) == f"a:{PHONE}"
    assert len(name) <= 64 and ids.kept(f"a:{PHONE}") == name


def _says(*script: Any) -> Any:
    return ScriptedDialogue(*script)
