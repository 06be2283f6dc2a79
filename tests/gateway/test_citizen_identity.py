"""Citizens who sign in: through the real routes, at a real provider, and back to the same conversation."""

from __future__ import annotations

import contextlib
import json
import logging
from typing import Any

import pytest
from sqlalchemy import update

from gateway.schema_sql import citizen_sessions
from tests.fakes_gateway import ScriptedDialogue
from tests.gateway.clients import Citizen, Gateway, Officer
from tests.gateway.conftest import Start
from tests.gateway.oidc_provider import Provider, provider

SECRET = "a-shared-secret-of-length"
NAME, PHONE, ID_NO = "王小明", "13912345678", "360102199003074514"
USERS = {
    "c-1": {"name": NAME, "phone_number": PHONE, "id_number": ID_NO},
    "c-2": {"name": "李四", "phone_number": "+8613987654321", "id_number": "36010219850101123x"},
    "c-3": {"name": "未实名"},
    "c-4": {"name": "怪\u0007名", "phone_number": 5, "id_number": ["360102199003074514"]},
}


@pytest.fixture(scope="module")
def found():
    """One provider for all."""
    with provider(USERS) as running:
        yield running


def settings_of(found: Provider) -> dict[str, Any]:
    found.away, found.answer = False, None
    return {
        "citizen_oidc_issuer": found.issuer,
        "citizen_oidc_client_id": "nczf",
        "citizen_oidc_client_secret": "s",
        "identity_secret": SECRET,
    }


@pytest.fixture
def gateway(start: Start, found: Provider) -> Gateway:
    return start(**settings_of(found))


class Browser:
    """One browser: its cookies, its way to the provider and back."""

    def __init__(self, gateway: Gateway, found: Provider) -> None:
        self.gateway, self.found = gateway, found
        self.tab = Citizen(gateway)
        name, value = self.tab.cookie.split("=", 1)
        self.cookies = {name: value}

    @property
    def header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)

    def call(self, method: str, path: str, **how: Any) -> Any:
        """One request with the cookies; those that it sets are kept."""
        self.gateway.client.cookies.clear()
        headers = {"cookie": self.header}
        reply = self.gateway.client.request(method, path, headers=headers, follow_redirects=False, **how)
        self.gateway.client.cookies.clear()
        for line in reply.headers.get_list("set-cookie"):
            name, value = line.split(";")[0].split("=", 1)
            gone = "Max-Age=0" in line
            assert gone or ("HttpOnly" in line and "samesite=lax" in line.lower())
            self.cookies[name] = "" if gone else value.strip('"')
        return reply

    def start(self, task: str = "cases") -> Any:
        return self.call("POST", "/api/citizen/sign-in", json={"task": task})

    def back(self, **query: str) -> None:
        """Come back; always to the chat."""
        reply = self.call("GET", "/api/citizen/back", params=query)
        assert (reply.status_code, reply.headers["location"]) == (303, "/"), reply.text
        assert reply.headers["cache-control"] == "no-store"

    def sign_in(self, subject: str = "c-1", task: str = "cases") -> Citizen:
        """There and back; the tab that the page opens then."""
        started = self.start(task)
        assert started.status_code == 200, started.text
        self.back(**self.found.consent(started.json()["url"], subject))
        return self.page()

    def page(self) -> Citizen:
        """The page is loaded anew."""
        return Citizen(self.gateway, self.header)

    def me(self) -> dict[str, Any]:
        return self.call("GET", "/api/citizen/me").json()

    def events(self) -> list[dict[str, Any]]:
        return [p for p in self.gateway.stored(self.tab.id) if p["kind"] == "identity_changed"]


@pytest.fixture
def browser(gateway: Gateway, found: Provider) -> Browser:
    return Browser(gateway, found)


def redeem(gateway: Gateway, ticket: str, conversation: str, secret: str = SECRET) -> Any:
    """What the action server asks."""
    return gateway.client.post(
        "/internal/identity",
        json={"ticket": ticket, "conversation_id": conversation},
        headers={"authorization": f"Bearer {secret}".encode("latin-1")},
    )


def heard(gateway: Gateway, text: str) -> dict[str, Any]:
    """What came with this text to the dialogue."""
    gateway.until(lambda: any(h.text == text for h in gateway.dialogue.heard))
    return dict([h for h in gateway.dialogue.heard if h.text == text][-1].args.get("identity") or {})


