"""The feed of case changes: signed, once, never backwards; and what citizens are told of it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import warnings
from concurrent.futures import ThreadPoolExecutor

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic import Sanic
from sqlalchemy import event as on
from sqlalchemy import func, select

from actions.backends.case_events import read_event
from actions.backends.case_feed import LocalCaseFeed
from actions.backends.ports import FeedConflict, FeedMalformed, FeedUnknownCase, FeedUnsigned
from actions.backends.tables import audit_log, case_events
from actions.case_routes import add_case_routes
from tests.contracts.implementations import KNOWN
from tests.fakes import HeldClock

SECRET = "a secret of the tests"


def made(number=1, **changes):
    """The bytes of an event."""
    whole = {
        "event_id": f"e-{number}", "case_no": KNOWN.case_no, "version": number, "status": f"状态{number}",
        "at": f"2026-11-24T09:{number:02}:00+08:00", **changes,
    }
    return json.dumps({k: v for k, v in whole.items() if v is not ...}).encode()


def signed(body, clock, secret=SECRET, **by):
    """The headers' values."""
    stamp = str(int(clock.now.timestamp()) + int(by.get("seconds", 0)))
    return {"signature": hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).hexdigest(),
            "timestamp": stamp}


@pytest.fixture
def feed(stand):
    return LocalCaseFeed(stand.store, SECRET)


@pytest.fixture
def deliver(feed, clock):
    return lambda body: feed.deliver(body, **signed(body, clock))


def shown(stand, client="c-1"):
    return stand.systems.cases.status(KNOWN.case_no, phone_last4=KNOWN.phone_last4, client=client)


def test_a_change_is_shown_and_told_to_who_looked(stand, deliver, clock):
    shown(stand, "c-1"), shown(stand, "c-2")
    receipt = deliver(made(
        status="待补正材料", step="补正", paused="补正材料", holder="3号窗口", holder_department="受理处",
        materials=["身份证复印件"], citizen_must="请联系13800138000"))
    assert (receipt.outcome, receipt.told) == ("applied", 2)
    case = shown(stand)
    assert (case.status, case.holder, case.holder_department) == ("待补正材料", "3号窗口", "受理处")
    assert (case.materials, case.due_on, case.as_of) == (("身份证复印件",), None, clock.now)
    assert [s.title for s in case.steps if s.state == "current"] == ["补正"]
    notices = stand.systems.notices.due()
    assert {n.owner for n in notices} == {"c-1", "c-2"} and {n.kind for n in notices} == {"case_changed"}
    assert dict(notices[0].payload) == {
        "case_no": KNOWN.case_no, "item": KNOWN.item, "status": "待补正材料",
        "must": "请联系****；身份证复印件",
    }


def test_the_same_event_again_has_no_second_effect(stand, deliver, clock):
    shown(stand)
    assert deliver(made()).outcome == "applied"
    stand.systems.notices.told([n.id for n in stand.systems.notices.due()])
    clock.move(minutes=3)
    assert deliver(made()).outcome == "repeated"
    assert list(stand.systems.notices.due()) == []
    with pytest.raises(FeedConflict):
        deliver(made(status="别的"))


def test_an_older_event_is_kept_but_changes_nothing(stand, deliver):
    shown(stand)
    assert [deliver(made(n)).outcome for n in (3, 1, 2)] == ["applied", "late", "late"]
    case = shown(stand)
    assert case.status == "状态3" and [s.title for s in case.steps if s.title.startswith("状态")] == [
        "状态1", "状态2", "状态3",
    ]
    assert len(stand.systems.notices.due()) == 1


def test_without_versions_the_time_decides(deliver):
    assert [deliver(made(n, version=...)).outcome for n in (2, 1, 3)] == ["applied", "late", "applied"]


def test_a_stated_deadline_stays_until_another_is_stated(stand, deliver):
    deliver(made(2, promised_on=None))
    deliver(made(1, promised_on="2026-12-31"))
    assert shown(stand).promised_due.isoformat() == "2026-12-31"


