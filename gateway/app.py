"""Composition root of the gateway: settings -> log, dialogue, knowledge -> hub -> one ASGI app.

Run with `python -m gateway.app`. Listens on loopback unless NCZF_HOST says otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response

from gateway import wire
from gateway.accounts import all_accounts
from gateway.app_routes import app_api
from gateway.continue_routes import continue_api
from gateway.continuing import Continuing
from gateway.csrf import OwnPagesOnly
from gateway.database import StorageUnavailable, open_database, threads
from gateway.dialogue import Dialogue
from gateway.direct import DirectAnswers, HttpDirectAnswers
from gateway.errors import error_body
from gateway.exposure import exposed, faults
from gateway.far_client import Reachable
from gateway.guard import Forbidden, NotSignedIn, guard
from gateway.hub import Hub
from gateway.identity_parts import identity_of
from gateway.identity_routes import citizen_api, internal
from gateway.knowledge_client import HttpKnowledge, Knowledge
from gateway.log import ConversationLog
from gateway.logs import set_up
from gateway.notices import HttpNotices, NoticePump, Notices
from gateway.own_words import OwnWords
from gateway.phrases import Phrases
from gateway.rasa_pool import rasa
from gateway.routes import add_pages, api, operation
from gateway.routes import sockets as socket_routes
from gateway.sealed_box import SealedBox
from gateway.sender_ids import SenderIds
from gateway.services_client import HttpServices, Services
from gateway.settings import GatewaySettings
from gateway.shared import shared_parts
from gateway.staff_parts import staff_parts
from gateway.staff_routes import staff_api
from gateway.store import DatabaseThread
from gateway.switches import Switches, SwitchWatch

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
RETRY_IN_S = 5
REFUSED = 2
"""Exit status of a start that was refused."""
BYE_S = 0.2
"""Time for the good-bye to go out."""
SOCKET_LIMIT = 1024 * 1024
"""Bytes; up to here an oversized frame gets a clear error, beyond it the socket is closed (1009)."""


@runtime_checkable
class NeedsLoop(Protocol):
    """A part that holds connections of the running loop."""

    async def open(self) -> None:
        """Connect or prepare to."""

    async def close(self) -> None:
        """Let go."""


@dataclass
class Parts:
    """What tests replace: the far services."""

    dialogue: Dialogue
    knowledge: Knowledge
    notices: Notices | None = None
    """None: nobody is told anything unasked."""
    services: Services | None = None
    """None: no vouchers and no case events."""
    direct: DirectAnswers | None = None
    """None: without the dialogue only a person is offered."""


def create_app(settings: GatewaySettings, parts: Parts | None = None) -> FastAPI:
    """Build the app. With `parts`, those take the place of the real ones."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = open_database(settings.database_url)
        database = DatabaseThread(threads(engine))
        shared = shared_parts(settings.redis_url)
        chosen = parts or Parts(
            rasa(settings.dialogue_urls, settings.dialogue_deadline_s),
            HttpKnowledge(settings.knowledge_url, settings.suggest_deadline_s),
            HttpNotices(settings.knowledge_url, settings.suggest_deadline_s),
            HttpServices(settings.knowledge_url, settings.suggest_deadline_s),
            HttpDirectAnswers(settings.knowledge_url, settings.dialogue_deadline_s),
        )
        far: tuple[object, ...] = (
            chosen.dialogue,
            chosen.knowledge,
            chosen.notices,
            chosen.services,
            chosen.direct,
        )
        opened = [p for p in far if isinstance(p, NeedsLoop)]
        for part in opened:
            await part.open()
        log = ConversationLog(engine)
        switches = Switches(engine)
        watch = SwitchWatch(switches, database, settings.switch_poll_s)
        hub = Hub(
            settings,
            log,
            database,
            chosen.dialogue,
            chosen.knowledge,
            Phrases.load(),
            watch,
            chosen.direct,
            shared,
        )
        watch.tell(hub.board_changed)
        staff = await staff_parts(settings, engine, database, hub.bus.publish)
        hub.oversight = staff.oversight
        hub.identity = identity_of(settings, engine, database)
        box = SealedBox.load(settings.gateway_keys, settings.data_dir)
        hub.continuing = Continuing(engine, box)
        hub.live.own, hub.sender_ids = OwnWords(hub.bus, box), SenderIds(box)
        app.state.hub, app.state.people, app.state.services = hub, staff.people, chosen.services
        app.state.session_watch, app.state.staff_oidc = staff.watch, staff.oidc
        app.state.people_thread = staff.thread
        app.state.checks = {"database": partial(database, switches.board)} | {
            name: part.reachable
            for name, part in (("dialogue", chosen.dialogue), ("services", chosen.knowledge))
            if isinstance(part, Reachable)
        }
        if shared.link is not None:
            app.state.checks["redis"] = shared.link.ping
        shared.bus.look_in(lambda ids: database(log.positions, ids))
        await shared.open()
        await watch.start()
        await staff.open()
        if hub.identity is not None:
            await hub.identity.open()
        await hub.start()
        pump = NoticePump(hub.live, chosen.notices, settings.notice_poll_s) if chosen.notices else None
        if pump:
            pump.start()
        try:
            yield
        finally:
            if pump:
                await pump.stop()
            await watch.stop()
            await staff.close()
            if hub.identity is not None:
                await hub.identity.close()
            await hub.stop()
            await shared.close()
            for part in opened:
                await part.close()
            database.close()
            engine.dispose()

    app = FastAPI(
        title="南昌智服 gateway",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(guard)],
    )
    app.add_middleware(OwnPagesOnly, allowed_origins=settings.allowed_origins, phrases=Phrases.load())
    app.include_router(api)
    app.include_router(staff_api)
    app.include_router(citizen_api)
    app.include_router(app_api)
    app.include_router(continue_api)
    app.include_router(internal)
    app.include_router(socket_routes)
    app.include_router(operation)

    @app.middleware("http")
    async def headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(self)"
        if request.url.path.startswith("/assets/"):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    @app.exception_handler(StorageUnavailable)
    async def storage_away(request: Request, error: StorageUnavailable) -> Response:
        return error_body("unavailable", request.app.state.hub.phrases.say("error_unavailable"), 503)

    _explain(app)
    add_pages(app, settings.static_dir)
    return app


