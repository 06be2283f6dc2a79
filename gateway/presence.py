"""Which officers are connected now, and what they are called."""

from __future__ import annotations

from collections import Counter

from gateway.staff import Officer


class Presence:
    """Counts open desk sockets per officer, in this process.

    `gateway.redis_presence.RedisPresence` knows those of the other gateways as well.
    """

    def __init__(self) -> None:
        self._sockets: Counter[str] = Counter()
        self._names: dict[str, str] = {}

    def arrive(self, officer: Officer) -> None:
        """One more socket of this officer."""
        self._sockets[officer.username] += 1
        self._names[officer.username] = officer.name

    def leave(self, officer: Officer) -> bool:
        """One socket less; True when it was the last."""
        self._sockets[officer.username] -= 1
        if self._sockets[officer.username] <= 0:
            del self._sockets[officer.username]
            return not self.here(officer.username)
        return False

    def here(self, username: str) -> bool:
        """True while this officer is connected, to whichever gateway."""
        return username in self._sockets

    @property
    def officers(self) -> list[tuple[str, str]]:
        """(user name, display name) of every officer who is connected."""
        return [(username, self._names[username]) for username in self._sockets]

    @property
    def anyone(self) -> bool:
        """True while any officer is connected."""
        return bool(self._sockets)

    def name(self, username: str | None) -> str | None:
        """Display name of an officer seen since start; the username otherwise."""
        return self._names.get(username, username) if username else None
