"""What the services do between the turns reaches the citizen: cases, waitlist, work orders, ratings."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from tests.live.clients import Citizen
from tests.live.stack import FEED_SECRET, ROOT
from tests.live.test_book import fill

pytestmark = pytest.mark.live
CASE = {"case_no": "NC202611190009122", "last4": "5209"}
"""A demo case whose state no other test looks at."""
_phones = itertools.count(13_900_400_000)


def admin(stack, *words):
    """A command of the operator, on the data of the running stack."""
    env = {**os.environ, "NCZF_DATA_DIR": str(stack.data), "PYTHONPATH": str(ROOT)}
    python = ROOT / ".build" / "app" / "bin" / "python"
    done = subprocess.run(
        [python, "-m", "actions.admin", "--json", *words], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def told(citizen, status, timeout=20.0):
    """The next message with this status that nobody asked for."""
    frame = citizen.until(
        lambda f: (
            f["type"] == "event"
            and f["payload"]["kind"] == "bot_said"
            and any(m.get("status") == status for m in f["payload"]["messages"])
        ),
        timeout,
    )
    assert frame["payload"]["reply_to"] is None
    return frame["payload"]["messages"][0]


def deliver(stack, event, secret=FEED_SECRET):
    """A department's system posts a case event; (HTTP status, body)."""
    body, at = json.dumps(event, ensure_ascii=False).encode(), str(int(time.time()))
    signature = hmac.new(secret.encode(), at.encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-NCZF-Timestamp": at, "X-NCZF-Signature": signature}
    request = urllib.request.Request(f"{stack.base}/api/feeds/cases", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_a_case_that_moves_on_is_told_to_who_looked_it_up(stack, citizen):
    citizen.ask("查一下办件进度")
    citizen.ask(CASE["case_no"])
    (shown,) = citizen.ask(CASE["last4"])
    assert shown["kind"] == "case_status"
    event = {
        "event_id": f"live-{time.time_ns()}",
        "case_no": CASE["case_no"],
        "at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "status": "待补正",
        "citizen_must": "请补交材料",
        "materials": ["居住证明"],
    }
    assert deliver(stack, event, "not the secret")[0] == 401
    assert deliver(stack, event)[1]["outcome"] == "applied"
    assert deliver(stack, event)[1]["outcome"] == "repeated"
    message = told(citizen, "notice_case_changed")
    assert "待补正" in message["text"] and CASE["case_no"] in message["text"]
    again = [
        f for f in citizen.quiet(5.0) if f["type"] == "event" and f["payload"]["kind"] == "bot_said"
    ]
    assert again == [], "one event is told once"
    citizen.ask("查办件进度")
    citizen.ask(CASE["case_no"])
    (now,) = citizen.ask(CASE["last4"])
    assert now["case"]["status"] == "待补正" and now["case"]["must_items"] == ["居住证明"]


def test_a_place_that_falls_free_is_offered_to_the_first_in_line(stack):
    holders, time_words = [], "15点半"
    while True:
        holder = Citizen(stack.base)
        phone = str(next(_phones))
        last = fill_or_full(holder, phone, time_words)
        if last["status"] == "full":
            break
        holders.append((holder, last))
        assert len(holders) < 20, "the slot never fills up"
    waiting = holder
    (asked,) = waiting.ask("15点半有空位通知我")
    while asked["kind"] == "ask" and asked["asking"] in ("name", "phone"):
        (asked,) = waiting.ask("陈静" if asked["asking"] == "name" else phone)
    assert asked["asking"] == "confirm"
    (joined,) = waiting.ask("确认")
    assert joined["status"] == "wait_joined" and "第 1 位" in joined["text"]
    (standing,) = waiting.ask("我排到第几了")
    assert standing["status"] == "wait_standing"

    first, booking = holders[0]
    first.ask("取消预约")
    (cancelled,) = first.ask("确定")
    assert cancelled["bookings"][0]["booking_no"] == booking["booking_no"]
    offer = told(waiting, "notice_waitlist_offer")
    assert any(reply["say"].endswith("我要这个空位") for reply in offer["replies"])
    (booked,) = waiting.ask("我要这个空位")
    assert booked["kind"] == "bookings" and booked["bookings"][0]["start"] == booking["start"]
    for one, _ in holders:
        one.close()
    waiting.close()


def fill_or_full(citizen, phone, time_words):
    """Book 周六下午 at the city's hall; the booking, or {"status": "full"} when the slot is."""
    citizen.ask("周六下午想去市民中心办居住证")
    messages = citizen.ask(time_words)
    if messages[-1]["kind"] == "ask" and messages[-1]["asking"] == "name":
        citizen.ask("陈静")
        citizen.ask(phone)
        (booked,) = citizen.ask("确认")
        return {"status": "booked", **booked["bookings"][0]}
    return {"status": "full"}


def test_a_voucher_is_a_calendar_file_and_a_code(stack, citizen):
    fill(citizen, "王小明", str(next(_phones)), time="10点")
    (booked,) = citizen.ask("确认")
    view = booked["bookings"][0]
    with urllib.request.urlopen(stack.base + view["calendar"], timeout=10) as reply:
        assert reply.headers["Content-Type"].startswith("text/calendar")
        calendar = reply.read().decode()
    assert f"UID:{view['booking_no']}" in calendar and "王小明" not in calendar
    with urllib.request.urlopen(stack.base + view["qr"], timeout=10) as reply:
        assert reply.headers["Content-Type"] == "image/svg+xml" and b"<svg" in reply.read()
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(f"{stack.base}/api/vouchers/{'a' * 32}.ics", timeout=10)
    assert missing.value.code == 404


def test_a_work_order_is_followed_to_its_answer(stack, citizen):
    citizen.ask("我要投诉，小区门口的路灯坏了一个星期没人修")
    citizen.ask(str(next(_phones)))
    (filed,) = citizen.ask("确认")
    number = filed["order_no"]
    admin(stack, "orders", "transfer", number, "--department", "市城市管理局", "--reason", "职责范围")
    assert "市城市管理局" in told(citizen, "notice_order_transferred")["text"]
    (progress,) = citizen.ask("我的工单到哪一步了")
    assert progress["department"] == "市城市管理局"
    assert [s["title"] for s in progress["steps"]][-1].startswith("转给")
    (more,) = citizen.ask("我要补充工单")
    assert more["asking"] == "message"
    (added,) = citizen.ask("是三号门东边第二盏灯")
    assert added["kind"] == "work_order" and added["order_no"] == number
    admin(stack, "orders", "start", number)
    admin(stack, "orders", "answer", number, "--answer", "路灯已经修好")
    told(citizen, "notice_order_answered")
    (answered,) = citizen.ask("我的工单到哪一步了")
    assert "路灯已经修好" in answered["text"]


def test_a_bad_rating_is_put_right_and_told(stack, citizen):
    fill(citizen, "王小明", str(next(_phones)), time="9点半")
    (booked,) = citizen.ask("确认")
    number = booked["bookings"][0]["booking_no"]
    (asked,) = citizen.ask("我要评价")
    args = {"subject": asked["subject"], "level": 1, "reasons": ["等得太久"], "comment": ""}
    (rated,) = citizen.act("rate", args, "非常不满意")
    assert rated["kind"] == "rated" and number in asked["subject"]
    told(citizen, "notice_rating_received")
    listed = admin(stack, "ratings", "list")
    assert number in json.dumps(listed, ensure_ascii=False)
