"""What gateways share, each part in memory and in Redis; a Redis that goes and comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.bus import LOOK_AGAIN, Subscription
from gateway.limits import OwnLimits
from gateway.redis_limits import RedisLimits
from gateway.redis_link import RedisAway, RedisLink
from gateway.redis_locks import RedisTurnLocks
from gateway.redis_presence import RedisPresence
from gateway.shared import Shared, shared_parts
from gateway.staff import Officer
from tests.redis_server import RedisServer

WANG, LI = Officer("desk01", "06号", "officer"), Officer("desk02", "07号", "officer")


@dataclass
class Clock:
    """Seconds, moved by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def redis(server: RedisServer) -> RedisServer:
    """Running, and empty."""
    server.stop()
    server.start()
    return server


@asynccontextmanager
async def gateways(url: str, count: int = 2) -> AsyncIterator[list[Shared]]:
    """So many gateways on one Redis, each hearing the others."""
    found = [shared_parts(url) for _ in range(count)]
    for one in found:
        await one.open()
    for one in found:
        await until(lambda one=one: one.bus.hears.is_set())
    try:
        yield found
    finally:
        for one in found:
            await one.close()


async def until(holds: Callable[[], bool], patience_s: float = 5.0) -> None:
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {patience_s} s"
        await asyncio.sleep(0.01)


async def heard(subscription: Subscription, count: int) -> list[Any]:
    async with asyncio.timeout(5):
        return [await subscription.next() for _ in range(count)]


async def silent(subscription: Subscription) -> bool:
    try:
        async with asyncio.timeout(0.1):
            await subscription.next()
    except TimeoutError:
        return True
    return False


def event(seq: int, of: str = "c") -> dict[str, Any]:
    return {
        "type": "event",
        "conversation_id": of,
        "seq": seq,
        "payload": {"kind": "citizen_said", "text": "您好"},
    }


# ---- the bus


async def test_a_reader_hears_both_gateways_each_frame_once(redis: RedisServer) -> None:
    async with gateways(redis.url) as (a, b):
        here, there = a.bus.subscribe("conversation.c", "desk"), b.bus.subscribe("conversation.c")
        for seq in range(1, 51):
            a.bus.publish("conversation.c", event(seq))
        a.bus.publish("conversation.other", event(1, "other"))
        a.bus.publish("desk", {"type": "queue_changed"})
        b.bus.publish("desk", {"type": "queue_changed"})
        assert [f["seq"] for f in await heard(there, 50)] == list(range(1, 51))
        assert [f.get("seq") for f in await heard(here, 52)] == [*range(1, 51), None, None]
        assert await silent(here) and await silent(there)


async def test_a_good_bye_stays_in_its_process(redis: RedisServer) -> None:
    async with gateways(redis.url) as (a, b):
        here, there = a.bus.subscribe("everyone"), b.bus.subscribe("everyone", "desk")
        a.bus.publish("everyone", {"type": "bye"})
        a.bus.publish("desk", {"type": "queue_changed"})
        assert (await heard(here, 1))[0]["type"] == "bye"
        assert (await heard(there, 1))[0]["type"] == "queue_changed"


async def test_after_an_outage_every_reader_looks_again_and_hears_on(redis: RedisServer) -> None:
    async with gateways(redis.url) as (a, b):
        reader = b.bus.subscribe("conversation.c")
        redis.stop()
        await until(lambda: not b.bus.hears.is_set())
        a.bus.publish("conversation.c", event(1))  # lost on the way: it is in the log
        redis.start()
        assert (await heard(reader, 1))[0] is LOOK_AGAIN
        await until(lambda: a.bus.hears.is_set() and b.bus.hears.is_set())
        await until(lambda: a.bus._outgoing.empty() and not a.bus._dropped)
        a.bus.publish("conversation.c", event(2))
        async with asyncio.timeout(5):
            while (frame := await reader.next()) is LOOK_AGAIN:
                pass
        assert frame["seq"] == 2


