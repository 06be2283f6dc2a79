"""The parts that serve the staff, put together from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from gateway.access import STAFF_ROLES
from gateway.officer import StaffPolicy
from gateway.oidc import OidcClient, OidcSettings
from gateway.oidc_pending import PendingSignIns
from gateway.oversight import Oversight
from gateway.sealed_box import SealedBox
from gateway.session_watch import Publish, SessionWatch
from gateway.settings import GatewaySettings
from gateway.staff import Staff, add_demo_staff
from gateway.staff_oidc import ClaimNames, StaffOidc, parse_roles
from gateway.store import DatabaseThread


@dataclass(frozen=True, slots=True)
class StaffParts:
    """One per process. `open` and `close` run inside the loop."""

    people: Staff
    thread: DatabaseThread
    """For what argon2 does: no citizen waits for it."""
    watch: SessionWatch
    oversight: Oversight
    oidc: StaffOidc | None

    async def open(self) -> None:
        """Begin to watch the sessions."""
        if self.oidc is not None:
            await self.oidc.open()
        self.watch.start()

    async def close(self) -> None:
        """Stop."""
        await self.watch.stop()
        if self.oidc is not None:
            await self.oidc.close()
        self.thread.close()


def staff_of(settings: GatewaySettings, engine: Engine) -> Staff:
    """Accounts, sessions, codes and trail on this database. Raises ValueError for bad settings."""
    box = SealedBox.load(settings.gateway_keys, settings.data_dir)
    return Staff(engine, box, policy_of(settings))


def policy_of(settings: GatewaySettings) -> StaffPolicy:
    """Raises ValueError naming a role that does not exist."""
    roles = frozenset(role.strip() for role in settings.totp_roles.split(",") if role.strip())
    if unknown := roles - set(STAFF_ROLES):
        known = ", ".join(STAFF_ROLES)
        raise ValueError(f"NCZF_TOTP_ROLES: {', '.join(sorted(unknown))}; expected any of {known}")
    return StaffPolicy(
        session_s=settings.staff_session_s, idle_s=settings.staff_idle_s, totp_roles=roles
    )


async def staff_parts(
    settings: GatewaySettings, engine: Engine, database: DatabaseThread, publish: Publish
) -> StaffParts:
    """Put them together; with NCZF_DEMO the demo officers are made first. Raises ValueError."""
    people = staff_of(settings, engine)
    if settings.demo:
        await database(add_demo_staff, people, settings.data_dir)
    return StaffParts(
        people=people,
        thread=DatabaseThread(),
        watch=SessionWatch(people.sessions, database, publish, settings.session_poll_s),
        oversight=Oversight(engine, people.trail, database),
        oidc=_oidc(settings, engine, people, database),
    )


def _oidc(
    settings: GatewaySettings, engine: Engine, people: Staff, database: DatabaseThread
) -> StaffOidc | None:
    if not settings.staff_oidc_issuer:
        return None
    client = OidcClient(
        OidcSettings(
            issuer=settings.staff_oidc_issuer,
            client_id=settings.staff_oidc_client_id,
            client_secret=settings.staff_oidc_client_secret,
            scope=settings.staff_oidc_scope,
        )
    )
    names = ClaimNames(
        parse_roles(settings.staff_oidc_roles),
        settings.staff_oidc_username_claim,
        settings.staff_oidc_name_claim,
        settings.staff_oidc_role_claim,
    )
    pending = PendingSignIns(engine)
    return StaffOidc(client, pending, people, database, settings.staff_oidc_issuer, names)
