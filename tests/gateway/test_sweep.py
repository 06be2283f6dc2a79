"""What time brings about, with several gateways looking: each thing is done once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from gateway import wire
from gateway.bot_turns import LOST_AFTER_S
from gateway.conversation import Mode
from gateway.database import StorageUnavailable, open_database
from gateway.hub import Hub
from gateway.log import ConversationLog
from gateway.phrases import Phrases
from gateway.registry import DEAD_AFTER_S, Registry
from gateway.settings import GatewaySettings
from gateway.shared import Shared
from gateway.staff import Officer
from gateway.store import DatabaseThread
from tests.fakes_gateway import ScriptedDialogue, ScriptedKnowledge
from tests.gateway.databases import KINDS, opened

WANG = Officer("desk01", "06号", "officer")


@dataclass
class Clock:
    """Seconds, moved by hand."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module", params=KINDS)
def engine(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with opened(request.param, tmp_path_factory.mktemp("sweep")) as engine:
        yield engine


class Several:
    """Gateways on one database in one process, which share presence and bus as if by Redis."""

    def __init__(self, engine: Engine) -> None:
        self.clock = Clock()
        self.log = ConversationLog(engine, self.clock)
        self.database = DatabaseThread(2)
        self.shared = Shared()
        self.hubs = [self._hub(name) for name in ("a", "b", "c")]

    def _hub(self, name: str) -> Hub:
        settings = GatewaySettings(_env_file=None, wait_limit_s=120, agent_grace_s=0.0, thinking_after_s=5)
        shared = Shared(name, self.shared.bus, self.shared.presence, self.shared.locks)
        parts = ScriptedDialogue(), ScriptedKnowledge(), Phrases.load()
        return Hub(settings, self.log, self.database, *parts, shared=shared)

    async def look(self) -> None:
        """All of them at once."""
        await asyncio.gather(*(hub.handoffs.expire() for hub in self.hubs))
        await asyncio.gather(*(hub.handoffs.give_back() for hub in self.hubs))

    async def begin(self) -> str:
        return (await self.hubs[0].begin("portal"))[0].id

    def kinds(self, of: str) -> list[str]:
        return [e.kind for e in self.log.after(of, 0)]


@pytest.fixture
async def several(engine: Engine) -> AsyncIterator[Several]:
    several = Several(engine)
    yield several
    for hub in several.hubs:
        await hub.live.settle(1)
    for mode in (Mode.WAITING, Mode.AGENT):
        for left in several.log.in_mode(mode):
            several.log.move(left.id, expect=mode, to=Mode.BOT)
    for turn in several.log.open_turns():
        several.log.settle(turn.conversation_id, turn.seq)
    several.database.close()


async def test_a_wait_ends_once_and_is_told_once(several: Several) -> None:
    several.shared.presence.arrive(WANG)
    of = await several.begin()
    await several.hubs[0].handoffs.request(of, "asked", {})
    several.clock.now += 119
    await several.look()
    assert several.log.get(of).mode == Mode.WAITING
    several.clock.now += 2
    await several.look()
    assert several.kinds(of) == ["bot_said", "handoff_requested", "handoff_ended", "bot_said"]


async def test_an_officer_who_is_gone_loses_the_talk_once_to_the_front_of_the_queue(several: Several) -> None:
    several.shared.presence.arrive(WANG)
    of, later = await several.begin(), await several.begin()
    await several.hubs[0].handoffs.request(of, "asked", {})
    several.clock.now += 1
    await several.hubs[1].handoffs.request(later, "asked", {})
    await several.hubs[1].handoffs.accept(WANG, of)
    await several.look()
    assert several.log.get(of).mode == Mode.AGENT
    several.shared.presence.leave(WANG)
    await several.look()
    assert several.kinds(of)[-2:] == ["handoff_accepted", "handoff_ended"]
    assert [c.id for c in several.log.in_mode(Mode.WAITING)] == [of, later]


async def test_a_dead_gateways_message_is_owned_up_to_once_and_a_living_ones_is_not(
    several: Several, engine: Engine
) -> None:
    mono = Clock()
    dead, living = await several.begin(), await several.begin()
    for of, owner in ((dead, "dead"), (living, "x")):
        several.log.append(of, {"kind": "citizen_said", "text": "您好"}, turn_of=owner)
    watched = {n: Registry(engine, n, alone=False, clock=mono) for n in ("dead", "x", "y")}
    for registry in watched.values():
        registry.beat()

    async def look() -> None:
        await asyncio.gather(
            *(hub.bot.own_up(watched[n]) for hub, n in zip(several.hubs, "xy", strict=False))
        )

    await look()
    assert several.kinds(dead) == ["bot_said", "citizen_said"]
    for _ in range(2):
        mono.now += DEAD_AFTER_S / 2 + 0.1
        await look()
    assert several.kinds(dead) == ["bot_said", "citizen_said", "bot_said"]
    said = wire.BotSaid.model_validate(several.log.after(dead, 2)[0].payload)
    assert said.reply_to == 2 and said.messages[0].status == "error_interrupted"  # type: ignore[union-attr]
    assert several.kinds(living) == ["bot_said", "citizen_said"]
    watched["x"].leave()
    watched["y"].beat()
    assert not watched["y"].lives("x") and watched["y"].lives("y")


async def test_ones_own_message_whose_answer_could_not_be_stored_is_owned_up_to(several: Several) -> None:
    of = await several.begin()
    several.log.append(of, {"kind": "citizen_said", "text": "您好"}, turn_of="a")
    registry = Registry(several.log.engine, "a", alone=True)
    await several.hubs[0].bot.own_up(registry)
    assert several.kinds(of)[-1] == "citizen_said"  # its turn may just be beginning
    (turn,) = several.log.open_turns()
    several.log.settle(of, turn.seq)
    several.clock.now -= LOST_AFTER_S + 1
    several.log.append(of, {"kind": "citizen_said", "text": "您好"}, turn_of="a")
    await several.hubs[0].bot.own_up(registry)
    assert several.kinds(of)[-1] == "bot_said"


def test_alone_on_a_file_all_others_are_dead_and_nothing_is_written(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "gateway.db")
    registry = Registry(engine, "me", alone=True)
    registry.beat()
    assert registry.lives("me") and not registry.lives("you")
    with engine.connect() as db:
        assert db.exec_driver_sql("select count(*) from gateways").scalar_one() == 0
    engine.dispose()


async def test_a_database_that_is_away_is_one_clear_exception(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="postgresql"):
        open_database("postgresql://nobody@127.0.0.1:1/none")
    path = tmp_path / "gateway.db"
    engine = open_database(path)
    log, database = ConversationLog(engine), DatabaseThread()
    of = log.create("portal")[0].id
    blocker = create_engine(f"sqlite:///{path}")
    with engine.connect() as db:  # the same connection goes on with a short patience
        db.exec_driver_sql("PRAGMA busy_timeout=20")
    with blocker.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="sqlite: database is locked"):
            await database(log.append, of, {"kind": "citizen_said", "text": "您好"}, client_id="c-1")
        other.rollback()
    assert (await database(log.append, of, {"kind": "citizen_said", "text": "您好"}, client_id="c-1")).fresh
    database.close()
    engine.dispose()
    blocker.dispose()