async def test_while_redis_is_away_readers_look_where_the_log_has_grown(redis: RedisServer) -> None:
    last = {"grown": 3, "same": 7}
    async with gateways(redis.url, 1) as (a,):

        async def positions(ids: Any) -> dict[str, int]:
            return {one: last[one] for one in ids}

        a.bus.look_in(positions)
        grown, same = a.bus.subscribe("conversation.grown"), a.bus.subscribe("conversation.same")
        desk = a.bus.subscribe("desk")
        a.bus.publish("conversation.grown", event(2, "grown"))
        a.bus.publish("conversation.same", event(7, "same"))
        await heard(grown, 1), await heard(same, 1)
        redis.stop()
        await until(lambda: not a.bus.hears.is_set())
        assert (await heard(grown, 1))[0] is LOOK_AGAIN
        assert (await heard(desk, 1))[0]["type"] == "queue_changed"
        assert await silent(same)
        await a.bus.catch_up()
        assert await silent(grown)  # once, until it grows again


async def test_a_gateway_starts_without_redis_and_joins_when_it_comes(redis: RedisServer) -> None:
    redis.stop()
    one = shared_parts(redis.url)
    await one.open()
    try:
        reader = one.bus.subscribe("desk")
        one.bus.publish("desk", {"type": "queue_changed"})
        assert (await heard(reader, 1))[0]["type"] == "queue_changed"
        assert one.presence.anyone is False
        assert await one.limits("message", 60).allow("c") is True
        async with one.locks.hold("c") as waited:
            assert waited is False
        redis.start()
        await until(lambda: one.bus.hears.is_set())
    finally:
        await one.close()


# ---- who is at the desk


async def test_officers_of_every_gateway_are_known_everywhere(redis: RedisServer) -> None:
    async with gateways(redis.url) as (a, b):
        a.presence.arrive(WANG)
        await until(lambda: b.presence.anyone)
        assert b.presence.here("desk01") and b.presence.name("desk01") == "06号"
        assert b.presence.officers == [("desk01", "06号")]
        b.presence.arrive(WANG)
        await until(lambda: len(a.presence._others) == 1 and a.presence._others[b.gateway_id].names != {})
        assert a.presence.leave(WANG) is False  # still there, at the other one
        b.presence.leave(WANG)
        await until(lambda: not a.presence.anyone and not b.presence.anyone)


async def test_the_officers_of_a_gateway_that_died_are_gone_after_a_while(redis: RedisServer) -> None:
    clock = Clock()
    dead, alive = RedisLink(redis.url), RedisLink(redis.url)
    a, b = RedisPresence(dead, "a", expiry_s=0.15), RedisPresence(alive, "b", clock, expiry_s=0.15)
    a.arrive(WANG)
    await a.beat()
    await b.beat()
    assert b.here("desk01")
    clock.now += 0.1
    await b.beat()
    assert b.here("desk01")
    await asyncio.sleep(0.2)  # Redis counts by its own clock
    clock.now += 0.2
    await b.beat()
    assert not b.here("desk01") and not b.anyone
    for link in (dead, alive):
        await link.close()


async def test_while_redis_is_away_and_just_back_nobody_is_taken_for_gone(redis: RedisServer) -> None:
    clock = Clock()
    link, other = RedisLink(redis.url, clock), RedisLink(redis.url)
    a, b = RedisPresence(other, "a"), RedisPresence(link, "b", clock)
    a.arrive(LI)
    await a.beat()
    await b.beat()
    redis.stop()
    clock.now += 60
    with pytest.raises(RedisAway):
        await b.beat()
    assert b.here("desk02")
    redis.start()  # empty: `a` has not spoken again yet
    clock.now += 2
    await b.beat()
    assert b.here("desk02")
    clock.now += 7  # and it never did
    await b.beat()
    assert not b.here("desk02")
    for one in (link, other):
        await one.close()


async def test_presence_of_one_process_counts_sockets() -> None:
    presence = Shared().presence
    presence.arrive(WANG)
    presence.arrive(WANG)
    assert (presence.leave(WANG), presence.here("desk01")) == (False, True)
    assert (presence.leave(WANG), presence.here("desk01"), presence.anyone) == (True, False, False)
    assert presence.name("desk01") == "06号"


# ---- limits


