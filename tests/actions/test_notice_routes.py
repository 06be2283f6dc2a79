"""The outbox over HTTP, as the gateway reads it."""

from __future__ import annotations

import warnings
from string import Formatter

import httpx2 as httpx
import pytest
from sanic import Sanic

from actions.backends import notices
from actions.notice_routes import ANY, DATA, add_notice_routes
from actions.phrases import Phrases
from gateway.notices import HttpNotices
from tests.contracts.implementations import sqlite_store
from tests.fakes import HeldClock

TABLE = {
    "notice_any": "您有一条新消息。",
    "notice_reminder": "提醒您：{when} 在{hall}办事。",
    "replies_notice_reminder": [
        "我的预约",
        {"label": "取消", "action": "cancel_booking", "args": {"booking_no": "{booking_no}"}},
    ],
}
PAYLOAD = {"when": "明天 9:00", "hall": "红谷滩", "booking_no": "YY1"}


@pytest.fixture
async def outbox(tmp_path):
    """(client, store): a real app on a free port over a real file."""
    store = sqlite_store(tmp_path, HeldClock())
    app: Sanic = Sanic("notices-under-test")
    add_notice_routes(app, notices.LocalNotices(store), Phrases(TABLE))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app.config.TOUCHUP = False
        running = await app.create_server(host="127.0.0.1", port=0, return_asyncio_server=True)
        await running.startup()
    port = running.server.sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            yield client, store
    finally:
        running.close()
        Sanic.unregister_app(app)
        store.engine.dispose()


def post(store, key, kind="reminder", payload=PAYLOAD):
    with store.begin() as db:
        notices.post(db, key=key, owner="c-1", kind=kind, payload=payload, due_at=store.clock())


async def test_what_is_due_is_worded_until_it_is_told(outbox):
    client, store = outbox
    post(store, "a")
    (notice,) = (await client.get("/notices")).json()["notices"]
    assert notice["owner"] == "c-1"
    assert notice["message"]["text"] == "提醒您：明天 9:00 在红谷滩办事。"
    assert notice["message"]["replies"][1]["args"] == {"booking_no": "YY1"}
    assert (await client.post("/notices/told", json={"ids": [notice["id"]]})).status_code == 200
    assert (await client.get("/notices")).json() == {"notices": []}


async def test_the_gateways_client_reads_and_acknowledges(outbox):
    client, store = outbox
    post(store, "a")
    http = HttpNotices(str(client.base_url).rstrip("/"), 5.0)
    await http.open()
    (notice,) = await http.due()
    assert (notice.owner, notice.message.status) == ("c-1", "notice_reminder")
    await http.told([notice.id])
    assert list(await http.due()) == []
    await http.close()


@pytest.mark.parametrize(
    "kind,payload",
    [
        ("unheard_of", {}),
        ("reminder", {"when": "明天"}),
        ("reminder", {"when": "明天", "hall": "红谷滩"}),  # enough for the sentence, not for its button
        ("reminder", {**PAYLOAD, "key": "x"}),
        ("reminder", {**PAYLOAD, "self": "x"}),
        ("any\n", {}),
    ],
)
async def test_a_notice_without_its_sentence_or_a_value_is_still_told(outbox, kind, payload):
    client, store = outbox
    post(store, "a", kind, payload)
    post(store, "b")
    odd, good = (await client.get("/notices")).json()["notices"]
    assert odd["message"]["status"] == ANY and odd["message"]["text"]
    assert good["message"]["status"] == "notice_reminder", "one that cannot be said holds up nobody"


@pytest.mark.parametrize(
    "body", [None, [], {}, {"ids": "1"}, {"ids": [1.5]}, {"ids": [True]}, {"ids": [-1]}, {"ids": [2**53]}]
)
async def test_a_bad_acknowledgement_is_refused_plainly(outbox, body):
    client, store = outbox
    post(store, "a")
    assert (await client.post("/notices/told", json=body)).status_code == 422
    assert len((await client.get("/notices")).json()["notices"]) == 1


def test_the_sentences_are_whole_and_their_buttons_can_be_filled():
    """That each kind which is posted has its sentence is checked after every contract test."""
    table = Phrases.load(DATA)
    kinds = {key for key in table.keys() if key.startswith("notice_")}
    assert ANY in kinds and len(kinds) > 10
    for key in table.keys() - kinds:
        sentence = key.removeprefix("replies_")
        assert sentence in kinds, key
        for reply in table.replies(key):
            wanted = {name for _, name, _, _ in Formatter().parse(str(reply.get("say", ""))) if name}
            assert wanted <= table.fields(sentence), key
