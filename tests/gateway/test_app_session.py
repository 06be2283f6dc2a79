"""Entering from the city's app with its ticket: once, soon, for us, and signed by the app."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from tests.gateway.clients import Citizen, Gateway
from tests.gateway.conftest import Start

ISSUER, AUDIENCE = "https://app.example", "nczf"
SECRET, OTHER = "a-shared-secret-of-thirty-two-chars", "another-secret-of-thirty-two-chars!"
NAME, PHONE, ID_NO = "王小明", "13912345678", "360102199003074514"
INSIDE = "a-shared-secret-of-length"
BASIC = {"app_issuer": ISSUER, "app_audience": AUDIENCE, "identity_secret": INSIDE}


def claims(**changed: Any) -> dict[str, Any]:
    """A good ticket's claims; None leaves one out."""
    now = int(time.time())
    made = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "iat": now, "exp": now + 60,
        "jti": f"t-{time.monotonic_ns()}", "name": NAME, "phone_number": PHONE, "id_number": ID_NO,
    }
    return {key: value for key, value in (made | changed).items() if value is not None}


def ticket(secret: str = SECRET, **changed: Any) -> str:
    """Signed with the shared secret."""
    return jwt.encode({"alg": "HS256"}, claims(**changed), OctKey.import_key(secret))


@pytest.fixture
def gateway(start: Start) -> Gateway:
    return start(**BASIC, app_ticket_secret=SECRET)


def enter(gateway: Gateway, text: str, cookie: str = "") -> tuple[int, dict[str, Any], dict[str, str]]:
    """(status, body, cookies that were set)."""
    gateway.client.cookies.clear()
    reply = gateway.client.post(
        "/api/app/session", json={"ticket": text}, headers={"cookie": cookie} if cookie else {}
    )
    gateway.client.cookies.clear()
    lines = [line.split(";")[0].split("=", 1) for line in reply.headers.get_list("set-cookie")]
    return reply.status_code, reply.json(), {name: value for name, value in lines}


def header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in sorted(cookies.items()))


def test_a_ticket_opens_a_conversation_of_the_app_with_somebody_signed_in(gateway: Gateway) -> None:
    status, body, cookies = enter(gateway, ticket())
    assert status == 200 and body["signed_in"]["name"] == "王*明"
    assert set(cookies) == {"nczf_citizen", "nczf_citizen_session"}
    tab = Citizen(gateway, header(cookies))
    assert tab.id == body["conversation_id"]
    tab.ask("我的办件")
    heard = gateway.dialogue.heard[-1]
    assert (heard.channel, heard.args["identity"]["offered"]) == ("app", False)
    person = gateway.client.post(
        "/internal/identity",
        json={"ticket": heard.args["identity"]["ticket"], "conversation_id": tab.id},
        headers={"authorization": f"Bearer {INSIDE}"},
    )
    assert person.json() == {"name": NAME, "phone": PHONE, "id_no": ID_NO}
    (told,) = [e for e in gateway.stored(tab.id) if e["kind"] == "identity_changed"]
    assert (told["step"], told["how"], told["uses"]) == ("signed_in", "app", ["name", "phone", "id_no"])


def test_a_ticket_works_once_on_whichever_gateway(gateway: Gateway, start: Start) -> None:
    once = ticket()
    other = start(**BASIC, app_ticket_secret=SECRET)
    assert enter(gateway, once)[0] == 200
    for again in (gateway, other):
        status, body, cookies = enter(again, once)
        assert (status, body["error"]["code"], cookies) == (401, "ticket_refused", {})


def test_two_at_once_let_one_in(gateway: Gateway) -> None:
    once, found = ticket(), []
    threads = [
        threading.Thread(target=lambda: found.append(
            gateway.client.post("/api/app/session", json={"ticket": once}).status_code
        ))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 401, 401, 401]


