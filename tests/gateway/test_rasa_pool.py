"""Several Rasa processes: who is asked, what happens when one dies, and when it comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.dialogue import DialogueSilent, DialogueUnavailable, RasaDialogue
from gateway.rasa_pool import REST_S, RasaPool, preferred, rasa
from gateway.settings import GatewaySettings

URLS = [f"http://10.0.0.{n}:5005" for n in range(1, 5)]
TALKS = [f"conversation-{n}" for n in range(400)]


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Rasa:
    """A process that answers with its name, on a port that it keeps."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.heard: list[str] = []
        self.status = 200
        self.drop = False
        self.silent = False
        self._server: TestServer | None = None
        self._port: int | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/webhooks/rest/webhook", self._answer)
        app.router.add_get("/health", self._answer)
        self._server = TestServer(app, port=self._port)
        await self._server.start_server()
        self._port = self._server.port

    async def stop(self) -> None:
        assert self._server is not None
        await self._server.close()

    async def _answer(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            self.heard.append((await request.json())["sender"])
        if self.drop:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response([] if self.silent else [{"text": self.name}], status=self.status)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"


@pytest.fixture
async def pair() -> AsyncIterator[list[Rasa]]:
    found = [Rasa("one"), Rasa("two")]
    for one in found:
        await one.start()
    yield found
    for one in found:
        await one.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def pool(pair: list[Rasa], clock: Clock) -> AsyncIterator[RasaPool]:
    pool = RasaPool([one.url for one in pair], 2.0, clock)
    await pool.open()
    yield pool
    await pool.close()


async def ask(pool: RasaPool, of: str) -> str:
    (message,) = await pool.respond(of, "您好", channel="portal", message_id=f"{of}:1", args={})
    return message.text  # type: ignore[union-attr]


def talks_of(pair: list[Rasa], rasa: Rasa, count: int = 3) -> list[str]:
    """Conversations that belong to this process."""
    urls = [one.url for one in pair]
    return [talk for talk in TALKS if preferred(talk, urls)[0] == rasa.url][:count]


def test_conversations_are_spread_evenly_and_stay() -> None:
    counts = Counter(preferred(talk, URLS)[0] for talk in TALKS)
    assert set(counts) == set(URLS) and min(counts.values()) > 70
    assert [preferred(t, list(reversed(URLS))) for t in TALKS] == [preferred(t, URLS) for t in TALKS]


def test_one_more_process_moves_only_what_it_takes_over() -> None:
    grown = [*URLS, "http://10.0.0.5:5005"]
    moved = [t for t in TALKS if preferred(t, grown)[0] != preferred(t, URLS)[0]]
    assert 40 < len(moved) < 130
    assert {preferred(t, grown)[0] for t in moved} == {grown[-1]}


async def test_a_conversation_stays_with_its_process(pair: list[Rasa], pool: RasaPool) -> None:
    for one in pair:
        for talk in talks_of(pair, one):
            assert [await ask(pool, talk) for _ in range(3)] == [one.name] * 3


async def test_a_dead_process_is_passed_over_and_taken_again(
    pair: list[Rasa], pool: RasaPool, clock: Clock
) -> None:
    one, two = pair
    talk = talks_of(pair, one)[0]
    assert await ask(pool, talk) == "one"
    await one.stop()
    assert [await ask(pool, talk) for _ in range(3)] == ["two"] * 3  # no turn was lost
    await pool.reachable()
    await one.start()
    assert await ask(pool, talk) == "two"  # it is left out for a while
    clock.now += REST_S
    assert await ask(pool, talk) == "one"
    assert await ask(pool, talks_of(pair, two)[0]) == "two"


async def test_a_process_that_dies_in_mid_answer_is_passed_over(pair: list[Rasa], pool: RasaPool) -> None:
    pair[0].drop = True
    assert await ask(pool, talks_of(pair, pair[0])[0]) == "two"


@pytest.mark.parametrize("fault", ["status", "silent"])
async def test_what_a_process_may_have_done_is_not_asked_of_another(
    pair: list[Rasa], pool: RasaPool, fault: str
) -> None:
    one, two = pair
    one.status, one.silent = (500, False) if fault == "status" else (200, True)
    with pytest.raises(DialogueUnavailable if fault == "status" else DialogueSilent):
        await ask(pool, talks_of(pair, one)[0])
    assert two.heard == [] and len(one.heard) == 1


async def test_all_dead_is_said_plainly_and_each_was_tried(pair: list[Rasa], pool: RasaPool) -> None:
    talk = talks_of(pair, pair[0])[0]
    for one in pair:
        await one.stop()
    for _ in range(2):
        with pytest.raises(DialogueUnavailable):
            await ask(pool, talk)
    with pytest.raises(aiohttp.ClientError):
        await pool.reachable()
    for one in pair:
        await one.start()
    assert await ask(pool, talk) == "one"  # those that rest are tried when there is no other


def test_the_setting_names_one_or_several() -> None:
    def urls(value: str) -> tuple[str, ...]:
        return GatewaySettings(_env_file=None, rasa_url=value, rasa_port=5006).dialogue_urls

    assert urls("") == ("http://127.0.0.1:5006",)
    assert urls("http://a:1/, http://b:2 ,") == ("http://a:1", "http://b:2")
    assert isinstance(rasa(urls(""), 1.0), RasaDialogue)
    several: Any = rasa(urls("http://a:1,http://b:2"), 1.0)
    assert isinstance(several, RasaPool)