def test_many_deliveries_at_once_take_effect_once(stand, deliver):
    shown(stand)
    with ThreadPoolExecutor(8) as pool:
        outcomes = [r.outcome for r in pool.map(deliver, [made()] * 12)]
    assert outcomes.count("applied") == 1 and outcomes.count("repeated") == 11
    assert len(stand.systems.notices.due()) == 1


def test_a_crash_leaves_nothing_and_the_event_is_taken_later(stand, deliver):
    shown(stand)

    def crash(connection, cursor, statement, *rest):
        if statement.startswith("INSERT INTO audit_log"):
            raise RuntimeError("power cut")

    on.listen(stand.store.engine, "before_cursor_execute", crash)
    with pytest.raises(RuntimeError):
        deliver(made())
    on.remove(stand.store.engine, "before_cursor_execute", crash)
    assert list(stand.systems.notices.due()) == [] and shown(stand).status != "状态1"
    assert deliver(made()).outcome == "applied"


def test_unsigned_deliveries_are_refused_alike(stand, feed, clock):
    body, good = made(), signed(made(), clock)
    later = signed(body, clock, seconds=301)
    wrong = [
        {**good, "signature": "0" * 64}, {**good, "signature": ""}, {**good, "signature": "é\udc80"},
        {**good, "timestamp": str(int(good["timestamp"]) + 1)}, {**good, "timestamp": "now"},
        {**good, "timestamp": ""}, {**good, "timestamp": "１７００００００００"}, later,
        signed(body, clock, seconds=-301), signed(body, clock, secret="another"),
    ]
    for how in wrong:
        with pytest.raises(FeedUnsigned) as refused:
            feed.deliver(body, **how)
        assert refused.value.args == ()
    with pytest.raises(FeedUnsigned):
        feed.deliver(body + b" ", **good)
    with pytest.raises(FeedUnsigned):
        LocalCaseFeed(stand.store, "").deliver(body, **signed(body, clock, secret=""))
    with stand.store.begin() as db:
        assert db.execute(select(func.count()).select_from(case_events)).scalar_one() == 0
    assert feed.deliver(body, **good).outcome == "applied"


def test_an_unknown_case_may_be_delivered_again_later(deliver, stand):
    with pytest.raises(FeedUnknownCase):
        deliver(made(case_no="NC209901010000000"))
    assert deliver(made()).outcome == "applied"


