"""Requests that change something must come from our own pages, or from no browser at all."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import error_body
from gateway.phrases import Phrases

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
MACHINES = ("/api/feeds/",)
"""Other systems send here, with a signature and whatever content type: a cookie counts for nothing."""


def from_own_page(headers: Mapping[str, str], allowed: frozenset[str]) -> bool:
    """True unless a browser says that another site's page sent it.

    Args:
        headers: of the request, names in lower case.
        allowed: origins besides our own.

    """
    origin = headers.get("origin")
    if origin is not None:
        return origin in allowed or (origin != "null" and urlsplit(origin).netloc == headers.get("host"))
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def is_json(headers: Mapping[str, str]) -> bool:
    """True for a JSON body, and for none: no form of another site can send either with our cookies."""
    given = headers.get("content-type")
    if given is None:
        return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    return given.partition(";")[0].strip().lower() == "application/json"


class OwnPagesOnly:
    """ASGI middleware; the SameSite cookies are the first fence, this is the second."""

    def __init__(self, app: ASGIApp, allowed_origins: str, phrases: Phrases) -> None:
        self._app = app
        self._allowed = frozenset(o.strip() for o in allowed_origins.split(",") if o.strip())
        self._phrases = phrases

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, or refuse it with 403 or 415."""
        changes = scope["type"] == "http" and scope["method"] not in SAFE
        if not changes or scope["path"].startswith(MACHINES):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not from_own_page(headers, self._allowed):
            answer = error_body("bad_origin", self._phrases.say("error_bad_origin"), 403)
        elif not is_json(headers):
            answer = error_body("bad_type", self._phrases.say("error_bad_type"), 415)
        else:
            await self._app(scope, receive, send)
            return
        await answer(scope, receive, send)