NOW = int(time.time())
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"iat": NOW - 400, "exp": NOW - 340}, "too_late"),
    "not yet": ({"iat": NOW + 600, "exp": NOW + 660}, "too_early"),
    "too long": ({"exp": NOW + 7200}, "bad_times"),
    "no end": ({"exp": None}, "bad_times"),
    "no beginning": ({"iat": None}, "bad_times"),
    "odd times": ({"exp": "soon"}, "bad_times"),
    "truth for time": ({"exp": True}, "bad_times"),
    "for somebody else": ({"aud": "bank"}, "wrong_audience"),
    "for nobody": ({"aud": None}, "wrong_audience"),
    "from somebody else": ({"iss": "https://evil.example"}, "wrong_issuer"),
    "without a name of its own": ({"jti": None}, "incomplete"),
    "of nobody": ({"sub": None}, "incomplete"),
    "without an ID number": ({"id_number": None}, "no_identity"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tickets_are_refused_without_a_cookie(gateway, case, caplog) -> None:
    changed, reason = BAD[case]
    caplog.set_level(logging.INFO)
    status, body, cookies = enter(gateway, ticket(**changed))
    assert (status, body["error"]["code"], cookies) == (401, "ticket_refused", {})
    assert f"ticket of the app refused: {reason}" in caplog.text and ID_NO not in caplog.text


def test_wrong_signatures_and_what_is_no_ticket(gateway: Gateway) -> None:
    good = ticket()
    head, body, _ = good.split(".")
    none = jwt.encode({"alg": "none"}, claims(), OctKey.import_key(SECRET), algorithms=["none"])
    for text in (ticket(OTHER), none, f"{head}.{body}.", f"{head}.{body}", "x", "....", good + "x", "票"):
        assert enter(gateway, text)[0] == 401, text
    assert enter(gateway, "")[0] == 422 and enter(gateway, "x" * 5000)[0] == 422
    assert enter(gateway, good)[0] == 200  # none of those used it up


def test_an_audience_may_be_a_list(gateway: Gateway) -> None:
    assert enter(gateway, ticket(aud=["bank", AUDIENCE]))[0] == 200


def test_coming_again_goes_on_and_somebody_else_does_not(gateway: Gateway) -> None:
    _, first, cookies = enter(gateway, ticket())
    _, again, more = enter(gateway, ticket(), header(cookies))
    assert again["conversation_id"] == first["conversation_id"] and "nczf_citizen" not in more
    _, other, _ = enter(gateway, ticket(sub="u-2"), header(cookies | more))
    assert other["conversation_id"] != first["conversation_id"]
    portal = Citizen(gateway)
    _, apart, _ = enter(gateway, ticket(), portal.cookie)
    assert apart["conversation_id"] != portal.id


def test_without_an_app_there_is_no_such_door(start: Start) -> None:
    assert enter(start(), ticket())[0] == 404


@pytest.mark.parametrize(
    "odd",
    [{}, {"app_ticket_secret": "short"}, {"app_ticket_secret": SECRET, "app_jwks_url": "https://a.example"},
     {"app_jwks_url": "http://a.example/keys"}, {"app_ticket_secret": SECRET, "app_audience": ""}],
)
def test_settings_that_cannot_be_used_stop_the_start(start: Start, odd: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="NCZF_APP_AUDIENCE|NCZF_APP_JWKS_URL|NCZF_APP_TICKET_SECRET"):
        start(**(BASIC | odd))


class Keys(BaseHTTPRequestHandler):
    """Where the app publishes its keys."""

    body = b"{}"
    asked = 0

    def do_GET(self) -> None:
        Keys.asked += 1
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(Keys.body)))
        self.end_headers()
        self.wfile.write(Keys.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def keys() -> Iterator[str]:
    """The address of a key set that the test sets."""
    server = HTTPServer(("127.0.0.1", 0), Keys)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/keys"
    server.shutdown()
    thread.join()
    server.server_close()


def test_keys_that_the_app_publishes(start: Start, keys: str) -> None:
    key, strange = (ECKey.generate_key("P-256", {"kid": kid}) for kid in ("k1", "k2"))
    Keys.body, Keys.asked = json.dumps(KeySet([key]).as_dict(private=False)).encode(), 0
    gateway = start(**BASIC, app_jwks_url=keys)
    signed = [jwt.encode({"alg": "ES256", "kid": k.kid}, claims(), k) for k in (key, key, strange)]
    assert [enter(gateway, text)[0] for text in signed] == [200, 200, 401]
    assert Keys.asked == 1  # a made-up key does not make us ask again and again
    public = json.dumps(key.as_dict(private=False))
    confused = jwt.encode({"alg": "HS256"}, claims(), OctKey.import_key(public), algorithms=["HS256"])
    assert enter(gateway, confused)[0] == 401


def test_keys_that_cannot_be_read(start: Start, keys: str) -> None:
    Keys.body = b"[]"
    gateway = start(**BASIC, app_jwks_url=keys)
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    status, body, _ = enter(gateway, jwt.encode({"alg": "ES256", "kid": "k1"}, claims(), key))
    assert (status, body["error"]["code"]) == (503, "provider_unavailable")
