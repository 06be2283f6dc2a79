"""Failed sign-ins per address: many names tried from one place lock the place."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.officer import StaffPolicy
from gateway.schema_sql import sign_in_failures as failures
from gateway.sealed_box import SealedBox

PURPOSE = "sign-in address"


class SignInLocked(Exception):
    """Too many failures; try again after `retry_after_s`."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"locked for {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class AddressLimits:
    """Addresses are kept as keyed hashes. Loopback is never locked: behind a careless proxy it is all."""

    def __init__(
        self, engine: Engine, box: SealedBox, policy: StaffPolicy, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._box = box
        self._policy = policy
        self._clock = clock

    def check(self, address: str) -> None:
        """Raises SignInLocked."""
        if not counted(address):
            return
        with self._engine.begin() as db:
            until = db.execute(
                select(failures.c.locked_until).where(failures.c.address_hash == self._hash(address))
            ).scalar()
        if until is not None and until > self._clock():
            raise SignInLocked(until - self._clock())

    def count(self, db: Connection, address: str) -> None:
        """One more failure, in the caller's transaction."""
        if not counted(address):
            return
        now, window = self._clock(), self._policy.lock_s
        old = (failures.c.since < now - window) & (failures.c.locked_until < now)
        db.execute(delete(failures).where(old))
        mine = failures.c.address_hash == self._hash(address)
        one_more = update(failures).where(mine).values(failures=failures.c.failures + 1)
        if db.execute(one_more).rowcount == 0:
            try:
                with db.begin_nested():
                    first = {"address_hash": self._hash(address), "failures": 1, "since": now}
                    db.execute(insert(failures).values(**first))
            except IntegrityError:  # another gateway counted the first one at the same time
                db.execute(one_more)
        found = db.execute(select(failures.c.failures).where(mine)).scalar() or 0
        if found >= self._policy.address_lock_after:
            db.execute(update(failures).where(mine).values(failures=0, since=now, locked_until=now + window))

    def forget(self, address: str) -> None:
        """Somebody got in from there, so people work there: their slips before are forgotten."""
        if counted(address):
            with self._engine.begin() as db:
                mine = failures.c.address_hash == self._hash(address)
                db.execute(delete(failures).where(mine, failures.c.locked_until < self._clock()))

    def _hash(self, address: str) -> str:
        return self._box.digest(network(address), PURPOSE)


def counted(address: str) -> bool:
    """True for an address whose failures count."""
    try:
        return bool(address) and not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True


def network(address: str) -> str:
    """Who commands one IPv6 address commands the 2**64 beside it: they count as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