BAD = [
    ("event_id", ...), ("event_id", ""), ("event_id", "a b"), ("event_id", "x" * 65), ("event_id", 7),
    ("case_no", "nc1"), ("case_no", "\x00"), ("at", "2026-11-24T09:00:00"), ("at", "yesterday"), ("at", 5),
    ("at", "2026-11-24T10:06:00+08:00"), ("at", "1999-01-01T00:00:00+08:00"),
    ("at", "9999-12-31T23:59:59-12:00"), ("version", -1), ("version", True), ("version", 1.5),
    ("version", 2**31), ("status", ...), ("status", " "), ("status", "一" * 41), ("status", "a\x00"),
    ("status", "\ud800"), ("materials", "a"), ("materials", [""]), ("materials", ["a"] * 31),
    ("materials", [1]),
    ("result_way", "pigeon"), ("result_way", []), ("promised_on", "2026-13-01"), ("statutory_on", 1),
    ("colour", "red"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_malformed_event_is_refused_by_field(field, value):
    with pytest.raises(FeedMalformed) as refused:
        read_event(made(**{field: value}), HeldClock().now)
    assert refused.value.field == field and refused.value.expected


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff", b'{"a":1,"a":2}', b"[" * 30_000, b" " * 70_000, b"9" * 5000]
)
def test_a_malformed_body_is_refused(body):
    with pytest.raises(FeedMalformed) as refused:
        read_event(body, HeldClock().now)
    assert refused.value.field == ""


ODD = st.dictionaries(st.text(max_size=12), st.none() | st.text() | st.integers() | st.floats())


@given(
    st.binary(max_size=200)
    | ODD.map(lambda odd: json.dumps({**json.loads(made()), **odd}).encode())
    | st.builds(lambda field, value: made(**{field: value}), st.sampled_from([f for f, _ in BAD]), ODD)
)
def test_any_bytes_are_an_event_or_malformed(body):
    try:
        assert read_event(body, HeldClock().now).case_no
    except FeedMalformed as refused:
        assert refused.expected


def test_the_trail_names_each_change(stand, deliver):
    deliver(made(2)), deliver(made(1))
    with stand.store.begin() as db:
        rows = db.execute(select(audit_log.c.action, audit_log.c.subject)).all()
    assert [tuple(r) for r in rows] == [
        ("case.changed", f"case:{KNOWN.case_no}"), ("case.late", f"case:{KNOWN.case_no}"),
    ]


@pytest.fixture
async def client(feed):
    """A client of a real app on a free port."""
    app: Sanic = Sanic("feed-under-test")
    add_case_routes(app, feed, body_s=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app.config.TOUCHUP = False
        running = await app.create_server(host="127.0.0.1", port=0, return_asyncio_server=True)
        await running.startup()
    port = running.server.sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            yield client
    finally:
        running.close()
        Sanic.unregister_app(app)


async def test_over_http(client, clock):
    async def post(body, **headers):
        response = await client.post("/feeds/cases", content=body, headers=headers)
        return response.status_code, response.json()

    def headers(body):
        how = signed(body, clock)
        return {"x-nczf-signature": how["signature"], "x-nczf-timestamp": how["timestamp"]}

    for n, outcome in ((2, "applied"), (2, "repeated"), (1, "late")):
        body = made(n)
        assert await post(body, **headers(body)) == (
            200, {"event_id": f"e-{n}", "outcome": outcome, "told": 0},
        )
    refusals = [
        (made(3), {}, 401, "unsigned", ""),
        *((body, headers(body), status, code, field) for body, status, code, field in (
            (b"{", 400, "malformed", ""),
            (made(3, status=""), 400, "malformed", "status"),
            (made(3, case_no="NC-NONE"), 404, "unknown_case", "case_no"),
            (made(2, status="别的"), 409, "conflict", "event_id"),
            (b" " * 70_000, 413, "too_large", ""),
        )),
    ]
    for body, head, status, code, field in refusals:
        got, answer = await post(body, **head)
        assert (got, answer["error"]["code"], answer["error"]["field"]) == (status, code, field)
    body = made(4)
    assert (await post(body, **headers(body)))[0] == 200, "after a refusal it goes on"


async def test_a_body_that_does_not_come_or_does_not_end_holds_nothing(client, clock):
    """Before the signature nobody is known: neither memory nor a connection may be had for the asking."""
    host, port = client.base_url.host, client.base_url.port

    async def answer(length, parts, pause):
        reader, writer = await asyncio.open_connection(host, port)
        head = f"POST /feeds/cases HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n"
        writer.write(head.encode())
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
        told = await asyncio.wait_for(reader.read(200), 5)
        writer.close()
        return int(told.split()[1])

    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    assert await answer("Content-Length: 50", [b"x"] * 3, 0.01) == 408
    assert await answer("Content-Length: 50", [b"x"] * 20, 0.1) == 408
    assert await answer("Content-Length: 90000000", [b"x" * 4096] * 64, 0) == 413
    assert await answer("Transfer-Encoding: chunked", [chunk] * 64, 0) == 413
    body = made(1)
    how = signed(body, clock)
    headers = {"x-nczf-signature": how["signature"], "x-nczf-timestamp": how["timestamp"]}
    reply = await client.post("/feeds/cases", content=body, headers=headers)
    assert reply.status_code == 200 and reply.json()["outcome"] == "applied"
