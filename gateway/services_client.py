"""What the gateway passes on to the services: vouchers for citizens, case events from the departments."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from gateway.far_client import FarClient

VOUCHER = re.compile(r"[A-Za-z0-9_-]{16,64}\.(?:ics|svg)")
FEED_HEADERS = ("X-NCZF-Signature", "X-NCZF-Timestamp")
FEED_LIMIT = 64 * 1024
"""Bytes of one case event."""
VOUCHER_TYPES = {"ics": "text/calendar; charset=utf-8", "svg": "image/svg+xml"}


class ServicesUnavailable(Exception):
    """The action server did not answer in time."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The services' answer, as it came."""

    status: int
    body: bytes
    filename: str = ""


class Services(Protocol):
    """The services behind the gateway."""

    async def voucher(self, name: str) -> Passed:
        """`TOKEN.ics` or `TOKEN.svg`; status 404 for any other. Raises ServicesUnavailable."""
        ...

    async def case_event(self, body: bytes, headers: dict[str, str]) -> Passed:
        """One signed event of a department's system. Raises ServicesUnavailable."""
        ...


class HttpServices(FarClient):
    """`Services` over HTTP; see actions/voucher_routes.py and actions/case_routes.py."""

    async def voucher(self, name: str) -> Passed:
        """See `Services.voucher`."""
        if not VOUCHER.fullmatch(name):
            return Passed(404, b"")
        return await self._pass("GET", f"/vouchers/{name}")

    async def case_event(self, body: bytes, headers: dict[str, str]) -> Passed:
        """See `Services.case_event`."""
        return await self._pass("POST", "/feeds/cases", data=body, headers=headers)

    async def _pass(self, method: str, path: str, **kwargs: Any) -> Passed:
        try:
            async with self._session.request(method, f"{self._base}{path}", **kwargs) as response:
                named = response.content_disposition
                return Passed(response.status, await response.read(), (named and named.filename) or "")
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            raise ServicesUnavailable(type(error).__name__) from error  # the path may hold a secret
