"""Signing in and out, lockouts, one-time codes, passwords, sessions, the demo accounts."""

from __future__ import annotations

import re
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from gateway.accounts import BadAccount, BadPassword
from gateway.database import open_database
from gateway.officer import StaffPolicy
from gateway.passwords import fault
from gateway.sealed_box import SealBroken, SealedBox, parse
from gateway.staff import (
    DEMO_STAFF,
    CodeNeeded,
    CodeRefused,
    Place,
    SignInLocked,
    SignInRefused,
    Staff,
    add_demo_staff,
)
from gateway.staff_codes import NoEnrolment
from gateway.staff_limits import network
from tests import postgres
from tests.fakes import HeldClock
from tests.gateway.clients import Citizen, Gateway, Officer, Tab
from tests.gateway.conftest import Start
from tests.gateway.staff_clients import KEYS, PASSWORD, change, people, put, session_of

POLICY = StaffPolicy()
NEW = "birke-und-42-moewen-am-fluss"


def login(gateway: Gateway, username: str, password: str, **more: str) -> tuple[int, dict, str]:
    """POST the login; (status, body, cookie header)."""
    gateway.client.cookies.clear()
    body = {"username": username, "password": password, **more}
    reply = gateway.client.post("/api/desk/login", json=body)
    gateway.client.cookies.clear()
    return reply.status_code, reply.json(), reply.headers.get("set-cookie", "")


def test_the_right_password_signs_in_with_a_guarded_cookie(gateway: Gateway) -> None:
    status, body, cookie = login(gateway, "desk01", gateway.password("desk01"))
    assert (status, body) == (200, {"username": "desk01", "name": "06号", "role": "officer", "must": []})
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and "Max-Age=43200" in cookie
    me = gateway.get("/api/desk/me", cookie.split(";")[0])
    assert (me.status_code, me.json()) == (200, body)


def test_cookies_are_secure_behind_https(start: Start) -> None:
    gateway = start(secure_cookies=True)
    assert "secure" in login(gateway, "desk01", gateway.password("desk01"))[2].lower()
    reply = gateway.client.post("/api/conversations", json={})
    assert "secure" in reply.headers["set-cookie"].lower() and "HttpOnly" in reply.headers["set-cookie"]


def test_wrong_name_wrong_password_and_disabled_are_not_told_apart(gateway: Gateway) -> None:
    wrong = login(gateway, "desk01", "wrong")
    nobody = login(gateway, "nobody", "wrong")
    gateway.app.state.people.accounts.disable("desk02", by="test")
    disabled = login(gateway, "desk02", gateway.password("desk02"))
    assert wrong == nobody == disabled
    assert wrong[0] == 401 and wrong[1]["error"]["message"] == "账号或密码不对。" and wrong[2] == ""


def test_after_too_many_failures_the_right_password_is_refused_too(gateway: Gateway) -> None:
    for _ in range(POLICY.lock_after):
        assert login(gateway, "desk01", "wrong")[0] == 401
    status, body, cookie = login(gateway, "desk01", gateway.password("desk01"))
    assert (status, body["error"]["code"], cookie) == (429, "sign_in_locked", "")
    assert "15 分钟" in body["error"]["message"]
    assert login(gateway, "desk02", gateway.password("desk02"))[0] == 200
    with sqlite3.connect(gateway.settings.database) as db:
        db.execute("update staff set locked_until = ?", (time.time() - 1,))
    assert login(gateway, "desk01", gateway.password("desk01"))[0] == 200


def test_a_success_forgets_earlier_failures(gateway: Gateway) -> None:
    for _ in range(2):
        for _ in range(POLICY.lock_after - 1):
            assert login(gateway, "desk01", "wrong")[0] == 401
        assert login(gateway, "desk01", gateway.password("desk01"))[0] == 200


