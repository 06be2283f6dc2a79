"""The contract as an ASGI app. Every path comes from the ports; bodies are never logged."""

from __future__ import annotations

import asyncio
import hmac
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import PurePath
from typing import Any, get_type_hints
from urllib.parse import unquote

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from actions.backends.http import problems
from actions.backends.http.contract import KEY, Operation, name_of, operations
from actions.backends.http.problems import Problem, as_problem, told
from actions.backends.http.values import Unfit, read, written
from actions.backends.ports import BackendError, BackendUnavailable
from actions.backends.reference.openapi import document

log = logging.getLogger(__name__)
BODY_BYTES = 1024 * 1024
BODY_S = 10.0
"""How long a request's body may take to arrive."""
RETRY_S = 2
SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
Endpoint = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """A request that is answered by a problem."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.problem = as_problem(code, detail=detail)


def parts_of(systems: object) -> dict[str, object]:
    """Port name -> system, of a dataclass whose fields are typed with the Protocols."""
    hints = get_type_hints(type(systems))
    return {name_of(protocol): getattr(systems, field) for field, protocol in hints.items()}


def build_app(parts: Mapping[str, object], token: str) -> FastAPI:
    """The app over these systems (see `parts_of`). Raises ValueError without a token."""
    if len(token) < 16:
        raise ValueError("NCZF_BACKEND_TOKEN: expected 16 characters or more; try `openssl rand -hex 32`")
    app = FastAPI(title="南昌智服 services", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.openapi = document  # type: ignore[method-assign]
    for port, system in parts.items():
        for operation in operations(port).values():
            app.add_api_route(
                operation.path,
                _endpoint(operation, system, token),
                methods=["POST"],
                response_model=None,
                include_in_schema=False,
            )

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:
        code = "MethodNotAllowed" if error.status_code == 405 else "UnknownOperation"
        return _answered(as_problem(code), dict(error.headers or {}))

    return app


def _endpoint(operation: Operation, system: object, token: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            _authorise(request, token)
            arguments = await _arguments(operation, request)
            result = await run_in_threadpool(_call, operation, system, arguments)
            return Response(result, media_type="application/json", headers=SAFE)
        except Refused as refused:
            return _answered(refused.problem)
        except BackendError as refusal:
            return _refusal(operation, refusal)
        except Exception as error:
            # The kind and the place; the words may be the citizen's.
            log.error("%s failed: %s", operation.path, _place(error))
            return _answered(as_problem("InternalError"))

    return endpoint


def _authorise(request: Request, token: str) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Refused("Unauthorized")


async def _arguments(operation: Operation, request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused("UnsupportedMediaType")
    try:
        arguments = read(operation.request, await _body(request))
    except Unfit as unfit:
        raise Refused("InvalidRequest", str(unfit)) from None
    key = request.headers.get("idempotency-key")
    if operation.keyed and key is not None and unquote(key) != arguments[KEY]:
        raise Refused("InvalidRequest", "the header Idempotency-Key and the argument key differ")
    return arguments


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                body += part
                if len(body) > BODY_BYTES:
                    raise Refused("RequestTooLarge")
    except (TimeoutError, ClientDisconnect):
        raise Refused("RequestTimeout") from None
    return bytes(body)


def _call(operation: Operation, system: object, arguments: Mapping[str, Any]) -> bytes:
    try:
        return written({"result": getattr(system, operation.method)(**arguments)})
    except ValueError as error:
        # Only the ValueError that the port announces is an answer; any other one is a fault of ours.
        if type(error) is ValueError and operation.raises("ValueError"):
            raise Refused("ValueError", str(error)[:500]) from None
        raise


def _refusal(operation: Operation, refusal: BackendError) -> Response:
    headers = {}
    if isinstance(refusal, BackendUnavailable):
        log.error("%s: system %s is unavailable", operation.path, refusal.system)
        headers["Retry-After"] = str(RETRY_S)
    wait = getattr(refusal, "retry_after_s", None)
    if isinstance(wait, int):
        headers["Retry-After"] = str(wait)
    return _answered(told(refusal), headers)


def _answered(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    extra = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    return Response(
        problem.model_dump_json(),
        status_code=problem.status,
        media_type=problems.MEDIA,
        headers={**SAFE, **extra, **(headers or {})},
    )


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    at = " > ".join(f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in frames)
    return f"{type(error).__name__} at {at}"
