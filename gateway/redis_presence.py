"""Officers at all gateways: each gateway says who is with it, again and again; what it said runs out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from redis.asyncio import Redis

from gateway.presence import Presence
from gateway.redis_link import RedisAway, RedisLink
from gateway.staff import Officer

KEY, GATEWAYS = "nczf:desk:", "nczf:desks"
BEAT_S = 1.0
EXPIRY_S = 6.0
"""A gateway that said nothing for so long is dead, and its officers are away."""
FORGET_S = 3600.0


@dataclass(frozen=True, slots=True)
class Said:
    """What another gateway said last, and when that was heard."""

    names: dict[str, str]
    at: float


class RedisPresence(Presence):
    """`Presence` over all gateways. While Redis is away, who was there counts as being there."""

    def __init__(
        self,
        link: RedisLink,
        gateway_id: str,
        clock: Callable[[], float] = time.monotonic,
        expiry_s: float = EXPIRY_S,
    ) -> None:
        super().__init__()
        self._link = link
        self._id = gateway_id
        self._clock = clock
        self._expiry_s = expiry_s
        self._others: dict[str, Said] = {}
        self._changed = asyncio.Event()
        self._sure_from = clock()
        self._away = False
        link.beside(self._run)

    def arrive(self, officer: Officer) -> None:
        """See `Presence.arrive`; the other gateways hear of it within a moment."""
        super().arrive(officer)
        self._changed.set()

    def leave(self, officer: Officer) -> bool:
        """See `Presence.leave`."""
        gone = super().leave(officer)
        self._changed.set()
        return gone

    def here(self, username: str) -> bool:
        """See `Presence.here`."""
        return super().here(username) or any(username in said.names for said in self._others.values())

    @property
    def officers(self) -> list[tuple[str, str]]:
        """See `Presence.officers`."""
        found = {username for said in self._others.values() for username in said.names} | set(self._sockets)
        return [(username, self._names[username]) for username in sorted(found)]

    @property
    def anyone(self) -> bool:
        """See `Presence.anyone`."""
        return super().anyone or any(said.names for said in self._others.values())

    async def beat(self) -> None:
        """Say who is here, and hear who is elsewhere. Raises RedisAway."""
        mine = json.dumps({name: self._names[name] for name in self._sockets}, ensure_ascii=False)
        try:
            heard = await self._link.ask(lambda client: self._exchange(client, mine))
        except RedisAway:
            self._away = True
            raise
        now = self._clock()
        if self._away:  # an empty Redis says nothing about the others yet
            self._away, self._sure_from = False, now
        for gateway_id, said in heard.items():
            if said is not None:
                names = json.loads(said)
                self._names.update(names)
                self._others[gateway_id] = Said(names, now)
        self._others = {
            gateway_id: said
            for gateway_id, said in self._others.items()
            if now - max(said.at, self._sure_from) < self._expiry_s
        }

    async def _exchange(self, client: Redis, mine: str) -> dict[str, bytes | None]:
        now = time.time()
        pipe = client.pipeline(transaction=False)
        pipe.set(KEY + self._id, mine, px=int(self._expiry_s * 1000))
        pipe.zadd(GATEWAYS, {self._id: now})
        pipe.zremrangebyscore(GATEWAYS, "-inf", now - FORGET_S)
        pipe.zrange(GATEWAYS, 0, -1)
        others = [name.decode() for name in (await pipe.execute())[3] if name.decode() != self._id]
        if not others:
            return {}
        return dict(zip(others, await client.mget([KEY + name for name in others]), strict=True))

    async def _leave(self, client: Redis) -> None:
        await client.delete(KEY + self._id)
        await client.zrem(GATEWAYS, self._id)

    async def _run(self) -> None:
        try:
            while True:
                try:
                    await self.beat()
                except RedisAway:
                    pass
                self._changed.clear()
                try:
                    async with asyncio.timeout(BEAT_S):
                        await self._changed.wait()
                except TimeoutError:
                    pass
        finally:
            try:
                await self._link.ask(self._leave)
            except RedisAway:
                pass
