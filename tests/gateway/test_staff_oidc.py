"""Staff who sign in at the identity provider: through the real routes, against a real provider."""

from __future__ import annotations

import contextlib
import logging
import re

import pytest

from gateway.staff_oidc import parse_roles
from tests.gateway.clients import Gateway, Officer
from tests.gateway.conftest import Start
from tests.gateway.oidc_provider import Provider, provider
from tests.gateway.staff_clients import put

ROLES = "zf-ban=supervisor,zf-desk=officer"
USERS = {
    "s-1": {"preferred_username": "wang", "name": "王工", "roles": ["other", "zf-desk"]},
    "s-2": {"preferred_username": "zhao", "name": "赵工", "roles": ["cleaner"]},
    "s-3": {"preferred_username": "wang", "name": "冒名", "roles": ["zf-desk"]},
    "s-4": {"preferred_username": "desk01", "name": "冒名", "roles": ["zf-desk"]},
    "s-5": {"preferred_username": "a b<script>", "name": "坏", "roles": ["zf-desk"]},
    "s-6": {"preferred_username": "none", "name": "无"},
}


@pytest.fixture(scope="module")
def found():
    """One provider for all."""
    with provider(USERS) as running:
        yield running


@pytest.fixture
def gateway(start: Start, found: Provider) -> Gateway:
    found.away, found.answer = False, None
    return start(
        staff_oidc_issuer=found.issuer,
        staff_oidc_client_id="nczf",
        staff_oidc_client_secret="s",
        staff_oidc_roles=ROLES,
    )


def begin(gateway: Gateway) -> tuple[str, str]:
    """(address at the provider, the cookie of this browser)."""
    gateway.client.cookies.clear()
    reply = gateway.client.get("/api/desk/oidc/start", follow_redirects=False)
    assert reply.status_code == 303, reply.text
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=lax" in cookie.lower() and "Path=/api/desk/oidc" in cookie
    gateway.client.cookies.clear()
    return reply.headers["location"], cookie.split(";")[0]


def back(gateway: Gateway, cookie: str, **query: str) -> tuple[str, str]:
    """The browser comes back: (where it is sent, its staff cookie)."""
    reply = gateway.client.get(
        "/api/desk/oidc/back", params=query, headers={"cookie": cookie}, follow_redirects=False
    )
    gateway.client.cookies.clear()
    assert reply.status_code == 303 and reply.headers["cache-control"] == "no-store"
    session = [c.split(";")[0] for c in reply.headers.get_list("set-cookie") if c.startswith("nczf_staff=")]
    return reply.headers["location"], session[0] if session else ""


def sign_in(gateway: Gateway, found: Provider, subject: str, **changed: str) -> tuple[str, str]:
    url, cookie = begin(gateway)
    return back(gateway, cookie, **(found.consent(url, subject) | changed))


def test_who_has_a_role_there_works_here(gateway: Gateway, found: Provider) -> None:
    assert gateway.get("/api/desk/sign-in").json() == {"password": True, "oidc": True}
    where, session = sign_in(gateway, found, "s-1")
    assert where == "/desk#signed-in"
    me = gateway.get("/api/desk/me", session).json()
    assert me == {"username": "wang", "name": "王工", "role": "officer", "must": []}
    Officer(gateway, "wang", session).answers_ping()
    assert gateway.app.state.people.accounts.all()[-1].source == "oidc"
    told, _ = gateway.post("/api/desk/logout", {}, session)
    assert told["provider"].startswith(f"{found.issuer}/oauth2/end_session?id_token_hint=")
    assert gateway.get("/api/desk/me", session).status_code == 401


def test_the_id_token_lies_sealed(gateway: Gateway, found: Provider) -> None:
    _, session = sign_in(gateway, found, "s-1")
    told, _ = gateway.post("/api/desk/logout", {}, session)
    _, session = sign_in(gateway, found, "s-1")
    head = re.search("id_token_hint=([^.&]+)", told["provider"]).group(1)
    assert head.encode() not in gateway.raw_bytes()


@pytest.mark.parametrize(
    ("subject", "problem"),
    [("s-2", "unknown_role"), ("s-6", "unknown_role"), ("s-4", "refused"), ("s-5", "refused")],
)
def test_who_has_no_role_or_somebody_elses_name_is_not_let_in(gateway, found, subject, problem) -> None:
    before = len(gateway.app.state.people.accounts.all())
    assert sign_in(gateway, found, subject) == (f"/desk#problem={problem}", "")
    assert len(gateway.app.state.people.accounts.all()) == before


def test_a_name_belongs_to_the_first_who_came_with_it(gateway: Gateway, found: Provider) -> None:
    assert sign_in(gateway, found, "s-1")[1]
    assert sign_in(gateway, found, "s-3") == ("/desk#problem=refused", "")