def test_nobody_signs_in_without_a_provider(start: Start) -> None:
    gateway = start()
    citizen = Citizen(gateway)
    assert gateway.get("/api/citizen/me", citizen.cookie).json() == {"offered": False, "signed_in": None}
    assert gateway.post("/api/citizen/sign-in", {}, citizen.cookie)[0]["error"]["code"] == "not_found"
    assert redeem(gateway, "t", citizen.id).status_code == 404
    citizen.ask("你好")
    assert "identity" not in gateway.dialogue.heard[-1].args


def test_a_short_secret_is_refused_at_the_start(start: Start, found: Provider) -> None:
    with pytest.raises(ValueError, match="NCZF_IDENTITY_SECRET: 5 characters"):
        start(**{**settings_of(found), "identity_secret": "short"})


def test_anonymous_by_default_and_told_that_one_could(browser: Browser, gateway: Gateway) -> None:
    assert browser.me() == {"offered": True, "signed_in": None}
    browser.tab.ask("我的办件")
    assert heard(gateway, "我的办件") == {"offered": True, "ticket": ""}


def test_signing_in_goes_on_with_the_task_in_the_same_talk(browser: Browser, gateway: Gateway) -> None:
    browser.tab.ask("我的办件")
    tab = browser.sign_in()
    assert tab.id == browser.tab.id
    carried = heard(gateway, "/case_status")
    assert redeem(gateway, carried["ticket"], tab.id).json() == {"name": NAME, "phone": PHONE, "id_no": ID_NO}
    steps = [(e["step"], e["task"], e["uses"], e["how"]) for e in browser.events()]
    assert steps == [
        ("consented", "cases", ["name", "phone", "id_no"], "oidc"),
        ("signed_in", "cases", [], "oidc"),
    ]
    assert "查您名下的办件" in browser.events()[0]["text"] and "30 分钟" in browser.events()[0]["text"]
    gateway.until(lambda: gateway.kinds(tab.id)[-1] == "bot_said")
    signed = browser.me()["signed_in"]
    assert signed["name"] == "王*明" and signed["until"] > 0
    tab.ask("还有别的吗")
    assert redeem(gateway, heard(gateway, "还有别的吗")["ticket"], tab.id).status_code == 200


def test_signing_in_for_nothing_asks_the_bot_nothing(browser: Browser, gateway: Gateway) -> None:
    tab = browser.sign_in(task="")
    assert browser.me()["signed_in"] and gateway.dialogue.heard == []
    assert gateway.kinds(tab.id)[-1] == "identity_changed"


def test_the_page_cannot_say_who_it_is(browser: Browser, gateway: Gateway) -> None:
    browser.tab.act("open_guide", "打开", guide_id="g", identity={"ticket": "made-up"})
    browser.tab.event("bot_said")
    assert heard(gateway, "/open_guide") == {"offered": True, "ticket": ""}


def test_a_ticket_is_of_use_to_nobody_else(browser: Browser, gateway: Gateway, found: Provider) -> None:
    tab = browser.sign_in()
    ticket = heard(gateway, "/case_status")["ticket"]
    other = Browser(gateway, found)
    for wrong in (
        redeem(gateway, ticket, other.tab.id),
        redeem(gateway, ticket[:-4] + "AAAA", tab.id),
        redeem(gateway, "", tab.id),
        redeem(gateway, "k9.AAAA", tab.id),
    ):
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (410, "not_signed_in")
    for secret in ("", "a-shared-secret-of-lengtH", "中文密钥".encode().decode("latin-1")):
        assert redeem(gateway, ticket, tab.id, secret).status_code == 404
    # The conversation's cookie alone, on another device, is not the person.
    shared = Citizen(gateway, tab.cookie.split("; ")[0])
    shared.ask("另一台")
    assert heard(gateway, "另一台")["ticket"] == ""


