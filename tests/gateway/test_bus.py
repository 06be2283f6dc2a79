"""Live fan-out: topics, order, and the reader who is too slow."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.bus import LIMIT, Bus, BusOverflow
from tests.gateway.clients import Citizen, Gateway, Officer


async def test_readers_hear_their_topics_in_order_and_no_others() -> None:
    bus = Bus()
    both, one = bus.subscribe("a", "b"), bus.subscribe("b")
    for n, topic in enumerate("abca"):
        bus.publish(topic, {"n": n})
    assert [(await both.next())["n"] for _ in range(3)] == [0, 1, 3]
    assert (await one.next())["n"] == 1


async def test_topics_can_be_added_and_dropped() -> None:
    bus = Bus()
    reader = bus.subscribe("a")
    reader.add("b")
    reader.drop("a")
    bus.publish("a", {"n": 1})
    bus.publish("b", {"n": 2})
    assert (await reader.next())["n"] == 2
    reader.close()
    bus.publish("b", {"n": 3})
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(reader.next(), 0.02)


async def test_a_reader_that_is_too_slow_is_lost_and_the_others_are_not() -> None:
    bus = Bus()
    slow, quick = bus.subscribe("a"), bus.subscribe("a")
    for n in range(LIMIT):
        bus.publish("a", {"n": n})
        assert (await quick.next())["n"] == n
    assert slow.overflowed is False
    bus.publish("a", {"n": LIMIT})
    assert (await quick.next())["n"] == LIMIT
    with pytest.raises(BusOverflow):
        await slow.next()


@pytest.mark.parametrize("who", [Citizen, Officer])
def test_a_socket_that_cannot_keep_up_is_closed_and_resumes(gateway: Gateway, who: Any) -> None:
    tab = who(gateway)
    topic = f"conversation.{tab.id}" if who is Citizen else "desk"

    async def flood() -> None:  # without a pause: no writer gets a turn
        for _ in range(LIMIT + 1):
            gateway.client.app.state.hub.bus.publish(topic, {"type": "bye", "v": 1, "retry_in_s": 1})

    gateway.client.portal.call(flood)
    assert tab.close_code() == 4408
    if who is Citizen:
        back = Citizen(gateway, tab.cookie, after=1)
        assert back.events() == [] and back.ask("你好")
