"""The access decision on every route: one dependency of the whole app, so that no route can be without it."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.requests import HTTPConnection
from starlette.types import Scope

from gateway.access import RULES, STAFF_ROLES, allowed
from gateway.officer import Officer

STAFF_COOKIE = "nczf_staff"
PASSIVE = frozenset({"GET /api/desk/me"})
"""Asked by the pages by themselves: no sign that anybody is there."""


class NotSignedIn(Exception):
    """No valid staff session."""


class Forbidden(Exception):
    """Signed in, but this is not for this role, or something has to be done first."""

    def __init__(self, code: str, phrase: str) -> None:
        super().__init__(code)
        self.code = code
        self.phrase = phrase


def action_of(scope: Scope) -> str:
    """The route's key in `gateway.access.RULES`."""
    path = scope["route"].path
    return f"WS {path}" if scope["type"] == "websocket" else f"{scope['method']} {path}"


async def guard(connection: HTTPConnection) -> None:
    """Let the request pass, with its officer in `state.officer`. Raises NotSignedIn, Forbidden.

    A socket is only checked for having a rule: it decides after it was accepted, so that it can say why.
    """
    action = action_of(connection.scope)
    rule = RULES.get(action)
    if rule is None:
        raise Forbidden("forbidden", "error_forbidden")
    if connection.scope["type"] == "websocket" or rule.roles is None:
        return
    officer = None
    if rule.roles & frozenset(STAFF_ROLES):
        token = connection.cookies.get(STAFF_COOKIE)
        officer = await find_officer(connection.app, token, deed=action not in PASSIVE)
    decision = allowed(officer, action)
    if decision.reason == "not_signed_in":
        raise NotSignedIn
    if decision.reason == "must_first":
        raise Forbidden("must_first", f"error_must_{decision.must}")
    if not decision:
        raise Forbidden("forbidden", "error_forbidden")
    connection.state.officer = officer


async def find_officer(app: Any, token: str | None, deed: bool = False) -> Officer | None:
    """The officer of a session token, or None; with `deed` the session counts as used."""
    if not token:
        return None
    sessions = app.state.people.sessions
    return await app.state.hub.database(sessions.officer, token, deed)  # type: ignore[no-any-return]


def signed_in(request: Request) -> Officer:
    """The officer of this request; its route's rule has let them pass. Raises NotSignedIn."""
    officer: Officer | None = getattr(request.state, "officer", None)
    if officer is None:
        raise NotSignedIn
    return officer
