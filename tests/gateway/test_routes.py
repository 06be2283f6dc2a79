"""REST routes, headers and pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.knowledge_client import KnowledgeUnavailable
from tests.fakes_gateway import ScriptedKnowledge
from tests.gateway.clients import Gateway
from tests.gateway.conftest import Start


def test_health_and_home(gateway: Gateway) -> None:
    assert gateway.get("/api/health").json()["status"] == "ok"
    tiles = gateway.get("/api/home").json()["tiles"]
    assert tiles and all(tile["label"] for tile in tiles)


def test_every_answer_is_guarded(gateway: Gateway) -> None:
    for path in ("/api/health", "/api/desk/me", "/no-such-page"):
        headers = gateway.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_the_machine_readable_api_pages_are_not_served(gateway: Gateway) -> None:
    assert gateway.get("/docs").status_code == gateway.get("/redoc").status_code == 404


def test_pages_are_fresh_and_assets_are_kept(start: Start, tmp_path: Path) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<title>南昌智服</title>", "utf-8")
    (static / "desk.html").write_text("<title>坐席</title>", "utf-8")
    (static / "assets" / "a-1.js").write_text("1", "utf-8")
    (static / "secret.txt").write_text("geheim", "utf-8")
    gateway = start(static_dir=static)
    for path, title in (("/", "南昌智服"), ("/desk", "坐席")):
        page = gateway.get(path)
        assert title in page.text and page.headers["cache-control"] == "no-cache"
    asset = gateway.get("/assets/a-1.js")
    assert asset.text == "1" and "immutable" in asset.headers["cache-control"]
    assert gateway.get("/assets/%2e%2e/secret.txt").status_code == 404
    assert gateway.get("/secret.txt").status_code == 404


def test_the_desk_searches_and_opens_guides(start: Start) -> None:
    card = {"guide_id": "id-card-replace", "name": "居民身份证丢失补领"}
    gateway = start(
        knowledge=ScriptedKnowledge(guides={"id-card-replace": card, "broken": KnowledgeUnavailable("x")})
    )
    cookie = gateway.session("desk01")
    assert gateway.get("/api/desk/guides?q=id-card", cookie).json() == {"guides": [card]}
    assert gateway.get("/api/desk/guides/id-card-replace", cookie).json() == card
    missing = gateway.get("/api/desk/guides/no-such", cookie)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    for path in ("/api/desk/guides?q=broken", "/api/desk/guides/broken"):
        down = gateway.get(path, cookie)
        assert (down.status_code, down.json()["error"]["code"]) == (503, "internal")


@pytest.mark.parametrize("body", ['{"fresh": "perhaps"}', "[]", "not json", ""])
def test_a_malformed_start_gets_a_plain_error(gateway: Gateway, body: str) -> None:
    reply = gateway.client.post(
        "/api/conversations", content=body, headers={"content-type": "application/json"}
    )
    assert reply.status_code == 422
    assert reply.json()["error"]["code"] == "bad_frame" and reply.json()["error"]["message"].endswith("。")
