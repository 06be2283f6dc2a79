"""Token buckets over all gateways, in Redis; those of this process while it is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.limits import OwnLimits
from gateway.redis_link import RedisAway, RedisLink

TAKE = """
local now = tonumber(ARGV[3])
if now < 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1] or burst), tonumber(kept[2] or now)
tokens = math.min(burst, tokens + math.max(0, now - at) * rate)
local allowed = 0
if tokens >= 1 then
  tokens = tokens - 1
  allowed = 1
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return allowed
"""
"""One bucket, by Redis's own clock unless a time is given; as `gateway.rate_limit.RateLimit`."""


class RedisLimits:
    """`Limits` over all gateways."""

    def __init__(
        self, link: RedisLink, name: str, per_minute: int, clock: Callable[[], float] | None = None
    ) -> None:
        self._link = link
        self._prefix = f"nczf:limit:{name}:"
        self._rate = per_minute / 60
        self._burst = max(1.0, per_minute / 3)
        self._clock = clock
        self._own = OwnLimits(per_minute)

    async def allow(self, key: str) -> bool:
        """See `Limits.allow`."""
        now = self._clock() if self._clock else -1.0
        arguments: tuple[Any, ...] = (self._prefix + key, self._rate, self._burst, now)
        try:
            return bool(await self._link.ask(lambda client: client.eval(TAKE, 1, *arguments)))
        except RedisAway:
            return await self._own.allow(key)
