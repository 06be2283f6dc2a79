"""Signing in at an OpenID provider: code flow with PKCE, for staff and for citizens.

`start` gives the address that the browser is sent to and a `Pending` that the caller keeps (once, for this
browser alone: `gateway.oidc_pending`); `finish` trades the code that the browser brings back for the claims.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError

from gateway.oidc_provider import OidcProvider, OidcUnavailable

ALGORITHMS = ("RS256", "ES256", "PS256", "RS384", "RS512", "ES384", "ES512", "EdDSA")
"""Signatures that are believed: never `none`, and none whose key the client holds too."""
MAX_AGE_S = 600.0
"""How long somebody may take at the provider."""

__all__ = ["Claims", "OidcClient", "OidcRefused", "OidcSettings", "OidcUnavailable", "Pending"]


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """How one client stands with one provider."""

    issuer: str
    client_id: str
    client_secret: str = ""
    """Empty: a public client, PKCE alone."""
    scope: str = "openid profile"
    userinfo: bool = False
    """Ask the userinfo address as well, for providers that put nothing but the subject into the token."""
    leeway_s: float = 60.0
    """By how much the two clocks may differ."""
    deadline_s: float = 5.0
    """Of one call to the provider."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in under way. All but `redirect_uri` is secret until it is over; use it once."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    started_at: float
    """UTC seconds."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider vouches for."""

    subject: str
    values: Mapping[str, Any]
    """All claims, those of the token before those of userinfo."""
    id_token: str
    """For signing out there; as secret as a session."""

    def get(self, name: str) -> Any:
        """One claim; `a.b` looks into an object; None if there is none."""
        found: Any = self.values
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found


class OidcRefused(Exception):
    """A sign-in that is not believed. `reason` is a short code for logs: never a token, never a claim."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OidcClient:
    """One client of one provider. `open` and `close` run inside the loop that uses it."""

    def __init__(self, settings: OidcSettings, clock: Callable[[], float] = time.time) -> None:
        """
        Args:
            settings: who we are and where the provider is.
            clock: UTC seconds.

        Raises ValueError for an issuer that is no https address (http only on loopback).
        """
        self._settings = settings
        self._clock = clock
        self._provider = OidcProvider(settings.issuer, settings.deadline_s, clock)

    async def open(self) -> None:
        """Prepare to connect; the provider is asked only when somebody signs in."""
        await self._provider.open()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._provider.close()

    async def start(self, redirect_uri: str) -> tuple[str, Pending]:
        """The address to send the browser to, and what to keep. Raises OidcUnavailable."""
        metadata = await self._provider.metadata()
        pending = Pending(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            started_at=self._clock(),
        )
        query = [
            ("response_type", "code"),
            ("client_id", self._settings.client_id),
            ("redirect_uri", redirect_uri),
            ("scope", self._settings.scope),
            ("state", pending.state),
            ("nonce", pending.nonce),
            ("code_challenge", create_s256_code_challenge(pending.verifier)),
            ("code_challenge_method", "S256"),
        ]
        return str(add_params_to_uri(metadata.authorization_endpoint, query)), pending

    async def finish(self, pending: Pending, code: str, state: str, issuer: str | None = None) -> Claims:
        """The claims of who came back with `code`.

        Args:
            pending: of this very browser, taken out of its store: it must not be used again.
            code: of the address that the provider sent the browser to.
            state: likewise.
            issuer: its parameter `iss`, if any (RFC 9207).

        Raises OidcRefused, OidcUnavailable.
        """
        if not hmac.compare_digest(pending.state.encode(), state.encode("utf-8", "replace")):
            raise OidcRefused("wrong_state")
        if not 0 <= self._clock() - pending.started_at <= MAX_AGE_S:
            raise OidcRefused("too_late")
        if issuer is not None and issuer != self._settings.issuer:
            raise OidcRefused("wrong_issuer")
        tokens = await self._trade(pending, code)
        claims = await self._checked(tokens, pending.nonce)
        values = dict(claims)
        if self._settings.userinfo and isinstance(tokens.get("access_token"), str):
            values = {**await self._userinfo(tokens["access_token"], values["sub"]), **values}
        return Claims(str(values["sub"]), values, tokens["id_token"])

    async def sign_out_url(self, id_token: str, back_to: str) -> str | None:
        """Where the browser signs out of the provider too; None if the provider has no such page."""
        endpoint = (await self._provider.metadata()).end_session_endpoint
        if endpoint is None:
            return None
        query = [("id_token_hint", id_token), ("post_logout_redirect_uri", back_to)]
        return str(add_params_to_uri(endpoint, query))

    async def _trade(self, pending: Pending, code: str) -> dict[str, Any]:
        metadata = await self._provider.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": pending.redirect_uri,
            "code_verifier": pending.verifier,
        }
        client_id, secret = self._settings.client_id, self._settings.client_secret
        headers = {}
        if secret and "client_secret_basic" in metadata.token_auth_methods:
            pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": client_id} | ({"client_secret": secret} if secret else {})
        status, tokens = await self._provider.call("POST", metadata.token_endpoint, form, headers)
        if status != 200:
            error = tokens.get("error")
            raise OidcRefused("code_refused" if error == "invalid_grant" else "client_refused")
        if not isinstance(tokens.get("id_token"), str):
            raise OidcRefused("no_id_token")
        return tokens

    async def _checked(self, tokens: Mapping[str, Any], nonce: str) -> CodeIDToken:
        """The ID token's claims, its signature and all that OpenID Connect Core 3.1.3.7 asks for checked."""
        text = tokens["id_token"]
        try:
            token = jwt.decode(text, await self._provider.keys(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # The provider may have changed its keys; if it has not, the signature is simply wrong.
            try:
                token = jwt.decode(text, await self._provider.keys(anew=True), algorithms=ALGORITHMS)
            except (JoseError, ValueError) as error:
                raise OidcRefused("bad_signature") from error
        own = self._settings
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": own.issuer},
                "aud": {"essential": True, "value": own.client_id},
            },
            {"nonce": nonce, "client_id": own.client_id, "access_token": tokens.get("access_token")},
        )
        try:
            claims.validate(now=int(self._clock()), leeway=int(own.leeway_s))
        except (JoseError, TypeError, ValueError) as error:
            wrong = getattr(error, "claim", None) or getattr(error, "error", None) or "claims"
            raise OidcRefused(f"bad_token:{wrong}") from error
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise OidcRefused("bad_token:sub")
        return claims

    async def _userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        endpoint = (await self._provider.metadata()).userinfo_endpoint
        if endpoint is None:
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}
        status, found = await self._provider.call("GET", endpoint, None, headers)
        if status != 200 or found.get("sub") != subject:
            raise OidcRefused("bad_userinfo")
        return found