def _explain(app: FastAPI) -> None:
    """What is said when a request is not carried out."""

    @app.exception_handler(NotSignedIn)
    async def not_signed_in(request: Request, error: NotSignedIn) -> Response:
        return error_body("not_signed_in", request.app.state.hub.phrases.say("error_not_signed_in"), 401)

    @app.exception_handler(Forbidden)
    async def forbidden(request: Request, error: Forbidden) -> Response:
        return error_body(error.code, request.app.state.hub.phrases.say(error.phrase), 403)

    @app.exception_handler(RequestValidationError)
    async def bad_request(request: Request, error: RequestValidationError) -> Response:
        return error_body("bad_frame", request.app.state.hub.phrases.say("error_bad_frame"), 422)


def start_faults(settings: GatewaySettings) -> list[str]:
    """Why this gateway must not start, settings and accounts together; empty when nothing is wrong."""
    if not exposed(settings):
        return faults(settings)
    engine = open_database(settings.database_url)
    try:
        return faults(settings, all_accounts(engine))
    finally:
        engine.dispose()


class Server(uvicorn.Server):
    """uvicorn with our limits; it says good-bye before it closes the sockets."""

    def __init__(self, app: FastAPI, settings: GatewaySettings) -> None:
        self._app = app
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.gateway_port,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=SOCKET_LIMIT,
            ws_ping_interval=20,
            ws_ping_timeout=30,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell every open page when to come back; uvicorn closes them before the app hears of it."""
        self._app.state.hub.bus.publish("everyone", wire.Bye(retry_in_s=RETRY_IN_S).model_dump())
        await asyncio.sleep(BYE_S)
        await super().shutdown(sockets)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m gateway.app", description=__doc__)
    parser.parse_args()
    settings = GatewaySettings()
    set_up(settings.log_level, settings.log_format)
    if found := start_faults(settings):
        sys.stderr.write("gateway not started:\n" + "".join(f"  - {fault}\n" for fault in found))
        sys.exit(REFUSED)
    Server(create_app(settings), settings).run()


if __name__ == "__main__":
    main()
