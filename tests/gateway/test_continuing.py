"""One conversation on another device: a code once, ended from the first; and how many may be begun."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.continuing import CODE_S, KEY_S, Continuing
from gateway.conversation import ConversationNotFound
from gateway.database import open_database
from gateway.log import ConversationLog
from gateway.sealed_box import SealedBox
from tests.fakes import HeldClock
from tests.gateway.clients import Citizen, Gateway
from tests.gateway.conftest import Start
from tests.gateway.oidc_provider import Provider, provider
from tests.gateway.staff_clients import KEYS
from tests.gateway.test_citizen_identity import USERS, Browser, heard, redeem, settings_of


@pytest.fixture(scope="module")
def found():
    """One provider for all."""
    with provider(USERS) as running:
        yield running


def code_of(gateway: Gateway, cookie: str) -> str:
    body, _ = gateway.post("/api/conversations/code", {}, cookie)
    assert body["minutes"] == 5 and len(body["code"]) == 8 and body["code"].isdecimal(), body
    return str(body["code"])


def join(gateway: Gateway, code: str) -> tuple[dict[str, Any], str]:
    return gateway.post("/api/conversations/join", {"code": code})


def test_a_code_goes_on_with_the_same_conversation_elsewhere(gateway: Gateway) -> None:
    first = Citizen(gateway)
    first.ask("身份证丢了")
    code = code_of(gateway, first.cookie)
    body, cookie = join(gateway, f"{code[:4]} {code[4:]}")
    assert body["conversation_id"] == first.id and cookie != first.cookie
    second = Citizen(gateway, cookie)
    assert "身份证丢了" in str(second.events())
    second.ask("接着说")
    assert first.event("identity_changed")["payload"]["step"] == "joined"
    assert first.event("citizen_said")["payload"]["text"] == "接着说"
    assert gateway.post("/api/conversations", {}, cookie)[0]["conversation_id"] == first.id


def test_a_code_works_once_and_a_new_one_ends_the_old(gateway: Gateway) -> None:
    first = Citizen(gateway)
    old, code = code_of(gateway, first.cookie), code_of(gateway, first.cookie)
    assert join(gateway, old)[0]["error"]["code"] == "code_wrong"
    assert join(gateway, code)[0]["conversation_id"] == first.id
    assert join(gateway, code)[0]["error"]["code"] == "code_wrong"
    assert code.encode() not in gateway.raw_bytes()


def test_the_first_device_ends_all_others_at_once(gateway: Gateway) -> None:
    first = Citizen(gateway)
    _, cookie = join(gateway, code_of(gateway, first.cookie))
    second, left = Citizen(gateway, cookie), code_of(gateway, first.cookie)
    assert gateway.post("/api/conversations/revoke", {}, cookie)[0]["error"]["code"] == "no_conversation"
    assert gateway.post("/api/conversations/code", {}, cookie)[0]["error"]["code"] == "no_conversation"
    assert gateway.post("/api/conversations/revoke", {}, first.cookie)[0] == {"ended": 1}
    assert second.close_code() == 4401
    assert gateway.post("/api/conversations", {}, cookie)[0]["conversation_id"] != first.id
    assert join(gateway, left)[0]["error"]["code"] == "code_wrong"
    first.ask("我还在")
    steps = [e["step"] for e in gateway.stored(first.id) if e["kind"] == "identity_changed"]
    assert steps == ["joined", "revoked"]
    assert gateway.post("/api/conversations/revoke", {}, first.cookie)[0] == {"ended": 0}


@pytest.mark.parametrize("code", ["", "1234567", "123456789", "abcdefgh", "１２３４５６７８", "1234567 "])
def test_what_is_no_code_is_refused(gateway: Gateway, code: str) -> None:
    assert join(gateway, code)[0]["error"]["code"] == "code_wrong"


def test_guessing_is_stopped_by_address_and_over_all(gateway: Gateway) -> None:
    first = Citizen(gateway)
    code = code_of(gateway, first.cookie)
    wrong = "00000000" if code != "00000000" else "11111111"
    said = [join(gateway, wrong)[0]["error"]["code"] for _ in range(6)]
    assert said == ["code_wrong"] * 5 + ["code_locked"]
    assert join(gateway, code)[0]["error"]["code"] == "code_locked"


def test_new_conversations_are_limited_by_address_and_old_ones_go_on(start: Start) -> None:
    gateway = start(conversations_per_minute=6)
    first = Citizen(gateway)
    assert gateway.post("/api/conversations", {"fresh": True})[0]["conversation_id"]
    refused, cookie = gateway.post("/api/conversations", {"fresh": True})
    assert refused["error"]["code"] == "rate_limited" and cookie == ""
    assert gateway.post("/api/conversations", {}, first.cookie)[0]["conversation_id"] == first.id


def test_codes_and_keys_end_by_time(tmp_path: Path) -> None:
    clock = HeldClock()
    engine = open_database(tmp_path / "g.db")
    now = lambda: clock().timestamp()  # noqa: E731
    log = ConversationLog(engine, now)
    continuing = Continuing(engine, SealedBox.load(KEYS, tmp_path), now)
    conversation, secret = log.create("portal")
    assert continuing.check(log, conversation.id, secret) is False
    code = continuing.code(conversation.id)
    clock.move(seconds=CODE_S + 1)
    assert continuing.join(code) is None
    joined = continuing.join(continuing.code(conversation.id))
    assert joined is not None and continuing.check(log, *joined) is True
    other, _ = log.create("portal")
    for wrong in ((other.id, joined[1]), (conversation.id, ""), ("", ""), (conversation.id, "x")):
        with pytest.raises(ConversationNotFound):
            continuing.check(log, *wrong)
    clock.move(seconds=KEY_S + 1)
    with pytest.raises(ConversationNotFound):
        continuing.check(log, *joined)
    engine.dispose()


def test_who_is_signed_in_finds_their_talk_again_and_nobody_else_does(start: Start, found: Provider) -> None:
    gateway = start(**settings_of(found))
    at_home = Browser(gateway, found)
    first = at_home.sign_in()
    first.ask("只有我知道的事")
    for subject, expected in (("c-2", "not_found"), ("c-1", None)):
        away = Browser(gateway, found)
        assert away.call("POST", "/api/conversations/mine", json={}).status_code == 409
        away.sign_in(subject)
        said = away.call("POST", "/api/conversations/mine", json={}).json()
        if expected:
            assert said["error"]["code"] == expected
            continue
        assert said["conversation_id"] == first.id
        tab = away.page()
        assert "只有我知道的事" in str(tab.events()) and away.me()["signed_in"]["name"] == "王*明"
        tab.ask("在外面")
        assert redeem(gateway, heard(gateway, "在外面")["ticket"], first.id).status_code == 200
        assert at_home.me()["signed_in"]  # the first browser stays signed in


def test_a_joined_device_is_not_signed_in(start: Start, found: Provider) -> None:
    gateway = start(**settings_of(found))
    browser = Browser(gateway, found)
    browser.sign_in()
    code = code_of(gateway, browser.header)
    _, cookie = join(gateway, code)
    assert gateway.get("/api/citizen/me", cookie).json()["signed_in"] is None
    Citizen(gateway, cookie).ask("我的办件")
    assert heard(gateway, "我的办件")["ticket"] == ""
