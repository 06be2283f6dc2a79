"""The gateway's REST API against its own OpenAPI document: whatever is sent, no 500, signed in or not."""

from __future__ import annotations

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.fakes_gateway import ScriptedKnowledge


def described():
    """The OpenAPI document of an app that is not started."""
    return create_app(GatewaySettings(_env_file=None)).openapi()


OPERATIONS = sorted((method.upper(), path) for path, ops in described()["paths"].items() for method in ops)
SLOW = {("POST", "/api/desk/login")}
"""argon2 takes its time, for unknown names too."""
FAR = {502, 503, 504}
"""What is said when a far service does not answer: on purpose, unlike a 500."""


@pytest.fixture
def running(start):
    """A gateway whose knowledge knows one guide."""
    return start(knowledge=ScriptedKnowledge(guides={"residence-permit": {"name": "居住证"}}))


def test_the_routes_are_found():
    assert {("POST", "/api/conversations"), ("POST", "/api/desk/login")} <= set(OPERATIONS)


@pytest.mark.parametrize("who", ["nobody", "officer"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_sent_is_no_500(running, method, path, who):
    schema = schemathesis.openapi.from_dict(described())
    operation = schema[path][method]
    kinds = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))
    cookie = running.session("desk01") if who == "officer" else ""
    statuses = set()

    @hypothesis.settings(
        max_examples=4 if (method, path) in SLOW else 25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=kinds)
    def answered(case):
        sent = case.as_transport_kwargs(base_url="http://testserver")
        headers = dict(sent.get("headers") or {})
        cookies = "; ".join(f"{name}={value}" for name, value in (sent.get("cookies") or {}).items())
        running.client.cookies.clear()
        response = running.client.request(
            sent["method"],
            sent["url"],
            params=sent.get("params"),
            follow_redirects=False,
            headers=[(k.encode(), str(v).encode()) for k, v in headers.items()]
            + [(b"cookie", (cookies or cookie).encode("utf-8", "replace"))],
            **{"json": sent["json"]} if "json" in sent else {"content": sent.get("data") or b""},
        )
        statuses.add(response.status_code)

    answered()
    assert statuses and all(status < 500 for status in statuses - FAR)


RUBBISH = ["", ".", "..", "x" * 5000, "a.b", "é", "a" * 64 + "." + "b" * 64, "%00", '"', "c.", ".s", "a.b.c"]


@pytest.mark.parametrize("value", RUBBISH)
def test_whatever_the_cookies_hold_is_no_500(running, value):
    for name in ("nczf_citizen", "nczf_staff"):
        cookie = f"{name}={value}".encode()
        for method, path, body in (
            ("POST", "/api/conversations", {}),
            ("GET", "/api/desk/me", None),
            ("POST", "/api/desk/logout", None),
        ):
            running.client.cookies.clear()
            reply = running.client.request(method, path, json=body, headers={b"cookie": cookie})
            assert reply.status_code in (200, 401), (path, name)


BODIES = [b"", b"{", b"null", b"[]", b"\xff", b'{"fresh": "x"}', b'{"username": "\\ud800", "password": "p"}',
          b'{"username": "a\\u0000", "password": "p\\u0000"}', b"[" * 10_000, b'{"fresh": NaN}', b"1e999"]


@pytest.mark.parametrize("body", BODIES)
def test_whatever_the_body_is_is_no_500(running, body):
    for path in ("/api/conversations", "/api/desk/login"):
        reply = running.client.post(path, content=body, headers={"content-type": "application/json"})
        assert reply.status_code in (200, 401, 422, 429, 400), path
        reply.json()
