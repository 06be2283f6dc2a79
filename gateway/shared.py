"""What several gateways share besides the database: live frames, who is at the desk, limits, turn locks."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.bus import Bus
from gateway.limits import Limits, OwnLimits
from gateway.presence import Presence
from gateway.turn_locks import TurnLocks

if TYPE_CHECKING:
    from gateway.redis_link import RedisLink


def new_id() -> str:
    """A name for one run of one gateway."""
    return secrets.token_hex(8)


@dataclass(slots=True)
class Shared:
    """The parts of one gateway. By default they live in its memory, and it is the only one."""

    gateway_id: str = field(default_factory=new_id)
    bus: Bus = field(default_factory=Bus)
    presence: Presence = field(default_factory=Presence)
    locks: TurnLocks = field(default_factory=TurnLocks)
    limits: Callable[[str, int], Limits] = lambda _name, per_minute: OwnLimits(per_minute)
    """(name of the limit, tokens a minute) -> its buckets."""
    link: RedisLink | None = None
    """The connection behind them; None: there is none."""

    async def open(self) -> None:
        """Connect, or begin to try."""
        if self.link is not None:
            await self.link.open()

    async def close(self) -> None:
        """Let go."""
        if self.link is not None:
            await self.link.close()


def shared_parts(redis_url: str) -> Shared:
    """The parts for this setting; empty: those of a single process."""
    if not redis_url:
        return Shared()
    # Only who sets a URL needs the client.
    from gateway.redis_bus import RedisBus
    from gateway.redis_limits import RedisLimits
    from gateway.redis_link import RedisLink
    from gateway.redis_locks import RedisTurnLocks
    from gateway.redis_presence import RedisPresence

    gateway_id = new_id()
    link = RedisLink(redis_url)
    return Shared(
        gateway_id,
        RedisBus(link, gateway_id),
        RedisPresence(link, gateway_id),
        RedisTurnLocks(link, gateway_id),
        lambda name, per_minute: RedisLimits(link, name, per_minute),
        link,
    )
