"""`RasaDialogue` and `HttpKnowledge` against a real HTTP server that misbehaves in every way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway import wire
from gateway.dialogue import DialogueSilent, DialogueUnavailable, RasaDialogue
from gateway.knowledge_client import HttpKnowledge, KnowledgeUnavailable
from tests.live.stack import free_port

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server that answers everything with `handler`; yields its base URL."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        await server.close()


def replying(body: Any, status: int = 200, content_type: str = "application/json") -> Handler:
    """Answer with this body (text as it is, everything else as JSON)."""

    async def handler(_: web.Request) -> web.Response:
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(text=text, status=status, content_type=content_type)

    return handler


async def ask(url: str, deadline_s: float = 3.0) -> Any:
    """One turn."""
    dialogue = RasaDialogue(url, deadline_s)
    await dialogue.open()
    try:
        return await dialogue.respond(
            "conv1", "居住证", channel="portal", message_id="conv1:2", args={"a": 1}
        )
    finally:
        await dialogue.close()


async def test_the_request_is_what_our_channel_reads_and_text_becomes_a_message() -> None:
    got: list[Any] = []

    async def handler(request: web.Request) -> web.Response:
        got.append((request.method, request.path, await request.json()))
        return web.json_response([{"recipient_id": "conv1", "text": "你好"}])

    async with serving(handler) as url:
        assert await ask(url) == [wire.TextMessage(text="你好")]
    body = {
        "sender": "conv1",
        "message": "居住证",
        "input_channel": "portal",
        "metadata": {"message_id": "conv1:2", "args": {"a": 1}},
    }
    assert got == [("POST", "/webhooks/rest/webhook", body)]


async def test_a_custom_payload_becomes_its_message() -> None:
    item = {"recipient_id": "c", "custom": {"kind": "failure", "text": "查不到", "status": "error_backend"}}
    async with serving(replying([item])) as url:
        assert await ask(url) == [wire.FailureMessage(text="查不到", status="error_backend")]


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
async def test_an_http_error_is_unavailable(status: int) -> None:
    async with serving(replying([{"text": "x"}], status)) as url:
        with pytest.raises(DialogueUnavailable, match=f"HTTP {status}"):
            await ask(url)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[",
        "<html></html>",
        {"status": "failure"},
        {"text": "x"},
        "null",
        "7",
        '"text"',
        "true",
    ],
)
async def test_what_is_no_list_of_messages_is_unavailable(body: Any) -> None:
    async with serving(replying(body)) as url:
        with pytest.raises(DialogueUnavailable):
            await ask(url)


async def test_json_under_another_content_type_is_unavailable() -> None:
    async with serving(replying([{"text": "x"}], content_type="text/html")) as url:
        with pytest.raises(DialogueUnavailable):
            await ask(url)


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{"recipient_id": "c"}],
        [{"recipient_id": "c", "text": ""}],
        [{"recipient_id": "c", "custom": {"kind": "of_tomorrow", "text": "x"}}],
        [{"recipient_id": "c", "custom": {"text": "no kind"}}],
        [{"recipient_id": "c", "custom": {"kind": "failure"}}],
        [{"recipient_id": "c", "custom": "text"}],
        [{"recipient_id": "c", "custom": None}],
        [{"recipient_id": "c", "custom": [1]}],
        [7, "text", None, [1]],
    ],
)
async def test_nothing_usable_is_silence(items: Any) -> None:
    async with serving(replying(items)) as url:
        with pytest.raises(DialogueSilent):
            await ask(url)


async def test_one_bad_item_does_not_cost_the_good_ones(caplog: pytest.LogCaptureFixture) -> None:
    items = [{"custom": {"kind": "of_tomorrow", "text": "13812345678"}}, {"text": "好的"}, {"custom": 7}]
    async with serving(replying(items)) as url:
        assert await ask(url) == [wire.TextMessage(text="好的")]
    assert "of_tomorrow" in caplog.text and "13812345678" not in caplog.text


async def test_past_the_deadline_is_unavailable() -> None:
    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.json_response([{"text": "zu spät"}])

    async with serving(slow) as url:
        began = asyncio.get_running_loop().time()
        with pytest.raises(DialogueUnavailable, match="TimeoutError"):
            await ask(url, 0.2)
        assert asyncio.get_running_loop().time() - began < 1.5


async def test_a_connection_cut_in_the_middle_is_unavailable() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "500"})
        await reply.prepare(request)
        await reply.write(b"[{")
        assert request.transport is not None
        request.transport.close()
        return reply

    async with serving(cut) as url:
        with pytest.raises(DialogueUnavailable):
            await ask(url)


async def test_a_refused_connection_is_unavailable() -> None:
    with pytest.raises(DialogueUnavailable, match="ClientConnector"):
        await ask(f"http://127.0.0.1:{free_port()}")


async def knowledge(url: str, what: str, *args: Any) -> Any:
    """One call of HttpKnowledge."""
    client = HttpKnowledge(url, 0.5)
    await client.open()
    try:
        if what == "suggest":
            return await client.suggest(args[0], guide_id=None, k=3)
        return await getattr(client, what)(*args)
    finally:
        await client.close()


async def test_knowledge_asks_the_action_server() -> None:
    got: list[Any] = []

    async def handler(request: web.Request) -> web.Response:
        got.append((request.method, request.path_qs, await request.json() if request.can_read_body else None))
        if request.path.endswith("suggest"):
            return web.json_response({"suggestions": [{"text": "a"}]})
        if request.path.endswith("/guides"):
            return web.json_response({"guides": [{"guide_id": "x"}]})
        return web.json_response({"guide_id": "x"})

    async with serving(handler) as url:
        assert await knowledge(url, "suggest", "居住证") == [{"text": "a"}]
        assert await knowledge(url, "guides", "a&b=/c") == [{"guide_id": "x"}]
        assert await knowledge(url, "guide", "x") == {"guide_id": "x"}
    assert got == [
        ("POST", "/knowledge/suggest", {"text": "居住证", "guide_id": None, "k": 3}),
        ("GET", "/knowledge/guides?q=a%26b%3D/c", None),
        ("GET", "/knowledge/guides/x", None),
    ]


@pytest.mark.parametrize("what", ["suggest", "guides"])
@pytest.mark.parametrize(("body", "status"), [("not json", 200), ({}, 500), ([], 200), ({"other": 1}, 200)])
async def test_bad_answers_of_the_action_server_are_unavailable(what: str, body: Any, status: int) -> None:
    async with serving(replying(body, status)) as url:
        with pytest.raises(KnowledgeUnavailable):
            await knowledge(url, what, "x")


async def test_an_unknown_guide_is_none_and_a_broken_server_is_not() -> None:
    async with serving(replying({}, 404)) as url:
        assert await knowledge(url, "guide", "x") is None
    async with serving(replying({}, 500)) as url:
        with pytest.raises(KnowledgeUnavailable):
            await knowledge(url, "guide", "x")


@pytest.mark.parametrize("guide_id", ["../health", "..", "", "x?y=1", "x#y", "a/b", "身份证", "a" * 100])
async def test_what_cannot_be_a_guide_id_is_not_asked_for(guide_id: str) -> None:
    async with serving(replying({"guide_id": "other"})) as url:
        assert await knowledge(url, "guide", "id-card-replace_2") == {"guide_id": "other"}
        assert await knowledge(url, "guide", guide_id) is None
