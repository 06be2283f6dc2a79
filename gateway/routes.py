"""REST and page routes; the sockets live beside them."""

from __future__ import annotations

import hmac
import logging
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, Request, Response, WebSocket
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from gateway.citizen_socket import CitizenSocket
from gateway.conversation import ConversationNotFound
from gateway.desk_socket import SIGNED_OUT, DeskSocket
from gateway.errors import error_body
from gateway.hub import Hub
from gateway.knowledge_client import KnowledgeUnavailable
from gateway.log import digest
from gateway.phrases import load_home
from gateway.readiness import readiness
from gateway.refusals import Refused
from gateway.services_client import (
    FEED_HEADERS,
    FEED_LIMIT,
    VOUCHER_TYPES,
    Services,
    ServicesUnavailable,
)
from gateway.sockets import CLOSE_BUSY, CLOSE_ORIGIN, CLOSE_SIGN_IN, close, origin_allowed
from gateway.staff import SESSION_S, Officer, SignInLocked, SignInRefused, Staff

log = logging.getLogger(__name__)
CITIZEN_COOKIE, STAFF_COOKIE = "nczf_citizen", "nczf_staff"
CITIZEN_COOKIE_S = 30 * 24 * 3600
BUSY_RETRY_S = 30


class Start(BaseModel):
    """Body of POST /api/conversations."""

    fresh: bool = False
    """True: leave the old conversation and start a new one."""


class SignIn(BaseModel):
    """Body of POST /api/desk/login."""

    username: Annotated[str, Field(max_length=40)]
    password: Annotated[str, Field(max_length=200)]


class NotSignedIn(Exception):
    """No valid staff session."""


def hub_of(request: Request) -> Hub:
    """The hub of this app."""
    return request.app.state.hub  # type: ignore[no-any-return]


def people_of(request: Request) -> Staff:
    """The staff of this app."""
    return request.app.state.people  # type: ignore[no-any-return]


async def signed_in(request: Request) -> Officer:
    """The officer of this request. Raises NotSignedIn."""
    officer = await find_officer(request.app, request.cookies.get(STAFF_COOKIE))
    if officer is None:
        raise NotSignedIn
    return officer


async def find_officer(app: FastAPI, token: str | None) -> Officer | None:
    """The officer of a session token, or None."""
    if not token:
        return None
    return await app.state.hub.database(app.state.people.officer, token)  # type: ignore[no-any-return]


def session_topic(token: str) -> str:
    """The bus topic of one staff session."""
    return f"session.{digest(token)}"


HubDep = Annotated[Hub, Depends(hub_of)]
PeopleDep = Annotated[Staff, Depends(people_of)]
OfficerDep = Annotated[Officer, Depends(signed_in)]
api = APIRouter(prefix="/api")


@api.get("/home")
async def home(hub: HubDep) -> dict[str, Any]:
    """The first screen: tiles, hot questions, and the notice of this moment."""
    return {**load_home(), "notice": hub.board.notice}


@api.post("/conversations")
async def start_conversation(
    body: Start,
    response: Response,
    hub: HubDep,
    nczf_citizen: Annotated[str | None, Cookie()] = None,
) -> Any:
    """Return the conversation of this browser, or start one (and set its cookie)."""
    if not body.fresh and nczf_citizen and "." in nczf_citizen:
        try:
            found = await hub.database(hub.log.authenticate, *nczf_citizen.split(".", 1))
            return {"conversation_id": found.id, "last_seq": found.last_seq}
        except ConversationNotFound:
            pass
    try:
        hub.check_channel("portal")
    except Refused as refused:
        return error_body(refused.code, hub.phrases.say(f"error_{refused.code}"), 503)
    if hub.full:
        busy = error_body("busy", hub.phrases.say("error_busy", seconds=BUSY_RETRY_S), 503)
        busy.headers["Retry-After"] = str(BUSY_RETRY_S)
        return busy
    conversation, secret = await hub.begin("portal")
    response.set_cookie(
        CITIZEN_COOKIE,
        f"{conversation.id}.{secret}",
        max_age=CITIZEN_COOKIE_S,
        httponly=True,
        samesite="lax",
        secure=hub.settings.secure_cookies,
    )
    return {"conversation_id": conversation.id, "last_seq": conversation.last_seq}


