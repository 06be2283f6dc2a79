"""The voucher's links: by token alone, with the right types, and nothing for a number."""

from __future__ import annotations

import warnings
from datetime import date

import httpx2 as httpx
import pytest
from sanic import Sanic

from actions.voucher_routes import add_voucher_routes


@pytest.fixture
async def ask(systems):
    """`ask(path) -> response` of a real app on a free port."""
    app: Sanic = Sanic("vouchers-under-test")
    add_voucher_routes(app, systems.bookings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app.config.TOUCHUP = False
        running = await app.create_server(host="127.0.0.1", port=0, return_asyncio_server=True)
        await running.startup()
    port = running.server.sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            yield client.get
    finally:
        running.close()
        Sanic.unregister_app(app)


@pytest.fixture
def booked(systems):
    """A booking."""
    slot = systems.bookings.free_slots("honggutan", date(2026, 11, 28))[0]
    return systems.bookings.book(
        slot.id, item_id="a", item="居住证申领", name="王小明", phone="13800138000", owner="c-1", key="k"
    )


@pytest.mark.parametrize(("kind", "type_"), [("ics", "text/calendar"), ("svg", "image/svg+xml")])
async def test_the_token_opens_both_files(ask, booked, kind, type_):
    response = await ask(f"/vouchers/{booked.voucher}.{kind}")
    assert response.status_code == 200 and response.headers["content-type"].startswith(type_)
    assert response.headers["cache-control"] == "no-store"
    assert booked.booking_no in response.text and "13800138000" not in response.text
    if kind == "ics":
        assert response.content.count(b"\r\n") == response.content.count(b"\n") > 10


@pytest.mark.parametrize("name", ["{no}.ics", "{token}.pdf", "{token}", "x.svg", ".ics", "%00.ics"])
async def test_anything_else_is_not_found(ask, booked, name):
    response = await ask("/vouchers/" + name.format(no=booked.booking_no, token=booked.voucher))
    assert response.status_code == 404