def test_a_disabled_account_stays_out_whatever_the_provider_says(gateway: Gateway, found: Provider) -> None:
    _, session = sign_in(gateway, found, "s-1")
    officer = Officer(gateway, "wang", session)
    gateway.app.state.people.accounts.disable("wang", by="t")
    assert officer.close_code() == 4401
    assert sign_in(gateway, found, "s-1") == ("/desk#problem=refused", "")


def test_such_an_account_has_no_password_here(gateway: Gateway, found: Provider) -> None:
    _, session = sign_in(gateway, found, "s-1")
    told, _ = gateway.post("/api/desk/login", {"username": "wang", "password": "!"})
    assert told["error"]["code"] == "sign_in_refused"
    told, _ = gateway.post("/api/desk/password", {"old": "!", "new": "birke-und-42-moewen"}, session)
    assert told["error"]["code"] == "password_refused"


def test_another_role_there_is_another_role_here_and_ends_the_old_sessions(gateway, found) -> None:
    put(gateway.app.state.people, "li", "officer", source="oidc", subject_hash="x" * 64)
    _, first = sign_in(gateway, found, "s-1")
    gateway.app.state.people.accounts.set_role("wang", "editor", by="t")
    _, second = sign_in(gateway, found, "s-1")
    _, third = sign_in(gateway, found, "s-1")
    assert [gateway.get("/api/desk/me", one).status_code for one in (first, second, third)] == [401, 200, 200]
    assert gateway.get("/api/desk/me", third).json()["role"] == "officer"


def test_one_browsers_way_back_is_no_others(gateway: Gateway, found: Provider) -> None:
    url, _ = begin(gateway)
    query = found.consent(url, "s-1")
    _, other = begin(gateway)
    for cookie in (other, "", "nczf_staff_oidc=made-up"):
        assert back(gateway, cookie, **query) == ("/desk#problem=refused", "")


def test_a_way_back_works_once(gateway: Gateway, found: Provider) -> None:
    url, cookie = begin(gateway)
    query = found.consent(url, "s-1")
    assert back(gateway, cookie, **query)[1]
    assert back(gateway, cookie, **query) == ("/desk#problem=refused", "")


@pytest.mark.parametrize("changed", [{"state": "x"}, {"code": "x"}, {"iss": "https://x.cn"}, {"code": ""}])
def test_a_way_back_that_was_changed_is_refused_and_used_up(gateway, found, changed) -> None:
    url, cookie = begin(gateway)
    query = found.consent(url, "s-1")
    assert back(gateway, cookie, **(query | changed)) == ("/desk#problem=refused", "")
    if changed != {"code": ""}:
        assert back(gateway, cookie, **query) == ("/desk#problem=refused", "")


def test_who_says_no_there_is_told_so(gateway: Gateway, found: Provider) -> None:
    _, cookie = begin(gateway)
    assert back(gateway, cookie, error="access_denied", state="x") == ("/desk#problem=cancelled", "")


def test_a_provider_that_is_away_is_said_so_and_passwords_go_on(gateway: Gateway, found: Provider) -> None:
    url, cookie = begin(gateway)
    query = found.consent(url, "s-1")
    found.away = True
    assert back(gateway, cookie, **query) == ("/desk#problem=unavailable", "")
    assert gateway.sign_in("desk01")


def test_a_sign_out_does_not_wait_for_the_provider(gateway: Gateway, found: Provider) -> None:
    _, session = sign_in(gateway, found, "s-1")
    found.away = True
    told, _ = gateway.post("/api/desk/logout", {}, session)
    assert told["ok"] is True and gateway.get("/api/desk/me", session).status_code == 401


def test_without_the_setting_there_is_no_such_way(start: Start) -> None:
    gateway = start()
    assert gateway.get("/api/desk/sign-in").json() == {"password": True, "oidc": False}
    for path in ("/api/desk/oidc/start", "/api/desk/oidc/back?code=x&state=y"):
        assert gateway.get(path).status_code == 404


def test_no_token_and_no_claim_is_in_the_log(gateway, found, caplog) -> None:
    with caplog.at_level(logging.DEBUG), contextlib.suppress(KeyError):
        url, cookie = begin(gateway)
        query = found.consent(url, "s-2")
        back(gateway, cookie, **query)
        sign_in(gateway, found, "s-1", state="x")
    ours = "".join(r.getMessage() for r in caplog.records if r.name.startswith("gateway"))
    assert "unknown_role" in ours and "wrong_state" in ours
    secret = (query["code"], query["state"], "赵工", "王工", "s-2", "zhao")
    assert not [word for word in secret if word in ours]


@pytest.mark.parametrize("setting", ["a", "a=chief", "=officer", "a=citizen"])
def test_roles_that_make_no_sense_are_named(setting: str) -> None:
    with pytest.raises(ValueError, match="NCZF_STAFF_OIDC_ROLES"):
        parse_roles(setting)


def test_roles_keep_their_order_and_may_hold_equal_signs() -> None:
    found = parse_roles(" cn=desk=officer, b=editor,")
    assert list(found.items()) == [("cn=desk", "officer"), ("b", "editor")]
