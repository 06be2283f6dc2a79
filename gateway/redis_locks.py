"""One bot turn per conversation over all gateways: a lock with an owner, kept alive while the turn runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.redis_link import RedisAway, RedisLink
from gateway.turn_locks import TurnLocks

PREFIX = "nczf:turn:"
EXPIRY_S = 6.0
"""The lock of a gateway that died is free after so long."""
AGAIN_S = 0.05
TAKE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) or redis.call('GET', KEYS[1]) == ARGV[1] then
  return 1
end
return 0
"""
KEEP = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"
FREE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


class RedisTurnLocks(TurnLocks):
    """`TurnLocks` over all gateways. Within one gateway first come first served, between them the quickest.

    While Redis is away only this gateway's own order holds; Rasa's lock per conversation is then the last
    guard.
    """

    def __init__(self, link: RedisLink, gateway_id: str, expiry_s: float = EXPIRY_S) -> None:
        super().__init__()
        self._link = link
        self._id = gateway_id
        self._expiry_s = expiry_s

    @asynccontextmanager
    async def hold(self, conversation_id: str) -> AsyncIterator[bool]:
        """See `TurnLocks.hold`."""
        key = PREFIX + conversation_id
        async with super().hold(conversation_id) as waited:
            keeper: asyncio.Task[None] | None = None
            try:
                while not await self._ask(TAKE, key, int(self._expiry_s * 1000)):
                    waited = True
                    await asyncio.sleep(AGAIN_S)
                keeper = asyncio.create_task(self._keep(key))
            except RedisAway:
                pass
            try:
                yield waited
            finally:
                if keeper is not None:
                    keeper.cancel()
                    await asyncio.gather(keeper, return_exceptions=True)
                    await self._free(key)

    async def _ask(self, script: str, key: str, *values: int) -> bool:
        owner = self._id
        return bool(await self._link.ask(lambda client: client.eval(script, 1, key, owner, *values)))

    async def _keep(self, key: str) -> None:
        while True:
            await asyncio.sleep(self._expiry_s / 3)
            try:
                await self._ask(KEEP, key, int(self._expiry_s * 1000))
            except RedisAway:
                continue

    async def _free(self, key: str) -> None:
        try:
            await self._ask(FREE, key)
        except RedisAway:
            return  # it runs out by itself
