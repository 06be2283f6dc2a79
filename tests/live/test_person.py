"""Reach a person: queue, transcript, live both ways, suggestions, close, rating, expiry, work order."""

import pytest

from tests.live.clients import Officer

pytestmark = pytest.mark.live


@pytest.fixture
def officer(stack):
    client = Officer(stack.base, *stack.logins()[0])
    yield client
    client.close()


def accept(officer, citizen):
    """Wait for the citizen in the queue and take them."""
    officer.until(
        lambda f: (
            f["type"] == "queue"
            and any(e["conversation_id"] == citizen.conversation_id for e in f["waiting"])
        )
    )
    officer.command("accept", conversation_id=citizen.conversation_id)
    return officer.until(lambda f: f["type"] == "transcript")


def test_a_talk_with_an_officer(citizen, officer):
    if officer.queue["waiting"]:  # people of other tests, who give up within NCZF_WAIT_LIMIT_S
        officer.until(lambda f: f["type"] == "queue" and not f["waiting"], timeout=30)
    citizen.ask("身份证丢了怎么补")
    (queued,) = citizen.ask("转人工")
    assert queued["kind"] == "handoff_requested" and "第 1 位" in queued["text"]
    state = citizen.until(lambda f: f["type"] == "state" and f["mode"] == "waiting")
    assert state["queue"]["place"] == 1
    transcript = accept(officer, citizen)
    said = [e["payload"].get("text") for e in transcript["events"] if e["payload"]["kind"] == "citizen_said"]
    assert said == ["身份证丢了怎么补", "转人工"]
    citizen.event("handoff_accepted")

    citizen.send({"type": "typing", "draft": "临时身份证多少钱"})
    typing = officer.until(lambda f: f["type"] == "state" and f.get("citizen_typing"))
    assert typing["conversation_id"] == citizen.conversation_id
    offered = officer.until(
        lambda f: (
            f["type"] == "event"
            and f["payload"]["kind"] == "suggestion_offered"
            and any(s["guide_id"] == "id-card-temporary" for s in f["payload"]["suggestions"])
        )
    )
    suggestion = next(s for s in offered["payload"]["suggestions"] if s["guide_id"] == "id-card-temporary")
    assert suggestion["source"].startswith("临时居民身份证办理") and suggestion["basis"]
    client_id = citizen.tell("临时身份证多少钱")
    citizen.until(lambda f: f.get("ref") == client_id)
    officer.command(
        "say",
        conversation_id=citizen.conversation_id,
        text=suggestion["text"],
        suggestion_id=suggestion["suggestion_id"],
        edited=False,
    )
    heard = citizen.event("agent_said")
    assert heard["payload"]["text"] == suggestion["text"]
    assert heard["payload"]["source"] == suggestion["source"]
    kinds = {f["payload"]["kind"] for f in citizen.seen if f["type"] == "event"}
    assert not kinds & {"suggestion_offered", "suggestion_used"}
    bot_since = [f for f in citizen.quiet(1.0) if f["type"] == "event" and f["payload"]["kind"] == "bot_said"]
    assert bot_since == [], "while the officer speaks the bot is silent"

    officer.command("close", conversation_id=citizen.conversation_id)
    citizen.event("handoff_ended")
    rating = citizen.event("bot_said")["payload"]["messages"][0]
    assert rating["kind"] == "rating" and [r["args"]["level"] for r in rating["levels"]] == [5, 4, 3, 2, 1]
    args = {"subject": rating["subject"], "level": 2, "reasons": ["等得太久"], "comment": ""}
    (rated,) = citizen.act("rate", args, "不满意")
    assert rated["kind"] == "rated" and "一个工作日" in rated["text"]
    (again,) = citizen.act("rate", args, "不满意")
    assert again["status"] == "already_rated"


def test_the_officer_sees_what_is_known(citizen, officer):
    citizen.ask("周六上午想去办居住证")
    citizen.ask("我想找个真人说话")
    transcript = accept(officer, citizen)
    assert "居住证申领" in transcript["facts"].values()
    officer.command("close", conversation_id=citizen.conversation_id)
    citizen.event("handoff_ended")


def test_two_officers_one_conversation(stack, citizen, officer):
    second = Officer(stack.base, *stack.logins()[1])
    citizen.ask("转人工")
    accept(officer, citizen)
    second.command("accept", conversation_id=citizen.conversation_id)
    refused = second.until(lambda f: f["type"] == "error")
    assert refused["code"] == "mode_conflict"
    officer.command("close", conversation_id=citizen.conversation_id)
    citizen.event("handoff_ended")
    second.close()


def test_nobody_comes_and_a_message_becomes_a_work_order(citizen):
    citizen.ask("转人工")
    ended = citizen.event("handoff_ended", timeout=20)
    assert ended["payload"]["outcome"] == "expired"
    offer = citizen.event("bot_said")["payload"]["messages"][0]
    assert any(r["label"] == "我要留言" for r in offer["replies"])
    (words,) = citizen.ask("我要留言")
    assert words["asking"] == "message"
    (phone,) = citizen.ask("小区门口的路灯坏了一个星期了，晚上很黑")
    assert phone["asking"] == "phone"
    (confirm,) = citizen.ask("13912345678")
    assert confirm["asking"] == "confirm" and "13912345678" not in str(confirm["rows"])
    (order,) = citizen.ask("确认")
    assert order["kind"] == "work_order" and order["order_no"].startswith("GD")


def test_an_officer_who_vanishes_gives_the_conversation_back(stack, citizen):
    vanishing = Officer(stack.base, *stack.logins()[1])
    citizen.ask("转人工")
    accept(vanishing, citizen)
    vanishing.close()
    ended = citizen.event("handoff_ended", timeout=15)
    assert ended["payload"]["outcome"] == "agent_lost"
    waiting = citizen.until(lambda f: f["type"] == "state" and f["mode"] == "waiting")
    assert waiting["queue"]["place"] == 1
    citizen.act("leave_queue", {}, "离开排队")
