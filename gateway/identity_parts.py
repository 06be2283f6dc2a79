"""The parts that serve citizens who sign in, put together from the settings."""

from __future__ import annotations

from sqlalchemy import Engine

from gateway.app_tickets import AppSettings, AppTickets
from gateway.citizen import ClaimNames
from gateway.citizen_sessions import CitizenSessions, SessionLimits
from gateway.identity import Identity
from gateway.oidc import OidcClient, OidcSettings
from gateway.oidc_pending import PendingSignIns
from gateway.sealed_box import SealedBox
from gateway.settings import GatewaySettings
from gateway.store import DatabaseThread

SECRET_LENGTH = 16
"""Characters of NCZF_IDENTITY_SECRET, at least."""


def identity_of(
    settings: GatewaySettings, engine: Engine, database: DatabaseThread
) -> Identity | None:
    """Put together by the settings; None where no citizen signs in. Raises ValueError for bad settings."""
    if not settings.citizen_oidc_issuer and not settings.app_issuer:
        return None
    if len(settings.identity_secret) < SECRET_LENGTH:
        raise ValueError(
            f"NCZF_IDENTITY_SECRET: {len(settings.identity_secret)} characters; citizens sign in here, so "
            f"set {SECRET_LENGTH} or more, the same for gateway and action server"
        )
    box = SealedBox.load(settings.gateway_keys, settings.data_dir)
    limits = SessionLimits(settings.citizen_session_s, settings.citizen_idle_s)
    names = ClaimNames(
        settings.citizen_name_claim, settings.citizen_phone_claim, settings.citizen_id_claim
    )
    return Identity(
        CitizenSessions(engine, box, limits),
        database,
        settings.identity_secret,
        names,
        _client_of(settings),
        PendingSignIns(engine),
        settings.citizen_oidc_issuer,
        _tickets_of(settings, names, engine, database),
    )


def _client_of(settings: GatewaySettings) -> OidcClient | None:
    if not settings.citizen_oidc_issuer:
        return None
    return OidcClient(
        OidcSettings(
            issuer=settings.citizen_oidc_issuer,
            client_id=settings.citizen_oidc_client_id,
            client_secret=settings.citizen_oidc_client_secret,
            scope=settings.citizen_oidc_scope,
            userinfo=settings.citizen_oidc_userinfo,
        )
    )


def _tickets_of(
    settings: GatewaySettings, names: ClaimNames, engine: Engine, database: DatabaseThread
) -> AppTickets | None:
    if not settings.app_issuer:
        return None
    own = AppSettings(
        settings.app_issuer, settings.app_audience, settings.app_jwks_url, settings.app_ticket_secret
    )
    return AppTickets(own, names, engine, database)