def test_many_names_tried_from_one_place_lock_the_place_and_no_other(tmp_path) -> None:
    clock = HeldClock()
    found = people(tmp_path / "g.db", clock, address_lock_after=4)
    put(found, "li")
    here, there = Place("2001:db8::1"), Place("192.0.2.9")
    for number in range(4):
        with pytest.raises(SignInRefused):
            found.sign_in(f"nobody{number}", "wrong", place=here)
    for place in (here, Place("2001:db8::ffff")):  # the same network of 64 bits
        with pytest.raises(SignInLocked) as locked:
            found.sign_in("li", PASSWORD, place=place)
    assert locked.value.retry_after_s == pytest.approx(900)
    assert found.sign_in("li", PASSWORD, place=there)[0].username == "li"
    clock.move(minutes=15, seconds=1)
    assert found.sign_in("li", PASSWORD, place=here)[0].username == "li"


def test_loopback_is_never_locked_and_success_forgets_the_slips_of_the_place(tmp_path) -> None:
    found = people(tmp_path / "g.db", HeldClock(), address_lock_after=2)
    put(found, "li")
    for _ in range(6):
        with pytest.raises(SignInRefused):
            found.sign_in("nobody", "wrong", place=Place("127.0.0.1"))
        with pytest.raises(SignInRefused):
            found.sign_in("nobody", "wrong", place=Place("192.0.2.9"))
        assert found.sign_in("li", PASSWORD, place=Place("192.0.2.9"))[1]
    assert (network("192.0.2.9"), network("2001:db8:1:2:3::4")) == ("192.0.2.9", "2001:db8:1:2::/64")


@pytest.mark.parametrize(
    "body",
    [{}, {"username": "a"}, {"username": "a" * 41, "password": "b"}, [], {"username": 1, "password": 2}],
)
def test_a_malformed_sign_in_is_refused_without_repeating_it(gateway: Gateway, body: object) -> None:
    reply = gateway.client.post("/api/desk/login", json=body)
    assert reply.status_code == 422
    assert list(reply.json()) == ["error"] and reply.json()["error"]["code"] == "bad_frame"


# ---- passwords


@pytest.mark.parametrize(
    ("password", "phrase"),
    [
        ("kurz-5-zoll", "password_length"),
        ("x" * 201, "password_length"),
        ("wang-und-vier-birken", "password_has_name"),
        ("aaaabbbbccccaaaa", "password_common"),
        ("123456789012", "password_common"),
        ("P@ssw0rd2026!!", "password_common"),
        ("Nanchang@12345", "password_common"),
        ("qwertyuiop123456", "password_common"),
        ("南昌政务服务12345678", "password_common"),
        ("admin888888admin", "password_common"),
        (NEW, ""),
        ("红谷滩的三只白鹭飞过赣江", ""),
        ("kx7m-p2vq-9wtd", ""),
    ],
)
def test_passwords_that_others_would_guess_are_refused(password: str, phrase: str) -> None:
    assert fault(password, "wang") == phrase


def test_a_password_that_was_handed_over_has_to_be_changed_before_anything_else(gateway: Gateway) -> None:
    found = gateway.app.state.people
    found.accounts.add("wang", "08号", "officer", PASSWORD, must_change=True)
    status, body, cookie = login(gateway, "wang", PASSWORD)
    old = cookie.split(";")[0]
    assert (status, body["must"]) == (200, ["password"])
    refused = gateway.get("/api/desk/guides", old)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "must_first")
    assert "修改密码" in refused.json()["error"]["message"]
    assert Tab(gateway, "/ws/desk", old).close_code() == 4401
    bad_ones = (("short", "12 到 200"), (PASSWORD, "不能和原密码一样"), ("wang-1234-9876-x", "工号"))
    for bad, message in bad_ones:
        told, _ = gateway.post("/api/desk/password", {"old": PASSWORD, "new": bad}, old)
        assert told["error"]["code"] == "password_refused" and message in told["error"]["message"]
    told, _ = gateway.post("/api/desk/password", {"old": "wrong", "new": NEW}, old)
    assert told["error"]["message"] == "原密码不对。"
    me, fresh = gateway.post("/api/desk/password", {"old": PASSWORD, "new": NEW}, old)
    assert me["must"] == [] and fresh and fresh != old
    assert gateway.get("/api/desk/me", old).status_code == 401  # rotated
    assert gateway.get("/api/desk/guides", fresh).status_code == 200
    assert login(gateway, "wang", PASSWORD)[0] == 401 and login(gateway, "wang", NEW)[0] == 200


