"""Signing in and out, and the own account of every member of staff."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from gateway.accounts import BadPassword
from gateway.errors import error_body
from gateway.guard import STAFF_COOKIE, signed_in
from gateway.hub import Hub
from gateway.log import digest
from gateway.masking import mask
from gateway.officer import Officer
from gateway.oidc import OidcRefused, OidcUnavailable
from gateway.session_watch import SessionWatch
from gateway.staff import (
    CodeNeeded,
    CodeRefused,
    Place,
    SignInLocked,
    SignInRefused,
    Staff,
)
from gateway.staff_codes import NoEnrolment
from gateway.staff_oidc import StaffOidc
from gateway.staff_sessions import session_name
from gateway.store import DatabaseThread

log = logging.getLogger(__name__)
OIDC_COOKIE, OIDC_PATH, OIDC_COOKIE_S = "nczf_staff_oidc", "/api/desk/oidc", 600
NO_STORE = {"Cache-Control": "no-store"}
Password = Annotated[str, Field(max_length=200)]
Code = Annotated[str, Field(max_length=40)]


class SignIn(BaseModel):
    """Body of POST /api/desk/login."""

    username: Annotated[str, Field(max_length=40)]
    password: Password
    code: Code = ""
    """One-time or recovery code, for accounts that have them."""


class NewPassword(BaseModel):
    """Body of POST /api/desk/password."""

    old: Password
    new: Password


class PasswordAgain(BaseModel):
    """Body of POST /api/desk/totp/begin."""

    password: Password


class FirstCode(BaseModel):
    """Body of POST /api/desk/totp/confirm."""

    code: Code


class Ending(BaseModel):
    """Body of POST /api/desk/sessions/revoke."""

    id: Annotated[str, Field(pattern="^[0-9a-f]{12}$")]


class Desk:
    """What these routes work with, for one request."""

    def __init__(self, request: Request) -> None:
        state = request.app.state
        self.request = request
        self.hub: Hub = state.hub
        self.people: Staff = state.people
        self.watch: SessionWatch = state.session_watch
        self.oidc: StaffOidc | None = state.staff_oidc
        self.slow: DatabaseThread = state.people_thread
        """argon2 takes its time: it has a thread of its own, so that no citizen waits for it."""
        self.token = request.cookies.get(STAFF_COOKIE) or ""

    def place(self) -> Place:
        """Where the request comes from."""
        client = self.request.client
        # Headers say what their sender likes, and the address comes from one where a proxy is trusted.
        return Place(mask(client.host) if client else "", mask(self.request.headers.get("user-agent", "")))

    def base(self) -> str:
        """Our own address as browsers know it."""
        url = urlsplit(str(self.request.base_url))
        return self.hub.settings.public_url.rstrip("/") or f"{url.scheme}://{url.netloc}"

    def fail(self, code: str, phrase: str, status: int, **values: Any) -> Response:
        """A refusal with its sentence."""
        return error_body(code, self.hub.phrases.say(phrase, **values), status)

    def locked(self, locked: SignInLocked) -> Response:
        """Too many failures."""
        minutes = -(-int(locked.retry_after_s) // 60)
        return self.fail("sign_in_locked", "error_login_locked", 429, minutes=max(1, minutes))

    def set_session(self, response: Response, token: str) -> None:
        """Hand the session to the browser."""
        response.set_cookie(
            STAFF_COOKIE,
            token,
            max_age=int(self.people.policy.session_s),
            httponly=True,
            samesite="strict",
            secure=self.hub.settings.secure_cookies,
        )

    async def end_old(self) -> tuple[str, str]:
        """End the session that this browser brought: (username, id token at the provider)."""
        if not self.token:
            return "", ""
        ended = await self.hub.database(self.people.sessions.end, self.token)
        self.watch.close([digest(self.token)])
        return ended


DeskDep = Annotated[Desk, Depends(Desk)]
OfficerDep = Annotated[Officer, Depends(signed_in)]
staff_api = APIRouter(prefix="/api/desk")


def shown(officer: Officer) -> dict[str, Any]:
    """What the page knows of who is signed in."""
    return {
        "username": officer.username,
        "name": officer.name,
        "role": officer.role,
        "must": list(officer.must),
    }


@staff_api.get("/sign-in")
async def ways(desk: DeskDep) -> dict[str, bool]:
    """How one can sign in here."""
    return {"password": True, "oidc": desk.oidc is not None}


@staff_api.post("/login")
async def sign_in(body: SignIn, response: Response, desk: DeskDep) -> Any:
    """Sign in and set the session cookie; the session that the browser had ends."""
    try:
        officer, token = await desk.slow(
            desk.people.sign_in, body.username, body.password, body.code, desk.place()
        )
    except SignInRefused:
        return desk.fail("sign_in_refused", "error_login", 401)
    except CodeNeeded:
        return desk.fail("code_needed", "error_code_needed", 401)
    except CodeRefused:
        return desk.fail("code_refused", "error_code_refused", 401)
    except SignInLocked as locked:
        return desk.locked(locked)
    await desk.end_old()
    desk.set_session(response, token)
    return shown(officer)


@staff_api.post("/logout")
async def sign_out(response: Response, desk: DeskDep) -> dict[str, Any]:
    """End the session; `provider` is where to sign out of the identity provider too, or null."""
    username, id_token = await desk.end_old()
    provider = None
    if username:
        await desk.hub.database(desk.people.trail.note, username, "signed_out", f"staff:{username}")
    if id_token and desk.oidc is not None:
        try:
            provider = await desk.oidc.sign_out_url(id_token, f"{desk.base()}/desk")
        except OidcUnavailable as error:
            log.error("staff provider away at sign-out: %s", error)
    response.delete_cookie(STAFF_COOKIE)
    return {"ok": True, "provider": provider}


@staff_api.get("/me")
async def me(officer: OfficerDep) -> dict[str, Any]:
    """Who is signed in."""
    return shown(officer)


@staff_api.post("/password")
async def change_password(
    body: NewPassword, response: Response, officer: OfficerDep, desk: DeskDep
) -> Any:
    """A new password; every other session of the account ends."""
    try:
        token, ended = await desk.slow(
            desk.people.change_password, officer, body.old, body.new, desk.place()
        )
    except SignInRefused:
        return desk.fail("password_refused", "error_password_wrong", 422)
    except BadPassword as bad:
        return desk.fail("password_refused", f"error_{bad.phrase}", 422)
    except SignInLocked as locked:
        return desk.locked(locked)
    return await _anew(desk, response, token, ended)


@staff_api.post("/totp/begin")
async def begin_codes(body: PasswordAgain, officer: OfficerDep, response: Response, desk: DeskDep) -> Any:
    """A new secret for the authenticator app, as text and as a QR code; shown once."""
    try:
        await desk.slow(desk.people.check_password, officer, body.password, desk.place())
        enrolment = await desk.hub.database(desk.people.codes.begin, officer.username)
    except SignInRefused:
        return desk.fail("password_refused", "error_password_wrong", 422)
    except SignInLocked as locked:
        return desk.locked(locked)
    except NoEnrolment:
        return desk.fail("code_refused", "error_codes_on", 409)
    response.headers.update(NO_STORE)
    return asdict(enrolment)


@staff_api.post("/totp/confirm")
async def confirm_codes(body: FirstCode, officer: OfficerDep, response: Response, desk: DeskDep) -> Any:
    """Turn one-time codes on with the first one; the recovery codes are shown once."""
    try:
        codes, token, ended = await desk.hub.database(
            desk.people.confirm_codes, officer, body.code, desk.place()
        )
    except CodeRefused:
        return desk.fail("code_refused", "error_code_refused", 422)
    except NoEnrolment:
        return desk.fail("code_refused", "error_codes_not_begun", 409)
    except SignInLocked as locked:
        return desk.locked(locked)
    response.headers.update(NO_STORE)
    return {**await _anew(desk, response, token, ended), "recovery": codes}


async def _anew(desk: Desk, response: Response, token: str, ended: list[str]) -> dict[str, Any]:
    """Hand out the session that took the place of those that ended."""
    desk.watch.close(ended)
    desk.set_session(response, token)
    officer = await desk.hub.database(desk.people.sessions.officer, token)
    return shown(officer) if officer is not None else {}


@staff_api.get("/sessions")
async def own_sessions(officer: OfficerDep, desk: DeskDep) -> dict[str, Any]:
    """Where this account is signed in; times are UTC seconds."""
    found = await desk.hub.database(desk.people.sessions.all, officer.username)
    here = session_name(digest(desk.token))
    return {"sessions": [{**asdict(one), "here": one.id == here} for one in found]}


@staff_api.post("/sessions/revoke")
async def end_session(body: Ending, officer: OfficerDep, desk: DeskDep) -> dict[str, int]:
    """End one session of the own account."""
    revoke = desk.people.accounts.revoke
    ended = await desk.hub.database(revoke, officer.username, by=officer.username, session_id=body.id)
    desk.watch.close(ended)
    return {"ended": len(ended)}


@staff_api.get("/staff/sessions")
async def all_sessions(officer: OfficerDep, desk: DeskDep) -> dict[str, Any]:
    """Who is signed in where; times are UTC seconds."""
    found = await desk.hub.database(desk.people.sessions.all)
    return {"sessions": [asdict(one) for one in found]}


@staff_api.get("/oidc/start")
async def oidc_start(desk: DeskDep) -> Response:
    """Send the browser to the identity provider."""
    if desk.oidc is None:
        return desk.fail("not_found", "error_not_found", 404)
    try:
        url, token = await desk.oidc.start(f"{desk.base()}{OIDC_PATH}/back")
    except OidcUnavailable as error:
        log.error("staff provider away: %s", error)
        return _to_desk("problem=unavailable")
    response = RedirectResponse(url, 303, headers=NO_STORE)
    response.set_cookie(
        OIDC_COOKIE,
        token,
        max_age=OIDC_COOKIE_S,
        path=OIDC_PATH,
        httponly=True,
        samesite="lax",  # the way back begins on the provider's page
        secure=desk.hub.settings.secure_cookies,
    )
    return response


@staff_api.get("/oidc/back")
async def oidc_back(
    request: Request, desk: DeskDep, code: str = "", state: str = "", iss: str | None = None, error: str = ""
) -> Response:
    """The browser comes back from the identity provider."""
    if desk.oidc is None:
        return desk.fail("not_found", "error_not_found", 404)
    cookie = request.cookies.get(OIDC_COOKIE) or ""
    try:
        if error or not code or not cookie:
            raise OidcRefused("cancelled" if error == "access_denied" else "no_code")
        officer, token, ended = await desk.oidc.finish(cookie, code, state, iss, desk.place())
    except OidcUnavailable as away:
        log.error("staff provider away: %s", away)
        response = _to_desk("problem=unavailable")
    except OidcRefused as refused:
        log.warning("staff sign-in at the provider refused: %s", refused.reason)
        known = refused.reason if refused.reason in ("unknown_role", "cancelled") else "refused"
        response = _to_desk(f"problem={known}")
    else:
        desk.watch.close(ended)
        await desk.end_old()
        response = _to_desk("signed-in")
        desk.set_session(response, token)
    response.delete_cookie(OIDC_COOKIE, path=OIDC_PATH)
    return response


def _to_desk(told: str) -> Response:
    """Back to the page; what it is told stands behind the #, so no server's log has it."""
    return RedirectResponse(f"/desk#{told}", 303, headers=NO_STORE)
