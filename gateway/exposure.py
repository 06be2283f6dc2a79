"""What must not be left at its default once others than this machine can reach the gateway.

Checked before the start: all faults at once, each with its remedy.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from gateway.accounts import Account
from gateway.oidc_provider import safe_address
from gateway.sealed_box import parse
from gateway.settings import GatewaySettings
from gateway.staff_oidc import parse_roles
from gateway.staff_parts import policy_of

SECRET = re.compile(r"(_token|_secret)$")
SECRET_MIN, DISTINCT_MIN = 16, 8
USUAL = re.compile(r"change.?me|secret|password|example|default|12345|test", re.IGNORECASE)


def exposed(settings: GatewaySettings) -> bool:
    """True if others than this machine may come in: an open address, or HTTPS in front of it."""
    if settings.secure_cookies:
        return True
    if settings.host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        return True


def faults(settings: GatewaySettings, accounts: Sequence[Account] = ()) -> list[str]:
    """What is wrong with these settings, each with its remedy; values of secrets are never repeated.

    Args:
        settings: as they would be started.
        accounts: all accounts of staff.

    """
    found = _unusable(settings)
    if not exposed(settings):
        return found
    found += [
        f"{name}: weak or a usual default; expected {SECRET_MIN} or more random characters"
        for name in _weak_secrets(settings)
    ]
    if not settings.secure_cookies:
        found.append(
            f"NCZF_HOST is {settings.host} and NCZF_SECURE_COOKIES is false: cookies would travel in clear;"
            " put HTTPS in front and set it to true, or listen on 127.0.0.1"
        )
    if settings.redis_url and not settings.gateway_keys.strip():
        found.append(
            "NCZF_GATEWAY_KEYS is empty while NCZF_REDIS_URL is set: each gateway would make keys of its own;"
            " set the same ones on all"
        )
    if settings.demo:
        found.append("NCZF_DEMO is true: demo passwords lie in a file; set it to false")
    demo = [account.username for account in accounts if account.demo and account.state == "active"]
    if demo:
        found.append(
            f"demo accounts are active ({', '.join(demo)}):"
            " `python -m gateway.admin staff disable NAME`, or reset-password NAME"
        )
    origins = (origin.strip() for origin in settings.allowed_origins.split(","))
    clear = [origin for origin in origins if origin and not safe_address(origin)]
    if clear:
        found.append(f"NCZF_ALLOWED_ORIGINS holds {', '.join(clear)}; expected https://… origins alone")
    return found


def _unusable(settings: GatewaySettings) -> list[str]:
    """What no gateway could work with, wherever it listens."""
    found = []
    for check in (
        lambda: policy_of(settings),
        lambda: parse_roles(settings.staff_oidc_roles),
        lambda: settings.gateway_keys.strip() and parse(settings.gateway_keys, "NCZF_GATEWAY_KEYS"),
    ):
        try:
            check()
        except ValueError as error:
            found.append(str(error))
    if not 0 < settings.staff_idle_s <= settings.staff_session_s:
        found.append(
            f"NCZF_STAFF_IDLE_S is {settings.staff_idle_s:g}; expected more than 0 and at most"
            f" NCZF_STAFF_SESSION_S ({settings.staff_session_s:g})"
        )
    return found + _provider(settings)


def _provider(settings: GatewaySettings) -> list[str]:
    if not settings.staff_oidc_issuer:
        return []
    found = []
    if not safe_address(settings.staff_oidc_issuer):
        found.append("NCZF_STAFF_OIDC_ISSUER: expected https://… (http only on loopback)")
    if not settings.staff_oidc_client_id:
        found.append("NCZF_STAFF_OIDC_CLIENT_ID is empty: the provider gives one to each client")
    if not settings.staff_oidc_roles.strip():
        found.append("NCZF_STAFF_OIDC_ROLES is empty: nobody could sign in; expected THEIRS=OURS,…")
    if exposed(settings) and not settings.public_url.startswith("https://"):
        found.append("NCZF_PUBLIC_URL: expected our own https://… address, where people come back to")
    return found


def _weak_secrets(settings: GatewaySettings) -> list[str]:
    """Secrets that are set and could be guessed; an empty one turns its feature off."""
    weak = []
    for name, value in settings.model_dump().items():
        if SECRET.search(name) and isinstance(value, str) and value:
            short = len(value) < SECRET_MIN or len(set(value)) < DISTINCT_MIN
            if short or USUAL.search(value):
                weak.append(f"NCZF_{name.upper()}")
    return sorted(weak)