def test_wrong_old_passwords_lock_as_wrong_sign_ins_do(tmp_path) -> None:
    found = people(tmp_path / "g.db", HeldClock())
    put(found, "li")
    officer, _ = found.sign_in("li", PASSWORD)
    for _ in range(POLICY.lock_after):
        with pytest.raises(SignInRefused):
            found.change_password(officer, "wrong", NEW, Place())
    with pytest.raises(SignInLocked):
        found.change_password(officer, PASSWORD, NEW, Place())


# ---- one-time codes


def enrolled(found, clock: HeldClock, username: str = "li") -> tuple[pyotp.TOTP, list[str]]:
    """An account with codes on: (its generator, its recovery codes)."""
    put(found, username)
    officer, _ = found.sign_in(username, PASSWORD)
    totp = pyotp.TOTP(found.codes.begin(username).secret)
    codes, _, _ = found.confirm_codes(officer, totp.at(clock()), Place())
    clock.move(seconds=30)
    return totp, codes


def test_with_codes_on_a_password_alone_does_not_sign_in(tmp_path) -> None:
    clock = HeldClock()
    found = people(tmp_path / "g.db", clock)
    totp, _ = enrolled(found, clock)
    with pytest.raises(CodeNeeded):
        found.sign_in("li", PASSWORD)
    with pytest.raises(SignInRefused):  # nobody learns of the codes without the password
        found.sign_in("li", "wrong", totp.at(clock()))
    with pytest.raises(CodeRefused):
        found.sign_in("li", PASSWORD, "000000" if totp.at(clock()) != "000000" else "000001")
    assert found.sign_in("li", PASSWORD, totp.at(clock()))[0].username == "li"


def test_a_code_works_once_and_an_older_one_never_after_it(tmp_path) -> None:
    clock = HeldClock()
    found = people(tmp_path / "g.db", clock)
    totp, _ = enrolled(found, clock)
    before, now = totp.at(clock(), counter_offset=-1), totp.at(clock())
    found.sign_in("li", PASSWORD, now)
    for code in (now, before):
        with pytest.raises(CodeRefused):
            found.sign_in("li", PASSWORD, code)
    clock.move(seconds=30)
    assert found.sign_in("li", PASSWORD, f"{totp.at(clock())[:3]} {totp.at(clock())[3:]}")


def test_the_phone_may_be_thirty_seconds_off_and_no_more(tmp_path) -> None:
    clock = HeldClock()
    found = people(tmp_path / "g.db", clock)
    totp, _ = enrolled(found, clock)
    clock.move(minutes=5)
    for off in (-2, 2):
        with pytest.raises(CodeRefused):
            found.sign_in("li", PASSWORD, totp.at(clock(), counter_offset=off))
    for off in (-1, 0, 1):
        assert found.sign_in("li", PASSWORD, totp.at(clock(), counter_offset=off))


def test_two_at_once_with_one_code_get_one_session(tmp_path) -> None:
    clock = HeldClock()
    found = people(tmp_path / "g.db", clock)
    totp, recovery = enrolled(found, clock)

    def attempt(code: str) -> bool:
        try:
            return bool(found.sign_in("li", PASSWORD, code))
        except CodeRefused:
            return False

    for code in (totp.at(clock()), recovery[0]):
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(attempt, [code] * 2)) == [False, True]