def test_signing_out_ends_it_at_once(browser: Browser, gateway: Gateway, found: Provider) -> None:
    tab = browser.sign_in()
    ticket = heard(gateway, "/case_status")["ticket"]
    told = browser.call("POST", "/api/citizen/sign-out", json={}).json()
    assert told["url"].startswith(f"{found.issuer}/oauth2/end_session?id_token_hint=")
    assert browser.cookies["nczf_citizen_session"] == "" and browser.me()["signed_in"] is None
    assert redeem(gateway, ticket, tab.id).status_code == 410
    tab.ask("还能看吗")  # the open page still has the old cookie
    assert redeem(gateway, heard(gateway, "还能看吗")["ticket"], tab.id).status_code == 410
    assert browser.events()[-1]["step"] == "signed_out"
    assert browser.call("POST", "/api/citizen/sign-out", json={}).json() == {"url": ""}
    assert [e["step"] for e in browser.events()] == ["consented", "signed_in", "signed_out"]


@pytest.mark.parametrize("column", ["expires_at", "seen_at"])
def test_a_session_ends_by_time_and_by_idling(browser: Browser, gateway: Gateway, column: str) -> None:
    tab = browser.sign_in()
    ticket = heard(gateway, "/case_status")["ticket"]
    sessions = gateway.app.state.hub.identity.sessions
    with sessions._engine.begin() as db:
        db.execute(update(citizen_sessions).values(**{column: 1.0}))
    assert redeem(gateway, ticket, tab.id).status_code == 410 and browser.me()["signed_in"] is None
    assert sessions.purge() == 1 and sessions.purge() == 0


def explained(gateway: Gateway, conversation: str, status: str) -> dict[str, Any]:
    """The last message, which has this status and two other ways."""
    (message,) = gateway.stored(conversation)[-1]["messages"]
    assert message["status"] == status, message
    by_number, again, person = message["replies"]
    assert (by_number["say"], again["action"], person["action"]) == ("用办件编号查", "sign_in", "handoff")
    return message


def test_whoever_cancels_is_told_and_helped_on(browser: Browser, gateway: Gateway, found: Provider) -> None:
    url = browser.start().json()["url"]
    browser.back(**found.consent(url, "c-1", "deny"))
    again = explained(gateway, browser.tab.id, "sign_in_cancelled")["replies"][1]
    assert again["args"] == {"task": "cases"} and browser.me()["signed_in"] is None


@pytest.mark.parametrize("subject", ["c-3", "c-4"])
def test_an_account_without_an_id_number_signs_nobody_in(browser, gateway, found, subject) -> None:
    browser.back(**found.consent(browser.start().json()["url"], subject))
    explained(gateway, browser.tab.id, "sign_in_no_identity")
    assert "nczf_citizen_session" not in browser.cookies


def test_a_provider_that_is_away_before_or_in_between(browser, gateway, found) -> None:
    found.away = True
    browser.gateway.app.state.hub.identity._client._provider._metadata = None
    refused = browser.start()
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "provider_unavailable")
    explained(gateway, browser.tab.id, "sign_in_unavailable")
    assert browser.events() == []
    found.away = False
    url = browser.start().json()["url"]
    query = found.consent(url, "c-1")
    found.away = True
    browser.back(**query)
    found.away = False
    explained(gateway, browser.tab.id, "sign_in_unavailable")
    assert [e["step"] for e in browser.events()] == ["consented"]


def test_a_way_back_works_once_in_one_browser_and_with_its_state(browser, gateway, found) -> None:
    query = found.consent(browser.start().json()["url"], "c-1")
    other = Browser(gateway, found)
    other.back(**query)
    explained(gateway, other.tab.id, "sign_in_refused")
    pending = dict(browser.cookies)
    browser.back(**{**query, "state": "made-up"})
    explained(gateway, browser.tab.id, "sign_in_refused")
    browser.cookies = pending
    browser.back(**query)
    explained(gateway, browser.tab.id, "sign_in_refused")
    assert browser.me()["signed_in"] is None


def test_a_stolen_way_back_signs_nobody_in_to_another_conversation(browser, gateway, found) -> None:
    query = found.consent(browser.start().json()["url"], "c-1")
    other = Browser(gateway, found)
    other.cookies["nczf_citizen_oidc"] = browser.cookies["nczf_citizen_oidc"]
    other.back(**query)
    explained(gateway, other.tab.id, "sign_in_refused")
    assert other.me()["signed_in"] is None


