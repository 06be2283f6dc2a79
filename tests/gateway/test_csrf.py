"""Requests of other sites' pages change nothing, with or without our cookies."""

from __future__ import annotations

import pytest

from gateway.csrf import from_own_page, is_json
from tests.gateway.clients import Gateway
from tests.gateway.conftest import Start


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({}, True),  # no browser
        ({"origin": "http://testserver"}, True),
        ({"origin": "https://testserver"}, True),
        ({"origin": "http://testserver:81"}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, False),
        ({"origin": "http://testserver.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "https://app.example"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "tomorrow"}, False),
    ],
)
def test_what_counts_as_our_own_page(headers: dict[str, str], own: bool) -> None:
    assert from_own_page({"host": "testserver", **headers}, frozenset({"https://app.example"})) is own


@pytest.mark.parametrize(
    ("headers", "good"),
    [
        ({"content-type": "application/json"}, True),
        ({"content-type": "Application/JSON; charset=utf-8"}, True),
        ({}, True),
        ({"content-length": "0"}, True),
        ({"content-length": "2"}, False),
        ({"transfer-encoding": "chunked"}, False),
        ({"content-type": ""}, False),
        ({"content-type": "text/plain"}, False),
        ({"content-type": "text/plain; application/json"}, False),
        ({"content-type": "application/x-www-form-urlencoded"}, False),
        ({"content-type": "multipart/form-data; boundary=x"}, False),
    ],
)
def test_what_counts_as_json(headers: dict[str, str], good: bool) -> None:
    assert is_json(headers) is good


CHANGING = ["/api/desk/logout", "/api/desk/login", "/api/desk/password", "/api/conversations", "/api/none"]


@pytest.mark.parametrize("path", CHANGING)
def test_another_sites_page_changes_nothing(gateway: Gateway, path: str) -> None:
    cookie = gateway.session("desk01")
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        reply = gateway.client.post(path, json={}, headers={"cookie": cookie, **headers})
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "bad_origin")
        assert "set-cookie" not in reply.headers
    form = gateway.client.post(path, data={"fresh": "1"}, headers={"cookie": cookie})
    assert (form.status_code, form.json()["error"]["code"]) == (415, "bad_type")
    assert gateway.get("/api/desk/me", cookie).status_code == 200
    assert form.headers["x-content-type-options"] == "nosniff"


def test_our_own_pages_and_allowed_ones_are_let_through(start: Start) -> None:
    gateway = start(allowed_origins="https://app.example")
    origins = ({"origin": "http://testserver"}, {"origin": "https://app.example"})
    for headers in (*origins, {"sec-fetch-site": "same-origin"}):
        assert gateway.client.post("/api/conversations", json={}, headers=headers).status_code == 200


def test_reading_needs_no_origin_and_machines_send_what_they_like(gateway: Gateway) -> None:
    reply = gateway.client.get("/api/home", headers={"origin": "http://evil.example"})
    assert reply.status_code == 200 and "access-control-allow-origin" not in reply.headers
    feed = gateway.client.post("/api/feeds/cases", content=b"x", headers={"content-type": "text/plain"})
    assert feed.status_code == 503  # no services in this test: it came through