def test_a_recovery_code_opens_once_and_lies_there_as_a_hash(tmp_path) -> None:
    clock = HeldClock()
    found = people(tmp_path / "g.db", clock)
    _, recovery = enrolled(found, clock)
    assert len(set(recovery)) == found.codes.left("li") == 10
    assert found.sign_in("li", PASSWORD, recovery[3].lower().replace("-", ""))[0].username == "li"
    with pytest.raises(CodeRefused):
        found.sign_in("li", PASSWORD, recovery[3])
    assert found.codes.left("li") == 9
    raw = b"".join(p.read_bytes() for p in tmp_path.glob("g.db*"))
    assert recovery[0].encode() not in raw and recovery[0].replace("-", "").encode() not in raw


def test_guessed_codes_lock_the_account(tmp_path) -> None:
    clock = HeldClock()
    found = people(tmp_path / "g.db", clock)
    totp, _ = enrolled(found, clock)
    for _ in range(POLICY.lock_after):
        with pytest.raises(CodeNeeded):  # the right password between does not begin the count anew
            found.sign_in("li", PASSWORD)
        with pytest.raises(CodeRefused):
            found.sign_in("li", PASSWORD, totp.at(clock(), counter_offset=9))
    with pytest.raises(SignInLocked):
        found.sign_in("li", PASSWORD, totp.at(clock()))


def test_a_secret_lies_sealed_and_counts_only_once_it_is_confirmed(tmp_path) -> None:
    clock = HeldClock()
    found = people(tmp_path / "g.db", clock)
    put(found, "li")
    officer, _ = found.sign_in("li", PASSWORD)
    with pytest.raises(NoEnrolment):
        found.confirm_codes(officer, "123456", Place())
    enrolment = found.codes.begin("li")
    assert enrolment.qr.startswith("data:image/svg+xml") and "secret=" + enrolment.secret in enrolment.uri
    assert found.sign_in("li", PASSWORD)  # not confirmed: no code is asked for
    raw = b"".join(p.read_bytes() for p in tmp_path.glob("g.db*"))
    assert enrolment.secret.encode() not in raw
    with pytest.raises(CodeRefused):
        found.confirm_codes(officer, "12345", Place())
    found.confirm_codes(officer, pyotp.TOTP(enrolment.secret).at(clock()), Place())
    with pytest.raises(NoEnrolment):
        found.codes.begin("li")


def test_with_the_keys_lost_no_code_fits_and_an_operator_helps(tmp_path) -> None:
    clock = HeldClock()
    totp, recovery = enrolled(people(tmp_path / "g.db", clock), clock)
    box = SealedBox(parse("k2:" + "C" * 43 + "=", "test"))
    found = Staff(open_database(tmp_path / "g.db"), box, clock=lambda: clock().timestamp())
    for code in (totp.at(clock()), recovery[0]):
        with pytest.raises(CodeRefused):
            found.sign_in("li", PASSWORD, code)
    found.accounts.reset_codes("li", by="t")
    assert found.sign_in("li", PASSWORD)


def test_a_role_that_needs_codes_enrols_at_the_first_sign_in(start: Start) -> None:
    gateway = start(totp_roles="officer")
    password = gateway.password("desk01")
    _, body, cookie = login(gateway, "desk01", password)
    old = cookie.split(";")[0]
    assert body["must"] == ["totp"]
    assert gateway.get("/api/desk/guides", old).json()["error"]["code"] == "must_first"
    told, _ = gateway.post("/api/desk/totp/begin", {"password": "wrong"}, old)
    assert told["error"]["code"] == "password_refused"
    told, _ = gateway.post("/api/desk/totp/begin", {"password": password}, old)
    code = pyotp.TOTP(told["secret"]).now()
    wrong, _ = gateway.post("/api/desk/totp/confirm", {"code": "1"}, old)
    assert wrong["error"]["code"] == "code_refused"
    done, fresh = gateway.post("/api/desk/totp/confirm", {"code": code}, old)
    assert done["must"] == [] and len(done["recovery"]) == 10
    assert gateway.get("/api/desk/me", old).status_code == 401
    assert gateway.get("/api/desk/guides", fresh).status_code == 200
    assert login(gateway, "desk01", password)[1]["error"]["code"] == "code_needed"
    assert login(gateway, "desk01", password, code=code)[1]["error"]["code"] == "code_refused"
    assert login(gateway, "desk01", password, code=done["recovery"][0])[0] == 200