@pytest.fixture(params=["memory", "redis"])
async def limits(request: Any, redis: RedisServer) -> AsyncIterator[Callable[..., Any]]:
    links = [RedisLink(redis.url), RedisLink(redis.url)]

    def make(per_minute: int, clock: Clock, gateway: int = 0) -> Any:
        if request.param == "memory":
            return OwnLimits(per_minute, clock)
        return RedisLimits(links[gateway], "test", per_minute, clock)

    make.shared = request.param == "redis"  # type: ignore[attr-defined]
    yield make
    for link in links:
        await link.close()


async def test_a_burst_of_a_third_then_one_per_interval(limits: Any) -> None:
    clock = Clock()
    limit = limits(60, clock)
    assert [await limit.allow("a") for _ in range(21)] == [True] * 20 + [False]
    assert await limit.allow("b") is True
    clock.now += 0.9
    assert await limit.allow("a") is False
    clock.now += 0.2
    assert [await limit.allow("a"), await limit.allow("a")] == [True, False]
    clock.now += 3600
    assert [await limit.allow("a") for _ in range(21)].count(True) == 20


async def test_one_allowance_over_all_gateways_and_one_each_without_redis(limits: Any) -> None:
    clock = Clock()
    both = [limits(3, clock, gateway) for gateway in (0, 1)]
    allowed = [await one.allow("a") for one in both]
    assert allowed == ([True, False] if limits.shared else [True, True])


async def test_limits_go_on_by_themselves_while_redis_is_away(redis: RedisServer) -> None:
    link = RedisLink(redis.url)
    limit = RedisLimits(link, "test", 3)
    assert [await limit.allow("a"), await limit.allow("a")] == [True, False]
    redis.stop()
    began = time.monotonic()
    assert [await limit.allow("a"), await limit.allow("a")] == [True, False]  # its own bucket
    assert time.monotonic() - began < 3
    redis.start()
    await link.close()


# ---- turn locks


@pytest.fixture(params=["memory", "redis"])
async def locks(request: Any, redis: RedisServer) -> AsyncIterator[list[Any]]:
    """The locks of two gateways; in memory there is only one gateway."""
    links = [RedisLink(redis.url), RedisLink(redis.url)]
    if request.param == "memory":
        yield [Shared().locks] * 2
    else:
        yield [RedisTurnLocks(link, name, expiry_s=0.6) for link, name in zip(links, "ab", strict=True)]
    for link in links:
        await link.close()


async def test_one_turn_at_a_time_per_conversation(locks: list[Any]) -> None:
    inside, most, waits = 0, 0, []

    async def turn(number: int) -> None:
        nonlocal inside, most
        async with locks[number % 2].hold("c") as waited:
            waits.append(waited)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.02)
            inside -= 1

    await asyncio.gather(*(turn(n) for n in range(6)))
    assert most == 1 and len(waits) == 6 and waits.count(False) == 1
    assert not locks[0].busy("c") and not locks[1].busy("c")


async def test_other_conversations_do_not_wait(locks: list[Any]) -> None:
    async with locks[0].hold("c") as first, locks[1].hold("d") as second:
        assert (first, second) == (False, False)
        assert locks[0].busy("c")


async def test_an_error_in_a_turn_frees_its_lock(locks: list[Any]) -> None:
    with pytest.raises(RuntimeError):
        async with locks[0].hold("c"):
            raise RuntimeError
    async with asyncio.timeout(0.4), locks[1].hold("c") as waited:
        assert waited is False


async def test_a_long_turn_keeps_its_lock_and_a_dead_gateway_loses_it(redis: RedisServer) -> None:
    links = [RedisLink(redis.url), RedisLink(redis.url)]
    a, b = (RedisTurnLocks(link, name, expiry_s=0.15) for link, name in zip(links, "ab", strict=True))
    async with a.hold("c"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3), b.hold("c"):  # twice the expiry
                pass
    await links[0].ask(lambda client: client.set("nczf:turn:d", "dead", px=150))
    async with asyncio.timeout(1), b.hold("d") as waited:
        assert waited is True
    for link in links:
        await link.close()
