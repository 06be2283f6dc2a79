"""Two gateways under fire: a citizen on one and an officer on the other, while everything is killed once.

Lost 0, doubled 0, out of order 0 over 60 talks.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from sqlalchemy import create_engine, make_url, text

from gateway.wire import CITIZEN_KINDS
from tests.gateway.cluster import Citizen, Cluster, Officer

TALKS = 60
PAUSE_S = (0.3, 1.2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.close()


async def talk(citizen: Citizen, number: int, over: asyncio.Event) -> None:
    """Questions to the bot until the disturbances are over, in every third talk a person in between."""
    chance = random.Random(number)
    await citizen.begin()
    round_ = 0
    while True:
        last = over.is_set()
        await citizen.ask(f"问{number}之{round_}", both=round_ == 1)
        if number % 3 == 0 and (round_ == 1 or last):
            await person(citizen, number)
        round_ += 1
        if last:
            return
        await asyncio.sleep(chance.uniform(*PAUSE_S))


async def person(citizen: Citizen, number: int) -> None:
    """Ask for a person, say three things, each answered, and good-bye."""
    asked = 0
    while not asked or citizen.answers(
        asked
    ):  # cut off between storing and doing: owned up to, so press again
        asked = await citizen.say("转人工", type="act", action="handoff", args={}, label="转人工")
        await citizen.until(
            lambda: citizen.answers(asked) or citizen.first("handoff_accepted", asked), "a person"
        )
    for n in range(3):
        said = await citizen.say(f"话{number}之{n}", both=n == 1)
        await citizen.event("agent_said", said)
    bye = await citizen.say("再见")
    await citizen.event("handoff_ended", bye)


async def disturb(cluster: Cluster, over: asyncio.Event) -> list[str]:
    """Redis, PostgreSQL and a gateway, one after the other; what was done and when."""
    done, began = [], time.monotonic()

    async def then(what: str, step: Any, *given: Any, pause_s: float) -> None:
        await asyncio.to_thread(step, *given)
        done.append(f"{time.monotonic() - began:.1f} {what}")
        await asyncio.sleep(pause_s)

    await asyncio.sleep(2.0)
    await then("redis killed", cluster.redis.stop, pause_s=1.0)
    await then("redis back", cluster.redis.start, pause_s=1.5)
    await then("postgres crashed", cluster.crash_postgres, pause_s=0.5)
    await then("postgres back", cluster.start_postgres, pause_s=1.5)
    await then("gateway killed", cluster.kill, 0, pause_s=1.0)
    await then("gateway started", cluster.start, 0, pause_s=0)
    await then("gateway back", cluster.wait, 0, pause_s=1.0)
    over.set()
    return done


def stored(cluster: Cluster) -> dict[str, list[dict[str, Any]]]:
    """Every event of every conversation, in order."""
    engine = create_engine(make_url(cluster.database).set(drivername="postgresql+psycopg"))
    found: dict[str, list[dict[str, Any]]] = {}
    with engine.connect() as db:
        for row in db.execute(text("SELECT * FROM events ORDER BY conversation_id, seq")).mappings():
            found.setdefault(row["conversation_id"], []).append(
                {**row, "payload": json.loads(row["payload"])}
            )
    engine.dispose()
    return found


def wrongs(citizen: Citizen, events: list[dict[str, Any]]) -> list[str]:
    """What is lost, doubled or out of order in one talk: in the log, and in what the citizen was told."""
    found = list(citizen.faults)
    if [e["seq"] for e in events] != list(range(1, len(events) + 1)):
        found.append("the log has a gap")
    said = [e["client_id"] for e in events if e["kind"] == "citizen_said"]
    if said != citizen.sent:
        found.append(f"said {citizen.sent}, stored {said}")
    shown = {e["seq"]: e["payload"] for e in events if e["kind"] in CITIZEN_KINDS}
    if list(citizen.events) != list(shown):
        found.append(f"stored {list(shown)}, came {list(citizen.events)}")
    answers = Counter(e["payload"]["reply_to"] for e in events if e["kind"] == "bot_said")
    found += [f"{answers[seq]} answers to {seq}" for seq in citizen.asked if answers[seq] != 1]
    officer = [e["client_id"] for e in events if e["kind"] == "agent_said"]
    if len(officer) != len(set(officer)):
        found.append("an officer's words are stored twice")
    return found


async def test_nothing_is_lost_doubled_or_out_of_order_whatever_is_killed(cluster: Cluster) -> None:
    over = asyncio.Event()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        officers = [Officer(cluster, http, home, name) for home, name in enumerate(("desk01", "desk02"))]
        citizens = [Citizen(cluster, http, number % 2) for number in range(TALKS)]
        for officer in officers:
            await officer.begin()
        try:
            disturbing = asyncio.create_task(disturb(cluster, over))
            await asyncio.gather(*(talk(citizen, n, over) for n, citizen in enumerate(citizens)))
            done = await disturbing
            await asyncio.sleep(0.5)
        finally:
            over.set()
            for line in (*citizens, *officers):
                await line.close()
    events = stored(cluster)
    wrong = {n: found for n, c in enumerate(citizens) if (found := wrongs(c, events[c.id]))}
    outcomes = Counter(
        message.get("status") or "echo"
        for of in events.values()
        for e in of
        if e["kind"] == "bot_said" and e["payload"]["reply_to"]
        for message in e["payload"]["messages"]
    )
    print(
        done,
        {"events": sum(map(len, events.values())), "connections": sum(c.connections for c in citizens)},
        outcomes,
    )
    assert not wrong, f"{wrong}\n{done}"
    assert not [f for officer in officers for f in officer.faults]
    assert outcomes["echo"] > 5 * outcomes["error_interrupted"]
    assert sum(c.connections for c in citizens) > TALKS  # they were really cut off