# ---- sessions


def test_signing_out_ends_the_session_and_closes_its_open_desk(gateway: Gateway) -> None:
    officer, other = Officer(gateway, cookie=gateway.sign_in("desk01")), Officer(gateway)
    told, _ = gateway.post("/api/desk/logout", {}, officer.cookie)
    assert told == {"ok": True, "provider": None}
    assert gateway.get("/api/desk/me", officer.cookie).status_code == 401
    assert officer.close_code() == 4401
    assert Tab(gateway, "/ws/desk", officer.cookie).close_code() == 4401
    other.answers_ping()  # another session of the same officer goes on


def test_signing_in_again_ends_the_session_that_the_browser_had(gateway: Gateway) -> None:
    first = gateway.sign_in("desk01")
    body = {"username": "desk01", "password": gateway.password("desk01")}
    second = gateway.post("/api/desk/login", body, first)[1]
    assert gateway.get("/api/desk/me", first).status_code == 401
    assert gateway.get("/api/desk/me", second).status_code == 200


@pytest.mark.parametrize(
    "over", ["update staff_sessions set expires_at = 1", "update staff_sessions set seen_at = 1",
             "delete from staff_sessions", "update staff set state = 'disabled'"],
)
def test_a_session_that_is_over_is_none_and_its_open_desk_closes(gateway: Gateway, over: str) -> None:
    officer = Officer(gateway, cookie=gateway.sign_in("desk01"))
    with sqlite3.connect(gateway.settings.database) as db:
        db.execute(over)
    assert officer.close_code() == 4401
    assert gateway.get("/api/desk/me", officer.cookie).status_code == 401
    assert Tab(gateway, "/ws/desk", officer.cookie).close_code() == 4401


def test_a_session_ends_by_its_age_and_by_being_left_alone(tmp_path) -> None:
    clock = HeldClock()
    found = people(tmp_path / "g.db", clock, session_s=3600, idle_s=600)
    put(found, "li")
    _, token = found.sign_in("li", PASSWORD)
    for _ in range(5):
        clock.move(minutes=9)
        assert found.sessions.officer(token, deed=True)
    clock.move(minutes=9)
    assert found.sessions.officer(token)  # only looked at: no deed
    clock.move(minutes=2)
    assert found.sessions.officer(token) is None
    _, token = found.sign_in("li", PASSWORD)
    for _ in range(6):
        clock.move(minutes=9, seconds=59)
        found.sessions.touch(token)
    assert found.sessions.officer(token)
    clock.move(seconds=7)
    assert found.sessions.officer(token, deed=True) is None  # an hour after the sign-in, busy or not


def test_asking_who_one_is_and_pings_keep_no_session_alive_but_work_does(gateway: Gateway) -> None:
    officer = Officer(gateway, cookie=gateway.sign_in("desk01"))
    ago = time.time() - 600
    with sqlite3.connect(gateway.settings.database) as db:
        db.execute("update staff_sessions set seen_at = ?", (ago,))

    def seen() -> float:
        with sqlite3.connect(gateway.settings.database) as db:
            return max(row[0] for row in db.execute("select seen_at from staff_sessions"))

    officer.answers_ping()
    gateway.get("/api/desk/me", officer.cookie)
    assert seen() == ago
    officer.command("open", "0123456789abcdef01234567")
    officer.error()
    assert seen() > ago
    with sqlite3.connect(gateway.settings.database) as db:
        db.execute("update staff_sessions set seen_at = ?", (ago,))
    gateway.get("/api/desk/guides", officer.cookie)
    assert seen() > ago


