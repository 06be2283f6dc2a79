"""Vouchers over HTTP, for the gateway on loopback: it exposes both paths to the citizen as they are.

GET /vouchers/<token>.ics -> the calendar entry; GET /vouchers/<token>.svg -> the QR code; 404 for any other.
The token is unguessable (192 bits) and is the whole secret: it is never logged.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sanic import Request, Sanic
from sanic.response import HTTPResponse, json, text

from actions.backends.ports import BackendUnavailable, BookingNotFound, BookingSystem

TYPES = {"ics": "text/calendar; charset=utf-8", "svg": "image/svg+xml"}
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


def add_voucher_routes(app: Sanic[Any, Any], bookings: BookingSystem) -> None:
    """Register the route on the action server's app."""

    @app.get("/vouchers/<name:str>")
    async def voucher(request: Request, name: str) -> HTTPResponse:
        token, _, kind = name.rpartition(".")
        if kind not in TYPES:
            return _error("not_found", 404)
        try:
            found = await asyncio.to_thread(bookings.voucher_by_token, token)
        except BookingNotFound:
            return _error("not_found", 404)
        except BackendUnavailable:
            return _error("unavailable", 503)
        headers = dict(HEADERS)
        if kind == "ics":
            headers["Content-Disposition"] = f'attachment; filename="{found.booking_no}.ics"'
        body = found.ics if kind == "ics" else found.qr_svg
        return text(body, content_type=TYPES[kind], headers=headers)


def _error(code: str, status: int) -> HTTPResponse:
    return json({"error": {"code": code, "message": "voucher"}}, status=status, headers=HEADERS)
