"""Members of staff who sign in at the city's identity provider (统一身份认证)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.access import STAFF_ROLES
from gateway.log import digest
from gateway.officer import Officer
from gateway.oidc import Claims, OidcClient, OidcRefused
from gateway.oidc_pending import PendingSignIns
from gateway.staff import Place, SignInRefused, Staff
from gateway.store import DatabaseThread

PURPOSE = "staff"


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Where the provider's claims say what we need; `a.b` looks into an object."""

    roles: Mapping[str, str]
    """The provider's role -> ours; the first one here that somebody has counts."""
    username: str = "preferred_username"
    name: str = "name"
    role: str = "roles"


def parse_roles(setting: str) -> dict[str, str]:
    """`theirs=ours,…` in order. Raises ValueError naming the entry."""
    found: dict[str, str] = {}
    for entry in (e.strip() for e in setting.split(",")):
        if not entry:
            continue
        theirs, _, ours = (part.strip() for part in entry.rpartition("="))
        if not theirs or ours not in STAFF_ROLES:
            known = ", ".join(STAFF_ROLES)
            raise ValueError(f"NCZF_STAFF_OIDC_ROLES: {entry!r}; expected THEIRS=OURS, OURS one of {known}")
        found[theirs] = ours
    return found


class StaffOidc:
    """Sign-in and sign-out through the provider."""

    def __init__(
        self,
        client: OidcClient,
        pending: PendingSignIns,
        people: Staff,
        database: DatabaseThread,
        issuer: str,
        names: ClaimNames,
    ) -> None:
        self._client = client
        self._pending = pending
        self._people = people
        self._database = database
        self._issuer = issuer
        self._names = names

    async def open(self) -> None:
        """Prepare to connect."""
        await self._client.open()

    async def close(self) -> None:
        """Let go."""
        await self._client.close()

    async def start(self, redirect_uri: str) -> tuple[str, str]:
        """(address at the provider, token for the browser's cookie). Raises OidcUnavailable."""
        url, pending = await self._client.start(redirect_uri)
        return url, await self._database(self._pending.keep, PURPOSE, pending)

    async def finish(
        self, cookie: str, code: str, state: str, issuer: str | None, place: Place
    ) -> tuple[Officer, str, list[str]]:
        """(officer, token of the new session, hashes of sessions that ended).

        Raises OidcRefused, OidcUnavailable.
        """
        taken = await self._database(self._pending.take, PURPOSE, cookie)
        if taken is None:
            raise OidcRefused("no_such_sign_in")
        claims = await self._client.finish(taken[0], code, state, issuer)
        username, name = (self._text(claims, n) for n in (self._names.username, self._names.name))
        try:
            return await self._database(
                self._people.sign_in_vouched,
                username=username,
                name=name,
                role=self._role(claims),
                subject_hash=digest(f"{self._issuer}\0{claims.subject}"),
                place=place,
                id_token=claims.id_token,
            )
        except SignInRefused as error:
            raise OidcRefused("account_refused") from error

    async def sign_out_url(self, id_token: str, back_to: str) -> str | None:
        """Where to sign out of the provider too, if it has such a page. Raises OidcUnavailable."""
        return await self._client.sign_out_url(id_token, back_to)

    def _role(self, claims: Claims) -> str:
        given = claims.get(self._names.role)
        theirs = {given} if isinstance(given, str) else set()
        if isinstance(given, list):
            theirs = {entry for entry in given if isinstance(entry, str)}
        for name, ours in self._names.roles.items():
            if name in theirs:
                return ours
        raise OidcRefused("unknown_role")

    def _text(self, claims: Claims, name: str) -> str:
        found = claims.get(name)
        return found if isinstance(found, str) else ""