def test_one_sees_where_one_is_signed_in_and_ends_the_other(gateway: Gateway) -> None:
    here, there = session_of(gateway, "officer", "li"), session_of(gateway, "officer", "li")
    stranger = session_of(gateway, "officer", "zhao")
    listed = gateway.get("/api/desk/sessions", here).json()["sessions"]
    assert sorted((one["username"], one["here"], one["address"]) for one in listed) == [
        ("li", False, "192.0.2.7"), ("li", True, "192.0.2.7"),
    ]
    other = next(one["id"] for one in listed if not one["here"])
    desk = Officer(gateway, cookie=there)
    told, _ = gateway.post("/api/desk/sessions/revoke", {"id": other}, stranger)
    assert told == {"ended": 0}
    desk.answers_ping()
    assert gateway.post("/api/desk/sessions/revoke", {"id": other}, here)[0] == {"ended": 1}
    assert desk.close_code() == 4401
    assert gateway.get("/api/desk/sessions", here).status_code == 200
    told, _ = gateway.post("/api/desk/sessions/revoke", {"id": "%"}, here)
    assert told["error"]["code"] == "bad_frame"


def test_operators_see_who_is_signed_in_where(gateway: Gateway) -> None:
    session_of(gateway, "officer", "li")
    listed = gateway.get("/api/desk/staff/sessions", session_of(gateway, "operator")).json()["sessions"]
    assert {"li", "operator01"} <= {one["username"] for one in listed}
    assert all(re.fullmatch("[0-9a-f]{12}", one["id"]) and "token" not in str(one) for one in listed)


def test_a_new_role_or_password_ends_every_session(tmp_path) -> None:
    found = people(tmp_path / "g.db", HeldClock())
    put(found, "li")
    for done in (
        lambda: found.accounts.set_role("li", "supervisor", by="t"),
        lambda: found.accounts.reset_password("li", by="t", password=NEW),
    ):
        tokens = [found.sign_in("li", PASSWORD)[1] for _ in range(2)]
        done()
        assert [found.sessions.officer(token) for token in tokens] == [None, None]


# ---- operators' commands on accounts


@pytest.mark.parametrize(
    ("username", "name", "role", "said"),
    [
        ("", "x", "officer", "username"),
        ("a b", "x", "officer", "username"),
        ("a" * 33, "x", "officer", "username"),
        ("li", "  ", "officer", "name"),
        ("li", "x", "citizen", "role"),
        ("there", "x", "officer", "already"),
    ],
)
def test_accounts_that_make_no_sense_are_not_made(tmp_path, username, name, role, said) -> None:
    found = people(tmp_path / "g.db")
    put(found, "there")
    with pytest.raises(BadAccount, match=said):
        found.accounts.add(username, name, role, NEW)
    assert [one.username for one in found.accounts.all()] == ["there"]


def test_weak_passwords_are_not_handed_over_either(tmp_path) -> None:
    found = people(tmp_path / "g.db")
    with pytest.raises(BadPassword):
        found.accounts.add("li", "x", "officer", "password1234")
    put(found, "li")
    with pytest.raises(BadPassword):
        found.accounts.reset_password("li", by="t", password="password1234")
    made, _ = found.accounts.reset_password("li", by="t")
    assert fault(made, "li") == "" and found.sign_in("li", made)[0].must == ("password",)


def test_changes_to_nobody_are_refused(tmp_path) -> None:
    found = people(tmp_path / "g.db").accounts
    for deed in (found.disable, found.enable, found.reset_codes, found.reset_password, found.revoke):
        with pytest.raises(BadAccount, match="no account 'nobody'"):
            deed("nobody", by="t")


def test_a_reset_of_codes_lets_in_with_the_password_and_no_old_code_works_after_it(tmp_path) -> None:
    clock = HeldClock()
    found = people(tmp_path / "g.db", clock)
    _, recovery = enrolled(found, clock)
    found.accounts.reset_codes("li", by="t")
    officer, _ = found.sign_in("li", PASSWORD)
    totp = pyotp.TOTP(found.codes.begin("li").secret)
    found.confirm_codes(officer, totp.at(clock()), Place())
    with pytest.raises(CodeRefused):
        found.sign_in("li", PASSWORD, recovery[0])


