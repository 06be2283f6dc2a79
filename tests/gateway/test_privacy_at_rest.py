"""Identifiers are masked before anything is written; the bot and the desk's search get what they need."""

from __future__ import annotations

import logging
import unicodedata

import pytest

from tests.fakes_gateway import ScriptedKnowledge
from tests.gateway.clients import Citizen, Gateway, Officer
from tests.gateway.conftest import Start

RAW = "我叫王明，身份证36010219900307002X，电话13812345678，住北京西路88号3栋502室，卡6222021234567890123"
SECRETS = [
    "36010219900307002X",
    "19900307",
    "13812345678",
    "12345678",
    "88号",
    "502室",
    "6222021234567890123",
]


def test_the_file_never_holds_an_identifier_and_the_bot_still_hears_it(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    citizen = Citizen(gateway)
    citizen.ask(RAW)
    citizen.act("set_fact", "电话13812345678", key="phone", value="13812345678")
    citizen.event("bot_said")
    assert gateway.dialogue.texts[0] == unicodedata.normalize("NFKC", RAW)
    # A fact is one of the bot's own options: an identifier in it is none, and would be kept with the answer.
    assert gateway.dialogue.heard[1].args == {"key": "phone", "value": "138****5678"}
    # The scripted bot echoes what it heard; that echo is its own doing and is left out here.
    said = [p["text"] for p in gateway.stored(citizen.id) if p["kind"] == "citizen_said"]
    for secret in SECRETS:
        assert secret not in "\n".join(said)
        assert secret not in caplog.text
    assert "王明" in said[0] and "138****5678" in said[0]


def test_nothing_raw_in_any_database_file_while_an_officer_holds_the_talk(start: Start) -> None:
    gateway = start(knowledge=ScriptedKnowledge())
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    citizen.say(RAW)
    shown = officer.event("citizen_said")["payload"]["text"]
    citizen.send(type="typing", draft="我的电话是13812345678")
    officer.state(citizen_typing=True)
    officer.command("say", citizen.id, text="您的手机是13812345678对吗？")
    assert citizen.event("agent_said")["payload"]["text"] == "您的手机是138****5678对吗？"
    citizen.quiet()
    gateway.stop()
    raw = gateway.raw_bytes()
    assert raw
    for secret in SECRETS:
        assert secret.encode() not in raw
        assert secret not in shown


def test_an_officer_can_tell_the_citizen_an_address_and_an_office_phone(gateway: Gateway) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    citizen.wait_for_person()
    officer.accept(citizen)
    text = "请到红谷滩区丰和中大道1318号2楼办理，咨询电话0791-83986100。"
    officer.command("say", citizen.id, text=text)
    assert citizen.event("agent_said")["payload"]["text"] == text


def test_the_secret_of_a_conversation_and_passwords_are_not_in_the_file(gateway: Gateway) -> None:
    citizen, officer = Citizen(gateway), Officer(gateway)
    raw = gateway.raw_bytes()
    assert citizen.id.encode() in raw
    assert citizen.cookie.split(".", 1)[1].encode() not in raw
    assert officer.cookie.split("=", 1)[1].encode() not in raw
    assert gateway.password("desk01").encode() not in raw