@api.post("/desk/login")
async def sign_in(body: SignIn, response: Response, hub: HubDep, people: PeopleDep) -> Any:
    """Sign an officer in and set the session cookie."""
    try:
        officer, token = await hub.database(people.sign_in, body.username, body.password)
    except SignInRefused:
        return error_body("sign_in_refused", hub.phrases.say("error_login"), 401)
    except SignInLocked as locked:
        minutes = -(-int(locked.retry_after_s) // 60)
        return error_body("sign_in_locked", hub.phrases.say("error_login_locked", minutes=minutes), 429)
    response.set_cookie(
        STAFF_COOKIE,
        token,
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=hub.settings.secure_cookies,
    )
    return {"username": officer.username, "name": officer.name, "role": officer.role}


@api.post("/desk/logout")
async def sign_out(request: Request, response: Response, hub: HubDep, people: PeopleDep) -> dict[str, bool]:
    """End the session."""
    token = request.cookies.get(STAFF_COOKIE)
    if token:
        await hub.database(people.sign_out, token)
        hub.bus.publish(session_topic(token), {"type": SIGNED_OUT})
    response.delete_cookie(STAFF_COOKIE)
    return {"ok": True}


@api.get("/desk/me")
async def me(officer: OfficerDep) -> dict[str, str]:
    """Who is signed in."""
    return {"username": officer.username, "name": officer.name, "role": officer.role}


@api.get("/desk/guides")
async def search_guides(officer: OfficerDep, hub: HubDep, q: str = "") -> Any:
    """Guides that match the officer's words."""
    try:
        return {"guides": await hub.knowledge.guides(q[:500])}
    except KnowledgeUnavailable:
        return error_body("internal", hub.phrases.say("error_internal"), 503)


@api.get("/desk/guides/{guide_id}")
async def show_guide(guide_id: str, officer: OfficerDep, hub: HubDep) -> Any:
    """One guide's card."""
    try:
        card = await hub.knowledge.guide(guide_id)
    except KnowledgeUnavailable:
        return error_body("internal", hub.phrases.say("error_internal"), 503)
    return card if card is not None else error_body("not_found", hub.phrases.say("error_not_found"), 404)


@api.get("/vouchers/{name}")
async def voucher(name: str, hub: HubDep, request: Request) -> Response:
    """Calendar file or QR code of a booking; the name is a secret that only its owner was given."""
    services: Services | None = request.app.state.services
    missing = error_body("not_found", hub.phrases.say("error_not_found"), 404)
    if services is None:
        return missing
    try:
        passed = await services.voucher(name)
    except ServicesUnavailable:
        return error_body("internal", hub.phrases.say("error_internal"), 503)
    if passed.status == 404:
        return missing
    if passed.status != 200:
        return error_body("internal", hub.phrases.say("error_internal"), 503)
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    if passed.filename:
        headers["Content-Disposition"] = f'attachment; filename="{passed.filename}"'
    return Response(passed.body, media_type=VOUCHER_TYPES[name.rpartition(".")[2]], headers=headers)


@api.post("/feeds/cases")
async def case_event(request: Request, hub: HubDep) -> Response:
    """One signed event of a department's system; see docs/cases.md. The services check the signature."""
    services: Services | None = request.app.state.services
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > FEED_LIMIT:
            return error_body("too_large", hub.phrases.say("error_frame_too_large"), 413)
    if services is None:
        return error_body("internal", hub.phrases.say("error_internal"), 503)
    try:
        passed = await services.case_event(
            bytes(body), {name: request.headers.get(name, "") for name in FEED_HEADERS}
        )
    except ServicesUnavailable:
        return error_body("internal", hub.phrases.say("error_internal"), 503)
    return Response(passed.body, status_code=passed.status, media_type="application/json")


@api.get("/health")
async def health() -> dict[str, str]:
    """For the supervisor: this process serves."""
    return {"status": "ok"}


operation = APIRouter()


@operation.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@operation.get("/readyz")
async def readyz(request: Request) -> Response:
    """Whether it can serve: 200 for ready and degraded, 503 when nothing can be stored."""
    found = await readiness(request.app.state.checks, frozenset({"database"}))
    status = 503 if found.status == "unready" else 200
    return JSONResponse({"status": found.status, "parts": dict(found.parts)}, status_code=status)


@operation.get("/metrics")
async def metrics(hub: HubDep, authorization: Annotated[str | None, Header()] = None) -> Response:
    """Figures for Prometheus; only with the token of the settings."""
    token = hub.settings.metrics_token
    given = (authorization or "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        return error_body("not_found", hub.phrases.say("error_not_found"), 404)
    return Response(hub.metrics.page(), media_type=CONTENT_TYPE_LATEST)


sockets = APIRouter()


@sockets.websocket("/ws/citizen")
async def citizen(socket: WebSocket, after: int = 0) -> None:
    """The citizen's socket; authenticated by the conversation's cookie."""
    hub: Hub = socket.app.state.hub
    await socket.accept()
    if not origin_allowed(socket, hub.settings.allowed_origins):
        await close(socket, CLOSE_ORIGIN)
        return
    token = socket.cookies.get(CITIZEN_COOKIE) or ""
    try:
        conversation = await hub.database(hub.log.authenticate, *(token.split(".", 1) + [""])[:2])
    except ConversationNotFound:
        await close(socket, CLOSE_SIGN_IN)
        return
    if hub.full:
        await close(socket, CLOSE_BUSY)
        return
    hub.citizens += 1
    try:
        with hub.metrics.sockets.labels("citizen").track_inprogress():
            await CitizenSocket(hub, socket, conversation).serve(max(0, after))
    finally:
        hub.citizens -= 1


@sockets.websocket("/ws/desk")
async def desk(socket: WebSocket) -> None:
    """The officer's socket; authenticated by the staff session's cookie."""
    hub: Hub = socket.app.state.hub
    await socket.accept()
    if not origin_allowed(socket, hub.settings.allowed_origins):
        await close(socket, CLOSE_ORIGIN)
        return
    token = socket.cookies.get(STAFF_COOKIE) or ""
    officer = await find_officer(socket.app, token)
    if officer is None:
        await close(socket, CLOSE_SIGN_IN)
        return
    with hub.metrics.sockets.labels("officer").track_inprogress():
        await DeskSocket(hub, socket, officer, session_topic(token)).serve()


def add_pages(app: FastAPI, static_dir: Path) -> None:
    """Serve the built pages: hashed assets for a year, the two HTML files always fresh."""
    assets = static_dir / "assets"
    if assets.is_dir():
        app.mount("/assets", StaticFiles(directory=assets), name="assets")

    def page(name: str) -> FileResponse:
        return FileResponse(static_dir / name, headers={"Cache-Control": "no-cache"})

    @app.get("/", include_in_schema=False)
    async def portal() -> FileResponse:
        return page("index.html")

    @app.get("/desk", include_in_schema=False)
    async def desk_page() -> FileResponse:
        return page("desk.html")