# ---- the trail


def test_the_trail_tells_who_did_what_and_shows_every_change_to_it(tmp_path) -> None:
    found = people(tmp_path / "g.db", HeldClock("2026-11-24T10:00:00"))
    found.accounts.add("li", "李某", "officer", NEW, by="cli:root")
    found.sign_in("li", NEW)
    found.accounts.disable("li", by="cli:root")
    trail = found.trail
    told = [(one.actor, one.action, one.subject) for one in reversed(trail.latest("staff:li"))]
    assert told == [("cli:root", "staff.added", "staff:li"), ("li", "signed_in", "staff:li"),
                    ("cli:root", "staff.disabled", "staff:li")]
    assert trail.latest()[0].at == "2026-11-24T02:00:00.000+00:00" and "李" not in str(trail.latest())
    assert trail.verify() == (3, [])
    number, chain = trail.head()
    assert (number, trail.head_fault(number, chain)) == (3, "")
    for change_row, said in (
        ("update staff_audit set action = 'staff.enabled' where id = 3", "row 3 was changed"),
        ("update staff_audit set actor = 'x' where id = 1", "row 1 was changed"),
        ("delete from staff_audit where id = 2", "row 2 is missing"),
        ("update staff_audit set key_id = 'other' where id = 1", "not at hand"),
    ):
        copy = tmp_path / "copy.db"
        with sqlite3.connect(tmp_path / "g.db") as source, sqlite3.connect(copy) as target:
            source.backup(target)
            target.execute(change_row)
            target.commit()
        count, faults = people(copy).trail.verify()
        assert len(faults) == 1 and said in faults[0] and count < 3
        copy.unlink()
    with sqlite3.connect(tmp_path / "g.db") as db:
        db.execute("delete from staff_audit where id = 3")
    assert trail.verify() == (2, []) and "cut off" in trail.head_fault(number, chain)


def test_rows_added_at_once_make_one_chain(tmp_path) -> None:
    found = people(tmp_path / "g.db")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: found.trail.note("t", "test", f"staff:{n}"), range(40)))
    assert found.trail.verify() == (40, [])


# ---- the demo accounts


def test_without_the_setting_there_are_no_demo_accounts(start: Start) -> None:
    gateway = start(bare=True, demo=False)
    assert gateway.app.state.people.accounts.all() == []
    assert not (gateway.settings.data_dir / "demo-logins.txt").exists()


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


def test_demo_accounts_that_were_removed_or_disabled_do_not_come_back(tmp_path) -> None:
    found = people(tmp_path / "g.db")
    add_demo_staff(found, tmp_path)
    with sqlite3.connect(tmp_path / "g.db") as db:
        db.execute("delete from staff where username = 'desk01'")
    found.accounts.disable("desk02", by="t")
    add_demo_staff(found, tmp_path)
    assert [(one.username, one.state) for one in found.accounts.all()] == [("desk02", "disabled")]


def test_demo_logins_of_a_lost_database_do_not_stay_in_the_file(tmp_path) -> None:
    for name in ("first.db", "second.db"):
        found = people(tmp_path / name)
        path = add_demo_staff(found, tmp_path)
        lines = [line.split() for line in path.read_text("utf-8").splitlines()]
        assert [user for user, _ in lines] == [user for user, _ in DEMO_STAFF]
        for user, password in lines:
            assert found.sign_in(user, password)[0].username == user


def test_a_demo_account_with_a_password_of_its_own_is_none_any_more(tmp_path) -> None:
    found = people(tmp_path / "g.db")
    add_demo_staff(found, tmp_path)
    assert [one.demo for one in found.accounts.all()] == [True, True]
    found.accounts.reset_password("desk01", by="t")
    change(found, "desk02", name="x")
    assert [one.demo for one in found.accounts.all()] == [False, True]