def test_somebody_else_on_the_same_browser_gets_another_conversation(browser, gateway, found) -> None:
    first = browser.sign_in()
    second = browser.sign_in("c-2")
    assert second.id != first.id
    assert browser.me()["signed_in"]["name"] == "李*"
    gateway.until(lambda: len([h for h in gateway.dialogue.heard if h.text == "/case_status"]) == 2)
    carried = [h for h in gateway.dialogue.heard if h.text == "/case_status"][-1]
    assert carried.conversation_id == second.id
    person = redeem(gateway, carried.args["identity"]["ticket"], second.id).json()
    assert (person["phone"], person["id_no"]) == ("13987654321", "36010219850101123X")
    assert "signed_in" not in [e.get("step") for e in gateway.stored(first.id)][-1:]
    # and the first one, who comes back to the first conversation, keeps it
    assert redeem(gateway, heard(gateway, "/case_status")["ticket"], first.id).status_code == 410


def test_without_a_conversation_nothing_is_begun(gateway: Gateway) -> None:
    assert gateway.post("/api/citizen/sign-in", {})[0]["error"]["code"] == "no_conversation"
    assert gateway.post("/api/citizen/sign-in", {"task": "taxes"})[0]["error"]["code"] == "bad_frame"
    reply = gateway.client.get("/api/citizen/back?code=x&state=y", follow_redirects=False)
    assert (reply.status_code, reply.headers["location"]) == (303, "/")


def test_another_site_s_page_cannot_begin_it(browser: Browser, gateway: Gateway) -> None:
    reply = gateway.client.post(
        "/api/citizen/sign-in", json={}, headers={"cookie": browser.header, "origin": "https://evil.example"}
    )
    assert reply.status_code == 403 and browser.events() == []


def test_while_an_officer_talks_the_bot_stays_silent(browser: Browser, gateway: Gateway) -> None:
    browser.tab.wait_for_person()
    officer = Officer(gateway)
    officer.accept(browser.tab)
    browser.sign_in()
    told = officer.event("identity_changed")
    assert told["payload"]["step"] in ("consented", "signed_in")
    assert not [h for h in gateway.dialogue.heard if h.text == "/case_status"]


def test_a_gateway_that_died_right_after_signing_in_owns_up(start: Start, found: Provider) -> None:
    gateway = start(ScriptedDialogue(RuntimeError("x")), **settings_of(found))
    browser = Browser(gateway, found)
    browser.sign_in()
    gateway.until(lambda: gateway.kinds(browser.tab.id)[-1] == "bot_said")
    (message,) = gateway.stored(browser.tab.id)[-1]["messages"]
    assert message["kind"] == "failure"


def test_two_gateways_of_one_database_and_key(start: Start, found: Provider) -> None:
    one, two = start(**settings_of(found)), start(**settings_of(found))
    browser = Browser(one, found)
    tab = browser.sign_in()
    ticket = heard(one, "/case_status")["ticket"]
    assert redeem(two, ticket, tab.id).json()["id_no"] == ID_NO


def test_nobody_s_data_is_in_the_log_the_events_the_tickets_or_the_file(
    browser: Browser, gateway: Gateway, found: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for logger in ("werkzeug", "oidc_provider_mock"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    tab = browser.sign_in()
    tab.ask("我的办件")
    ticket = heard(gateway, "/case_status")["ticket"]
    redeem(gateway, ticket, tab.id)
    other = Browser(gateway, found)
    with contextlib.suppress(AssertionError):
        other.back(code="made-up", state="x")
    browser.call("POST", "/api/citizen/sign-out", json={})
    rasa = json.dumps([[h.text, dict(h.args)] for h in gateway.dialogue.heard], ensure_ascii=False)
    frames = json.dumps([f for t in gateway.tabs for f in t.seen], ensure_ascii=False)
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("gateway"))
    places = {
        "log": ours + caplog.text,
        "events": json.dumps(gateway.stored(tab.id), ensure_ascii=False),
        "rasa": rasa,
        "frames": frames,
        "database": gateway.raw_bytes().decode("utf-8", "replace"),
    }
    assert len(ticket) < 1000 and "signed in" in ours
    for place, text in places.items():
        for value in (NAME, PHONE, ID_NO, ID_NO[-4:] + '"', "c-1\\u0000"):
            assert value not in text, f"{value!r} in the {place}"
