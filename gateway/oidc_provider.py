"""An OpenID provider seen from outside: its discovery document and keys, kept for a while; calls to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

KEEP_S = 3600.0
"""How long the discovery document and the keys are believed."""
ANEW_S = 30.0
"""Unknown keys make us ask again, but never more often: anybody can send a token with a made-up key."""
BODY_LIMIT = 256 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
USUAL_AUTH = ("client_secret_basic",)
"""What a provider takes that does not say (OpenID Connect Discovery 1.0, section 3)."""


class OidcUnavailable(Exception):
    """The provider does not answer, or not as a provider does. Try again later."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of the discovery document that we use."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    token_auth_methods: tuple[str, ...]


def safe_address(url: object) -> bool:
    """True for https, and for http on this very machine."""
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    )


class OidcProvider:
    """Reads what a provider publishes. Redirects are not followed, answers have a limit."""

    def __init__(self, issuer: str, deadline_s: float, clock: Callable[[], float]) -> None:
        if not safe_address(issuer):
            raise ValueError(f"OpenID issuer {issuer!r}: expected https://… (http only on loopback)")
        self._issuer = issuer
        self._deadline_s = deadline_s
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def open(self) -> None:
        """Create the HTTP session."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._deadline_s))

    async def close(self) -> None:
        """Close the HTTP session."""
        if self._session is not None:
            await self._session.close()

    async def metadata(self) -> Metadata:
        """The discovery document. Raises OidcUnavailable."""
        if self._metadata is None or self._clock() - self._metadata[0] > KEEP_S:
            address = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
            status, found = await self.call("GET", address)
            if status != 200:
                raise OidcUnavailable(f"discovery answered {status}")
            self._metadata = (self._clock(), self._checked(found))
        return self._metadata[1]

    async def keys(self, anew: bool = False) -> KeySet:
        """The provider's keys; `anew`: those of now, if the last look is some time ago.

        Raises OidcUnavailable.
        """
        age = self._clock() - self._keys[0] if self._keys else None
        if self._keys is None or age is None or age > (ANEW_S if anew else KEEP_S):
            status, found = await self.call("GET", (await self.metadata()).jwks_uri)
            if status != 200:
                raise OidcUnavailable(f"keys answered {status}")
            try:
                keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
            except (JoseError, KeyError, TypeError, ValueError, AttributeError) as error:
                raise OidcUnavailable("keys are no key set") from error
            self._keys = (self._clock(), keys)
        return self._keys[1]

    async def call(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """(status, JSON object) of one call. Raises OidcUnavailable for 5xx, redirects, what is no JSON."""
        assert self._session is not None, "OidcProvider.open() first"
        wanted = {"Accept": "application/json", **(headers or {})}
        try:
            async with self._session.request(
                method, url, data=form, headers=wanted, allow_redirects=False
            ) as answer:
                body = await answer.content.read(BODY_LIMIT + 1)
                while len(body) <= BODY_LIMIT and not answer.content.at_eof():
                    body += await answer.content.read(BODY_LIMIT + 1 - len(body))
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OidcUnavailable(type(error).__name__) from error
        if status >= 500 or 300 <= status < 400 or len(body) > BODY_LIMIT:
            raise OidcUnavailable(f"answered {status} with {len(body)} bytes")
        try:
            found = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise OidcUnavailable(f"answered {status} with no JSON") from error
        if not isinstance(found, dict):
            raise OidcUnavailable(f"answered {status} with no JSON object")
        return status, found

    def _checked(self, found: Mapping[str, Any]) -> Metadata:
        if found.get("issuer") != self._issuer:
            raise OidcUnavailable("discovery names another issuer than the setting")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        wrong = [name for name in needed if not safe_address(found.get(name))]
        if wrong:
            raise OidcUnavailable(f"discovery lacks a safe {', '.join(wrong)}")
        optional = {
            name: found.get(name) if safe_address(found.get(name)) else None
            for name in ("userinfo_endpoint", "end_session_endpoint")
        }
        methods = found.get("token_endpoint_auth_methods_supported")
        return Metadata(
            authorization_endpoint=str(found["authorization_endpoint"]),
            token_endpoint=str(found["token_endpoint"]),
            jwks_uri=str(found["jwks_uri"]),
            userinfo_endpoint=optional["userinfo_endpoint"],
            end_session_endpoint=optional["end_session_endpoint"],
            token_auth_methods=tuple(methods) if isinstance(methods, list) else USUAL_AUTH,
        )