# ---- the box


def test_a_seal_opens_for_its_purpose_alone_and_shows_every_change() -> None:
    box = SealedBox(parse(KEYS, "test"))
    sealed = box.seal("secret", "one")
    assert box.open(sealed, "one") == "secret" and box.seal("secret", "one") != sealed
    other = SealedBox(parse(KEYS.replace("k1:A", "k1:B"), "test"))
    for bad, purpose, opener in (
        (sealed, "two", box), (sealed[:-6] + "AAAAA=", "one", box), (sealed, "one", other),
        ("k9.AAAA", "one", box), ("", "one", box), ("k1.é", "one", box), ("k1.AAAA", "one", box),
    ):
        with pytest.raises(SealBroken):
            opener.open(bad, purpose)


def test_after_a_new_key_old_seals_open_and_old_hashes_are_found() -> None:
    old = SealedBox(parse(KEYS, "test"))
    both = SealedBox(parse("k2:" + "C" * 43 + "=," + KEYS, "test"))
    assert both.open(old.seal("x", "p"), "p") == "x" and both.seal("x", "p").startswith("k2.")
    assert old.digest("x", "p") in both.digests("x", "p") and both.digest("x", "p") != old.digest("x", "p")


@pytest.mark.parametrize("setting", ["k1", "k1:short", f"{KEYS},{KEYS}", "k 1:" + "A" * 43 + "=", ","])
def test_keys_that_are_none_are_named_by_their_place(setting: str) -> None:
    with pytest.raises(ValueError, match="NCZF_GATEWAY_KEYS") as error:
        parse(setting, "NCZF_GATEWAY_KEYS")
    assert "AAAA" not in str(error.value) and "short" not in str(error.value)


def test_the_key_file_is_made_once_for_the_operators_eyes(tmp_path) -> None:
    with ThreadPoolExecutor(4) as pool:
        boxes = list(pool.map(lambda _: SealedBox.load("", tmp_path), range(8)))
    path = tmp_path / "gateway.keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and len(list(tmp_path.iterdir())) == 1
    assert all(box.open(boxes[0].seal("x", "p"), "p") == "x" for box in boxes)


def test_a_citizens_cookie_is_guarded(gateway: Gateway) -> None:
    reply = gateway.client.post("/api/conversations", json={"fresh": True})
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=lax" in cookie.lower()
    assert Citizen(gateway, cookie.split(";")[0]).first_state["mode"] == "bot"


# ---- the same on PostgreSQL


def test_on_postgresql_a_code_opens_once_locks_count_and_the_trail_is_one_chain() -> None:
    url = postgres.fresh()
    clock = HeldClock()
    found = people(url, clock)
    totp, recovery = enrolled(found, clock)

    def attempt(code: str) -> bool:
        try:
            return bool(found.sign_in("li", PASSWORD, code))
        except CodeRefused:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, [totp.at(clock())] * 3)) == [False, False, True]
        assert sorted(pool.map(attempt, [recovery[0]] * 2)) == [False, True]
        list(pool.map(lambda n: found.trail.note("t", "test", f"staff:{n}"), range(40)))
    count, faults = found.trail.verify()
    assert faults == [] and count == 40 + len(found.trail.latest("staff:li", 1000))
    put(found, "zhao")
    for _ in range(POLICY.lock_after):
        with pytest.raises(SignInRefused):
            found.sign_in("zhao", "wrong", place=Place("192.0.2.9", "x" * 500))
    with pytest.raises(SignInLocked):
        found.sign_in("zhao", PASSWORD)
    clock.move(minutes=16)
    _, token = found.sign_in("li", PASSWORD, recovery[1], Place("2001:db8::1%eth0" + "x" * 80, "x" * 500))
    assert found.sessions.officer(token, deed=True) and found.sessions.all("li")
    found.accounts.disable("li", by="t")
    assert found.sessions.officer(token) is None
    found._engine.dispose()
    postgres.drop(url)
