"""`python -m gateway.admin`: accounts, sessions and the trail from the shell, beside a running gateway."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.admin.frame import main, parser
from tests.gateway.clients import Officer
from tests.gateway.conftest import Start

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys):
    """Run a command on a data folder: (exit status, JSON or text, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NCZF_DATA_DIR", str(tmp_path))

    def run(*words: str, stdin: str = "", text: bool = False):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = main([*([] if text else ["--json"]), "--by", "tester", *words])
        out, err = capsys.readouterr()
        return status, (out if text or not out else json.loads(out)), err

    return run


def test_an_account_from_its_making_to_its_end(shell):
    status, made, _ = shell("staff", "add", "wang", "--name", "08号", "--role", "officer")
    assert status == 0 and len(made["password"]) == 19
    [listed] = shell("staff", "list")[1]
    assert listed == {"username": "wang", "name": "08号", "role": "officer", "state": "active",
                      "source": "local", "demo": False, "must_change": True, "totp": False}
    assert shell("staff", "role", "wang", "supervisor")[1] == {"username": "wang", "ended": 0}
    assert shell("staff", "disable", "wang")[0] == shell("staff", "enable", "wang")[0] == 0
    assert shell("staff", "reset-password", "wang")[1]["password"] != made["password"]
    assert shell("staff", "reset-totp", "wang")[0] == shell("staff", "revoke", "wang")[0] == 0
    assert shell("staff", "sessions")[1] == []
    rows = shell("audit", "list", "--subject", "staff:wang")[1]
    assert [row["action"] for row in reversed(rows)] == [
        "staff.added", "staff.role", "staff.disabled", "staff.enabled", "staff.password_reset",
        "staff.totp_reset", "staff.sessions_revoked",
    ]
    assert {row["actor"] for row in rows} == {"cli:tester"} and made["password"] not in str(rows)


def test_a_password_may_come_from_stdin_and_is_not_printed(shell):
    status, made, _ = shell("staff", "add", "li", "--name", "09号", "--role", "editor", "--password-stdin",
                            stdin="birke-und-42-moewen\n")
    assert (status, made) == (0, {"username": "li"})
    status, _, err = shell("staff", "reset-password", "li", "--password-stdin", stdin="password1234\n")
    assert status == 2 and "太容易猜到" in err and "password1234" not in err
    status, _, err = shell("staff", "reset-password", "li", "--password-stdin", stdin="")
    assert status == 2 and "no line came" in err


def test_what_cannot_be_done_is_said_in_one_line(shell, monkeypatch):
    for words in (["staff", "disable", "nobody"], ["staff", "add", "a b", "--name", "x", "--role", "officer"],
                  ["audit", "verify", "--head", "x"]):
        status, out, err = shell(*words)
        assert (status, out) == (2, "") and err.startswith("refused: ") and err.count("\n") == 1
    monkeypatch.setenv("NCZF_GATEWAY_KEYS", "k1:short")
    assert "NCZF_GATEWAY_KEYS" in shell("staff", "list")[2]


def test_tables_are_for_people(shell):
    assert shell("staff", "list", text=True)[1] == "(none)\n"
    shell("staff", "add", "wang", "--name", "08号", "--role", "officer")
    table = shell("staff", "list", text=True)[1]
    assert table.splitlines()[0].split()[:3] == ["username", "name", "role"] and "08号" in table
    assert shell("audit", "head", text=True)[1].startswith("head         1:")


def test_the_trail_is_verified_and_a_cut_is_seen(shell, tmp_path):
    import sqlite3

    shell("staff", "add", "wang", "--name", "08号", "--role", "officer")
    head = shell("audit", "head")[1]["head"]
    assert shell("audit", "verify", "--head", head)[:2] == (0, {"rows": 1, "faults": [], "status": 0})
    with sqlite3.connect(tmp_path / "gateway.db") as db:
        db.execute("delete from staff_audit")
    status, told, err = shell("audit", "verify", "--head", head)
    assert (status, told["status"]) == (1, 1) and "cut off" in err
    assert shell("audit", "verify")[0] == 0  # without the head nobody can know


def test_every_command_explains_itself(capsys):
    for words in (["--help"], ["staff", "--help"], ["staff", "revoke", "--help"], ["audit", "--help"]):
        with pytest.raises(SystemExit) as done:
            parser().parse_args(words)
        assert done.value.code == 0 and capsys.readouterr().out.startswith("usage: python -m gateway.admin")


def test_a_revoked_session_of_a_running_gateway_closes_its_desk(start: Start):
    gateway = start()
    officer = Officer(gateway, cookie=gateway.sign_in("desk01"))
    env = {**os.environ, "NCZF_DATA_DIR": str(gateway.settings.data_dir), "PYTHONPATH": str(ROOT)}
    for words in (["--json", "staff", "revoke", "desk01"],):
        ran = subprocess.run([sys.executable, "-m", "gateway.admin", *words], env=env, capture_output=True,
                             text=True, timeout=60, cwd=gateway.settings.data_dir)
        assert ran.returncode == 0, ran.stderr
    assert officer.close_code() == 4401
