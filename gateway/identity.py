"""Citizens who sign in (统一身份认证): the way there and back, and the ticket that a bot turn carries."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Mapping
from typing import Any

from gateway.app_tickets import AppTickets
from gateway.citizen import ClaimNames, NoIdentity, Person, person_of
from gateway.citizen_sessions import CitizenSessions
from gateway.database import StorageUnavailable
from gateway.dialogue import IDENTITY
from gateway.oidc import OidcClient, OidcRefused
from gateway.oidc_pending import PendingSignIns
from gateway.store import DatabaseThread

log = logging.getLogger(__name__)
SESSION_COOKIE = "nczf_citizen_session"
PURPOSE = "citizen"
PURGE_S = 60.0
TASKS: Mapping[str, str] = {"": "", "cases": "case_status"}
"""What one may sign in for -> the intent that Rasa goes on with; empty: nothing to go on with."""
USES = ("name", "phone", "id_no")


class Identity:
    """Sign-in, sessions and tickets of citizens. `open` and `close` run inside the loop."""

    def __init__(
        self,
        sessions: CitizenSessions,
        database: DatabaseThread,
        secret: str,
        names: ClaimNames,
        client: OidcClient | None,
        pending: PendingSignIns,
        issuer: str,
        tickets: AppTickets | None = None,
    ) -> None:
        """
        Args:
            sessions: who is signed in.
            database: where they run.
            secret: what the action server shows.
            names: which claims say who somebody is.
            client: the provider's; None: only the app signs people in.
            pending: sign-ins under way.
            issuer: of the provider.
            tickets: of the city's app; None: nobody enters from there.

        """
        self.sessions, self.database, self.names, self.tickets = sessions, database, names, tickets
        self._secret, self._client, self._pending, self._issuer = secret, client, pending, issuer
        self._purging: asyncio.Task[None] | None = None

    @property
    def offered(self) -> bool:
        """True if the page can offer to sign in."""
        return self._client is not None

    async def open(self) -> None:
        """Prepare to connect; begin to delete what is over."""
        for far in (self._client, self.tickets):
            if far is not None:
                await far.open()
        self._purging = asyncio.get_running_loop().create_task(self._purge())

    async def close(self) -> None:
        """Let go."""
        if self._purging is not None:
            self._purging.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._purging
        for far in (self._client, self.tickets):
            if far is not None:
                await far.close()

    async def start(self, redirect_uri: str, conversation_id: str, task: str) -> tuple[str, str]:
        """(address at the provider, token for the browser's cookie). Raises OidcUnavailable."""
        if self._client is None:
            raise OidcRefused("not_offered")
        url, pending = await self._client.start(redirect_uri)
        extra = {"conversation": conversation_id, "task": task}
        return url, await self.database(self._pending.keep, PURPOSE, pending, extra)

    async def began(self, cookie: str) -> Begun | None:
        """The sign-in that this browser began, taken out: it works once. None: too late, or none."""
        taken = await self.database(self._pending.take, PURPOSE, cookie)
        if taken is None:
            return None
        return Begun(self, taken[0], taken[1]["conversation"], taken[1]["task"])

    async def sign_in(self, conversation_id: str, person: Person, how: str, id_token: str = "") -> str:
        """Begin a session; its token."""
        log.info("conversation=%s signed in how=%s", conversation_id, how)
        return await self.database(self.sessions.begin, conversation_id, person, how, id_token)

    async def sign_out(self, token: str, back_to: str) -> tuple[bool, str]:
        """(was it alive, address where the provider's own session ends, or nothing)."""
        alive, id_token = await self.database(self.sessions.end, token)
        url = None
        if id_token and self._client is not None:
            try:
                url = await self._client.sign_out_url(id_token, back_to)
            except Exception as error:  # signing out here must not depend on the provider
                log.warning("no sign-out page of the provider: %s", type(error).__name__)
        return alive, url or ""

    def carried(self, conversation_id: str, session: str) -> dict[str, Any]:
        """What a bot turn carries: whether one can sign in, and the ticket of who has."""
        ticket = self.sessions.ticket(session, conversation_id) if session else ""
        return {"offered": self.offered, "ticket": ticket}

    def believes(self, authorization: str) -> bool:
        """True if this is the action server."""
        given = authorization.removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), self._secret.encode())

    async def _purge(self) -> None:
        while True:
            try:
                await self.database(self.sessions.purge)
            except StorageUnavailable as error:
                log.warning("sessions that are over stay for now: %s", error)
            await asyncio.sleep(PURGE_S)

    async def _finish(self, pending: Any, code: str, state: str, iss: str | None) -> tuple[Person, str]:
        if self._client is None:
            raise OidcRefused("not_offered")
        claims = await self._client.finish(pending, code, state, iss)
        try:
            return person_of(f"{self._issuer}\0{claims.subject}", claims.get, self.names), claims.id_token
        except NoIdentity as error:
            raise OidcRefused("no_identity") from error


class Begun:
    """A sign-in that was begun in `conversation_id` for `task`."""

    def __init__(self, identity: Identity, pending: Any, conversation_id: str, task: str) -> None:
        self._identity, self._pending = identity, pending
        self.conversation_id, self.task = conversation_id, task

    async def finish(self, code: str, state: str, iss: str | None) -> tuple[Person, str]:
        """(person, token for signing out at the provider). Raises OidcRefused, OidcUnavailable."""
        return await self._identity._finish(self._pending, code, state, iss)


def with_identity(
    identity: Identity | None, args: Mapping[str, Any], conversation_id: str, session: str
) -> Mapping[str, Any]:
    """`args` with what this gateway says of the citizen; what the page said under this name is dropped."""
    own = {name: value for name, value in args.items() if name != IDENTITY}
    return own if identity is None else {**own, IDENTITY: identity.carried(conversation_id, session)}
