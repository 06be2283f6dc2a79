"""A member of staff, as every part of the gateway knows them, and the rules that hold for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.access import CHANGE_PASSWORD, ENROL


@dataclass(frozen=True, slots=True)
class Officer:
    """A signed-in member of staff."""

    username: str
    name: str
    role: str
    must: tuple[str, ...] = ()
    """What has to be done before anything else: change the password, enrol one-time codes."""


@dataclass(frozen=True, slots=True)
class StaffPolicy:
    """Times in seconds."""

    session_s: float = 12 * 3600
    """A session ends this long after the sign-in, whatever is done."""
    idle_s: float = 2 * 3600
    """And this long after the last thing that its owner did."""
    lock_after: int = 5
    """Failures that lock an account."""
    lock_s: float = 15 * 60
    address_lock_after: int = 30
    """Failures within `lock_s` that lock an address; many desks may share one."""
    totp_roles: frozenset[str] = frozenset()
    """Roles that sign in with a one-time code besides the password."""

    def must(self, *, role: str, must_change: bool, totp_on: bool, local: bool) -> tuple[str, ...]:
        """What this account has to do first. Accounts of a provider have their second factor there."""
        todo = []
        if must_change:
            todo.append(CHANGE_PASSWORD)
        if local and role in self.totp_roles and not totp_on:
            todo.append(ENROL)
        return tuple(todo)
