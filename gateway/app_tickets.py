"""Tickets of the city's app (赣服通): signed, short-lived, each good for one entry.

A ticket is a JWT of the app's backend with `iss`, `aud`, `sub`, `iat`, `exp`, `jti` and the person's claims.
Its key is one of a key set (JWKS) or a shared secret (HS256).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey
from sqlalchemy import Engine, delete, insert
from sqlalchemy.exc import IntegrityError

from gateway.citizen import ClaimNames, NoIdentity, Person, person_of
from gateway.log import digest
from gateway.oidc import ALGORITHMS, Claims
from gateway.oidc_provider import ANEW_S, KEEP_S, OidcProvider, OidcUnavailable, safe_address
from gateway.schema_sql import used_tickets
from gateway.store import DatabaseThread

LIFE_S = 300.0
"""A ticket that was made to last longer is refused."""
LEEWAY_S = 30.0
"""By how much the clocks may differ."""
SECRET_LENGTH = 32
"""Characters of a shared secret: no fewer than HS256 has bytes."""


@dataclass(frozen=True, slots=True)
class AppSettings:
    """How the app signs. Of `jwks_url` and `secret` exactly one is set."""

    issuer: str
    audience: str
    jwks_url: str = ""
    secret: str = ""


class TicketRefused(Exception):
    """Not believed. `reason` is a short code for logs: never the ticket, never a claim."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AppTickets:
    """Checks tickets. `open` and `close` run inside the loop that uses it."""

    def __init__(
        self,
        settings: AppSettings,
        names: ClaimNames,
        engine: Engine,
        database: DatabaseThread,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises ValueError for settings that cannot be used."""
        if not settings.audience or bool(settings.jwks_url) == bool(settings.secret):
            raise ValueError(
                "NCZF_APP_ISSUER is set: set NCZF_APP_AUDIENCE, and one of NCZF_APP_JWKS_URL and "
                "NCZF_APP_TICKET_SECRET"
            )
        if settings.secret and len(settings.secret) < SECRET_LENGTH:
            raise ValueError(f"NCZF_APP_TICKET_SECRET: expected {SECRET_LENGTH} characters or more")
        if settings.jwks_url and not safe_address(settings.jwks_url):
            raise ValueError("NCZF_APP_JWKS_URL: expected https://… (http only on loopback)")
        self._settings, self._names, self._clock = settings, names, clock
        self._engine, self._database = engine, database
        self._source = OidcProvider(settings.jwks_url, 5.0, clock) if settings.jwks_url else None
        self._keys: tuple[float, KeySet] | None = None
        self._looking = asyncio.Lock()

    async def open(self) -> None:
        """Prepare to connect."""
        if self._source is not None:
            await self._source.open()

    async def close(self) -> None:
        """Let go."""
        if self._source is not None:
            await self._source.close()

    async def redeem(self, ticket: str) -> Person:
        """Who enters with this ticket, which is used up by it. Raises TicketRefused, OidcUnavailable."""
        claims = await self._verified(ticket)
        now, own = self._clock(), self._settings
        audience = claims.get("aud")
        if claims.get("iss") != own.issuer:
            raise TicketRefused("wrong_issuer")
        if own.audience not in (audience if isinstance(audience, list) else [audience]):
            raise TicketRefused("wrong_audience")
        made, ends, name = _time(claims.get("iat")), _time(claims.get("exp")), claims.get("jti")
        if not made < ends <= made + LIFE_S:
            raise TicketRefused("bad_times")
        if now > ends + LEEWAY_S:
            raise TicketRefused("too_late")
        if made > now + LEEWAY_S:
            raise TicketRefused("too_early")
        subject = claims.get("sub")
        if not (isinstance(name, str) and 8 <= len(name) <= 128 and isinstance(subject, str) and subject):
            raise TicketRefused("incomplete")
        try:
            found = Claims(subject, claims, "")
            person = person_of(f"{own.issuer}\0{subject}", found.get, self._names)
        except NoIdentity as error:
            raise TicketRefused("no_identity") from error
        if not await self._database(self._first_use, name, ends + LEEWAY_S):
            raise TicketRefused("used")
        return person

    async def _verified(self, ticket: str) -> dict[str, Any]:
        try:
            if self._source is None:
                key = OctKey.import_key(self._settings.secret)
                return dict(jwt.decode(ticket, key, algorithms=["HS256"]).claims)
            try:
                return dict(jwt.decode(ticket, await self._known(), algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError):
                # The app may have changed its keys.
                return dict(jwt.decode(ticket, await self._known(anew=True), algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError, TypeError) as error:
            raise TicketRefused("bad_signature") from error

    async def _known(self, anew: bool = False) -> KeySet:
        assert self._source is not None
        async with self._looking:
            age = self._clock() - self._keys[0] if self._keys else None
            if self._keys is None or age is None or age > (ANEW_S if anew else KEEP_S):
                status, found = await self._source.call("GET", self._settings.jwks_url)
                try:
                    keys = KeySet.import_key_set(found) if status == 200 else None  # type: ignore[arg-type]
                except (JoseError, KeyError, TypeError, ValueError, AttributeError):
                    keys = None
                if keys is None:
                    raise OidcUnavailable(f"the app's keys answered {status} with no key set")
                self._keys = (self._clock(), keys)
            return self._keys[1]

    def _first_use(self, name: str, until: float) -> bool:
        """True for exactly one caller, on whichever gateway."""
        try:
            with self._engine.begin() as db:
                db.execute(delete(used_tickets).where(used_tickets.c.expires_at < self._clock()))
                db.execute(
                    insert(used_tickets).values(
                        ticket_hash=digest(f"{self._settings.issuer}\0{name}"), expires_at=until
                    )
                )
        except IntegrityError:
            return False
        return True


def _time(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TicketRefused("bad_times")
    return float(value)
