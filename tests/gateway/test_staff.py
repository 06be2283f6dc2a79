"""Signing in and out, lockout, expiry, the demo accounts."""

from __future__ import annotations

import sqlite3
import stat
import time

import pytest

from gateway.schema_sql import open_database
from gateway.staff import DEMO_STAFF, LOCK_AFTER, LOCK_S, SESSION_S, Staff, add_demo_staff
from tests.gateway.clients import Citizen, Gateway, Officer, Tab
from tests.gateway.conftest import Start


def login(gateway: Gateway, username: str, password: str) -> tuple[int, dict, str]:
    """POST the login; (status, body, cookie header)."""
    gateway.client.cookies.clear()
    reply = gateway.client.post("/api/desk/login", json={"username": username, "password": password})
    gateway.client.cookies.clear()
    return reply.status_code, reply.json(), reply.headers.get("set-cookie", "")


def test_the_right_password_signs_in_with_a_guarded_cookie(gateway: Gateway) -> None:
    status, body, cookie = login(gateway, "desk01", gateway.password("desk01"))
    assert (status, body) == (200, {"username": "desk01", "name": "06号", "role": "officer"})
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and f"Max-Age={SESSION_S}" in cookie
    me = gateway.get("/api/desk/me", cookie.split(";")[0])
    assert (me.status_code, me.json()) == (200, body)


def test_cookies_are_secure_behind_https(start: Start) -> None:
    gateway = start(secure_cookies=True)
    assert "secure" in login(gateway, "desk01", gateway.password("desk01"))[2].lower()
    reply = gateway.client.post("/api/conversations", json={})
    assert "secure" in reply.headers["set-cookie"].lower() and "HttpOnly" in reply.headers["set-cookie"]


def test_wrong_name_and_wrong_password_are_not_told_apart(gateway: Gateway) -> None:
    wrong = login(gateway, "desk01", "wrong")
    nobody = login(gateway, "nobody", "wrong")
    assert wrong == nobody
    assert wrong[0] == 401 and wrong[1]["error"]["message"] == "账号或密码不对。" and wrong[2] == ""


def test_after_too_many_failures_the_right_password_is_refused_too(gateway: Gateway) -> None:
    for _ in range(LOCK_AFTER):
        assert login(gateway, "desk01", "wrong")[0] == 401
    status, body, cookie = login(gateway, "desk01", gateway.password("desk01"))
    assert (status, body["error"]["code"], cookie) == (429, "sign_in_locked", "")
    assert f"{LOCK_S // 60} 分钟" in body["error"]["message"]
    assert login(gateway, "desk02", gateway.password("desk02"))[0] == 200
    with sqlite3.connect(gateway.settings.database) as db:
        db.execute("update staff set locked_until = ?", (time.time() - 1,))
    assert login(gateway, "desk01", gateway.password("desk01"))[0] == 200


def test_a_success_forgets_earlier_failures(gateway: Gateway) -> None:
    for _ in range(2):
        for _ in range(LOCK_AFTER - 1):
            assert login(gateway, "desk01", "wrong")[0] == 401
        assert login(gateway, "desk01", gateway.password("desk01"))[0] == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"username": "a"}, {"username": "a" * 41, "password": "b"}, [], {"username": 1, "password": 2}],
)
def test_a_malformed_sign_in_is_refused_without_repeating_it(gateway: Gateway, body: object) -> None:
    reply = gateway.client.post("/api/desk/login", json=body)
    assert reply.status_code == 422
    assert list(reply.json()) == ["error"] and reply.json()["error"]["code"] == "bad_frame"


def test_signing_out_ends_the_session_and_closes_its_open_desk(gateway: Gateway) -> None:
    officer, other = Officer(gateway, cookie=gateway.sign_in("desk01")), Officer(gateway)
    gateway.post("/api/desk/logout", {}, officer.cookie)
    assert gateway.get("/api/desk/me", officer.cookie).status_code == 401
    assert officer.close_code() == 4401
    assert Tab(gateway, "/ws/desk", officer.cookie).close_code() == 4401
    other.answers_ping()  # another session of the same officer goes on


def test_an_expired_session_is_no_session(gateway: Gateway) -> None:
    cookie = gateway.sign_in("desk01")
    with sqlite3.connect(gateway.settings.database) as db:
        (left,) = db.execute("select expires_at from staff_sessions").fetchone()
        assert left == pytest.approx(time.time() + SESSION_S, abs=60)
        db.execute("update staff_sessions set expires_at = ?", (time.time() - 1,))
    assert gateway.get("/api/desk/me", cookie).status_code == 401
    assert Tab(gateway, "/ws/desk", cookie).close_code() == 4401


def test_the_demo_logins_are_for_the_operators_eyes_and_made_once(start: Start) -> None:
    gateway = start(bare=True)
    path = gateway.settings.data_dir / "demo-logins.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text("utf-8")
    assert [line.split()[0] for line in text.splitlines()] == [name for name, _ in DEMO_STAFF]
    gateway.stop()
    again = start()
    assert path.read_text("utf-8") == text
    assert login(again, "desk02", again.password("desk02"))[0] == 200


def test_demo_logins_of_a_lost_database_do_not_stay_in_the_file(tmp_path) -> None:
    for name in ("first.db", "second.db"):
        engine = open_database(tmp_path / name)
        people = Staff(engine)
        path = add_demo_staff(people, tmp_path)
        lines = [line.split() for line in path.read_text("utf-8").splitlines()]
        assert [user for user, _ in lines] == [user for user, _ in DEMO_STAFF]
        for user, password in lines:
            assert people.sign_in(user, password)[0].username == user
        engine.dispose()


def test_a_citizens_cookie_is_guarded(gateway: Gateway) -> None:
    reply = gateway.client.post("/api/conversations", json={"fresh": True})
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=lax" in cookie.lower()
    assert Citizen(gateway, cookie.split(";")[0]).first_state["mode"] == "bot"
