"""REST and page routes; the sockets live beside them."""

from __future__ import annotations

import hmac
import logging
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, Request, Response, WebSocket
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from gateway.access import allowed
from gateway.citizen_cookies import CITIZEN_COOKIE, set_conversation
from gateway.citizen_socket import CitizenSocket
from gateway.conversation import ConversationNotFound
from gateway.database import StorageUnavailable
from gateway.desk_socket import DeskSocket
from gateway.errors import error_body
from gateway.guard import STAFF_COOKIE, find_officer, signed_in
from gateway.hub import Hub
from gateway.identity import SESSION_COOKIE
from gateway.knowledge_client import KnowledgeUnavailable
from gateway.phrases import load_canned, load_home
from gateway.readiness import readiness
from gateway.refusals import Refused
from gateway.services_client import (
    FEED_HEADERS,
    FEED_LIMIT,
    VOUCHER_TYPES,
    Services,
    ServicesUnavailable,
)
from gateway.session_watch import SessionWatch, session_topic
from gateway.sockets import (
    CLOSE_BUSY,
    CLOSE_ORIGIN,
    CLOSE_RESUME,
    CLOSE_ROLE,
    CLOSE_SIGN_IN,
    close,
    origin_allowed,
)
from gateway.staff import Officer
from gateway.staff_limits import counted, network

log = logging.getLogger(__name__)
BUSY_RETRY_S = 30


class Start(BaseModel):
    """Body of POST /api/conversations."""

    fresh: bool = False
    """True: leave the old conversation and start a new one."""


def hub_of(request: Request) -> Hub:
    """The hub of this app."""
    return request.app.state.hub  # type: ignore[no-any-return]


HubDep = Annotated[Hub, Depends(hub_of)]
OfficerDep = Annotated[Officer, Depends(signed_in)]
api = APIRouter(prefix="/api")


@api.get("/home")
async def home(hub: HubDep) -> dict[str, Any]:
    """The first screen: tiles, hot questions, and the notice of this moment."""
    return {**load_home(), "notice": hub.board.notice}


@api.post("/conversations")
async def start_conversation(
    body: Start,
    request: Request,
    response: Response,
    hub: HubDep,
    nczf_citizen: Annotated[str | None, Cookie()] = None,
) -> Any:
    """Return the conversation of this browser, or start one (and set its cookie)."""
    if not body.fresh and nczf_citizen and "." in nczf_citizen:
        try:
            found, _ = await hub.let_in(nczf_citizen)
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
    client = request.client.host if request.client else ""
    if counted(client) and not await hub.start_limits.allow(network(client)):
        return error_body("rate_limited", hub.phrases.say("error_rate_limited"), 429)
    conversation, secret = await hub.begin("portal")
    set_conversation(response, conversation.id, secret, secure=hub.settings.secure_cookies)
    return {"conversation_id": conversation.id, "last_seq": conversation.last_seq}


@api.get("/desk/phrases")
async def canned(officer: OfficerDep) -> dict[str, Any]:
    """Ready sentences of the officers."""
    return {"phrases": load_canned()}


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
    try:
        conversation, by_key = await hub.let_in(socket.cookies.get(CITIZEN_COOKIE))
    except ConversationNotFound:
        await close(socket, CLOSE_SIGN_IN)
        return
    except StorageUnavailable:
        await close(socket, CLOSE_RESUME)
        return
    if hub.full:
        await close(socket, CLOSE_BUSY)
        return
    hub.citizens += 1
    try:
        with hub.metrics.sockets.labels("citizen").track_inprogress():
            session = socket.cookies.get(SESSION_COOKIE) or ""
            await CitizenSocket(hub, socket, conversation, session, by_key=by_key).serve(max(0, after))
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
    try:
        officer = await find_officer(socket.app, token)
    except StorageUnavailable:
        await close(socket, CLOSE_RESUME)
        return
    decision = allowed(officer, "WS /ws/desk")
    if officer is None or not decision:
        await close(socket, CLOSE_ROLE if decision.reason == "wrong_role" else CLOSE_SIGN_IN)
        return
    watch: SessionWatch = socket.app.state.session_watch
    with hub.metrics.sockets.labels("officer").track_inprogress(), watch.watching(token):
        await DeskSocket(hub, socket, officer, session_topic(token), partial(watch.deed, token)).serve()


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
