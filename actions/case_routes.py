"""The feed of case changes over HTTP, for the systems of the departments. See docs/cases.md.

POST /feeds/cases, headers X-NCZF-Timestamp and X-NCZF-Signature, body: one event
  200 {"event_id", "outcome", "told"}   taken now, late, or taken before
  400 malformed, 401 unsigned, 404 unknown_case, 408 too_slow, 409 conflict, 413 too_large, 503 unavailable
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from sanic import Request, Sanic
from sanic.response import HTTPResponse, json

from actions.backends.case_events import BODY_LIMIT
from actions.backends.ports import (
    BackendUnavailable,
    CaseFeed,
    FeedConflict,
    FeedMalformed,
    FeedUnknownCase,
    FeedUnsigned,
)

BODY_S = 10.0
"""How long the body of a delivery may take to arrive."""


class TooLarge(Exception):
    """The body goes on beyond BODY_LIMIT; the rest of it is not read."""


def add_case_routes(app: Sanic[Any, Any], feed: CaseFeed, body_s: float = BODY_S) -> None:
    """Register the route on the action server's app.

    Whoever knows no secret can come this far: so the body is read only up to its limit, and not for long.
    """

    @app.post("/feeds/cases", stream=True)
    async def deliver(request: Request) -> HTTPResponse:
        try:
            async with asyncio.timeout(body_s):
                body = await _body(request)
        except TooLarge:
            return _refused(413, "too_large", f"expected at most {BODY_LIMIT} bytes")
        except TimeoutError:
            return _refused(408, "too_slow", f"expected the whole body within {body_s:g} s")
        try:
            receipt = await asyncio.to_thread(
                feed.deliver,
                body,
                signature=request.headers.get("x-nczf-signature", ""),
                timestamp=request.headers.get("x-nczf-timestamp", ""),
            )
        except FeedUnsigned:
            return _refused(401, "unsigned", "expected a signature with the agreed secret, made just now")
        except FeedMalformed as fault:
            return _refused(400, "malformed", f"expected {fault.expected}", fault.field)
        except FeedUnknownCase:
            return _refused(404, "unknown_case", "import the case, then deliver again", "case_no")
        except FeedConflict:
            return _refused(409, "conflict", "another event was delivered under this id", "event_id")
        except BackendUnavailable:
            return _refused(503, "unavailable", "deliver again later")
        return json(asdict(receipt))


async def _body(request: Request) -> bytes:
    body = bytearray()
    stream: Any = request.stream  # Sanic's own type of it lacks `read`
    while part := await stream.read():
        body += part
        if len(body) > BODY_LIMIT:
            raise TooLarge
    return bytes(body)


def _refused(status: int, code: str, message: str, field: str = "") -> HTTPResponse:
    return json({"error": {"code": code, "field": field, "message": message}}, status=status)
