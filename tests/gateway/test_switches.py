"""Switches that work at once: the bot, the channels, the notice; kept with who and why."""

from __future__ import annotations

import json
import sqlite3

import pytest

from gateway.database import open_database
from gateway.switch import main
from gateway.switches import NOTICE_LIMIT, BadSwitch, Switches
from tests.gateway.clients import Citizen, Gateway, Officer
from tests.gateway.conftest import Start

QUICK = {"switch_poll_s": 0.02}


def switches_of(gateway: Gateway) -> Switches:
    return Switches(open_database(gateway.settings.database))


def test_what_was_changed_last_holds_and_every_change_stays(tmp_path):
    switches = Switches(open_database(tmp_path / "g.db"), clock=lambda: 1_800_000_000.0)
    assert switches.board().bot and not switches.board().closed and not switches.board().notice
    switches.change("bot", "off", by="wang", reason="wrong fees")
    switches.change("channel.app", "off", by="wang", reason="attack")
    switches.change("notice", "  今晚升级  ", by="li", reason="upgrade")
    board = switches.board()
    assert (board.bot, board.closed, board.notice) == (False, frozenset({"app"}), "今晚升级")
    switches.change("bot", "on", by="li", reason="mended")
    assert switches.board().bot
    assert [(c.name, c.value, c.by, c.reason) for c in switches.history()] == [
        ("bot", "on", "li", "mended"),
        ("notice", "今晚升级", "li", "upgrade"),
        ("channel.app", "off", "wang", "attack"),
        ("bot", "off", "wang", "wrong fees"),
    ]
    assert switches.history()[0].at == "2027-01-15T08:00:00+00:00"


@pytest.mark.parametrize(
    "name, value, reason, said",
    [
        ("kettle", "off", "why", "no switch"),
        ("bot", "maybe", "why", "expected on or off"),
        ("bot", "off", "  ", "needs a reason"),
        ("bot", "off", "x" * 201, "needs a reason"),
        ("notice", "长" * (NOTICE_LIMIT + 1), "why", "201 characters"),
    ],
)
def test_a_change_that_makes_no_sense_is_not_made(tmp_path, name, value, reason, said):
    switches = Switches(open_database(tmp_path / "g.db"))
    with pytest.raises(BadSwitch, match=said):
        switches.change(name, value, by="x", reason=reason)
    assert switches.history() == []


def test_a_bot_that_is_off_says_so_and_offers_a_person(start: Start):
    gateway = start(**QUICK)
    switches_of(gateway).change("bot", "off", by="wang", reason="wrong fees")
    gateway.until(lambda: not gateway.app.state.hub.board.bot)
    citizen = Citizen(gateway)
    [message] = citizen.ask("身份证丢了怎么补")
    assert (message["kind"], message["status"]) == ("failure", "bot_off")
    assert [reply["action"] for reply in message["replies"]] == ["handoff"]
    assert gateway.dialogue.heard == []
    officer = Officer(gateway)
    citizen.wait_for_person()
    officer.command("accept", citizen.id)
    citizen.event("handoff_accepted")
    switches_of(gateway).change("bot", "on", by="wang", reason="mended")
    gateway.until(lambda: gateway.app.state.hub.board.bot)
    assert Citizen(gateway).ask("在吗") != []


def test_a_closed_channel_takes_nobody_new_and_nothing_more_but_ends_no_talk_with_a_person(start: Start):
    gateway = start(**QUICK)
    talking, asking = Citizen(gateway), Citizen(gateway)
    officer = Officer(gateway)
    talking.wait_for_person()
    officer.command("accept", talking.id)
    talking.event("handoff_accepted")
    switches_of(gateway).change("channel.portal", "off", by="wang", reason="attack")
    gateway.until(lambda: gateway.app.state.hub.board.closed)
    sent = asking.say("身份证丢了怎么补")
    error = asking.error()
    assert (error["code"], error["ref"]) == ("channel_off", sent)
    assert "12345" in error["message"]
    assert not [e for e in asking.quiet() if e["type"] == "event"]
    response = gateway.client.post("/api/conversations", json={"fresh": True})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "channel_off")
    talking.say("那我要带什么")
    assert talking.event("citizen_said")["payload"]["text"] == "那我要带什么"


def test_the_notice_reaches_open_pages_new_pages_and_the_first_screen(start: Start):
    gateway = start(**QUICK)
    citizen, officer = Citizen(gateway), Officer(gateway)
    assert gateway.client.get("/api/home").json()["notice"] == ""
    switches_of(gateway).change("notice", "暴雨红色预警，请勿外出办事。", by="li", reason="storm")
    for tab in (citizen, officer):
        assert tab.until(lambda f: f["type"] == "notice")["text"] == "暴雨红色预警，请勿外出办事。"
    late = Citizen(gateway)
    assert late.until(lambda f: f["type"] == "notice")["text"].startswith("暴雨")
    assert gateway.client.get("/api/home").json()["notice"].startswith("暴雨")
    switches_of(gateway).change("notice", "", by="li", reason="over")
    assert citizen.until(lambda f: f["type"] == "notice")["text"] == ""


def test_an_unreadable_database_leaves_the_switches_as_they_were(start: Start):
    gateway = start(**QUICK)
    switches_of(gateway).change("bot", "off", by="wang", reason="why")
    gateway.until(lambda: not gateway.app.state.hub.board.bot)
    with sqlite3.connect(gateway.settings.database) as db:
        db.execute("ALTER TABLE switch_changes RENAME TO away")
    Citizen(gateway).quiet(0.1)
    assert not gateway.app.state.hub.board.bot
    with sqlite3.connect(gateway.settings.database) as db:
        db.execute("ALTER TABLE away RENAME TO switch_changes")
    switches_of(gateway).change("bot", "on", by="wang", reason="back")
    gateway.until(lambda: gateway.app.state.hub.board.bot)


def test_the_command_changes_shows_and_refuses(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NCZF_DATA_DIR", str(tmp_path))
    assert main(["bot", "off", "--reason", "wrong fees", "--by", "wang", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["bot"], shown["changes"][0]["by"]) == (False, "wang")
    assert main(["bot", "off"]) == 2
    assert "needs a reason" in capsys.readouterr().err
    assert main(["notice", "今晚升级", "--reason", "upgrade", "--by", "li"]) == 0
    assert main(["show"]) == 0
    out = capsys.readouterr().out
    assert "bot      OFF" in out and "今晚升级" in out and "li  notice" in out
