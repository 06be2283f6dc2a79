"""The client on good and on bad days: every kind of trouble is one named outage that tells nothing."""

from __future__ import annotations

import inspect
import json
import socket
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_type_hints

import pytest

from actions.backends.clock import SHANGHAI
from actions.backends.http import Limits, over_http
from actions.backends.http.connection import Connection, Trouble
from actions.backends.http.contract import REPEATABLE, every_operation, operations, ports
from actions.backends.http.deadline import RESOLVERS
from actions.backends.ports import (
    BackendUnavailable,
    BookingNotFound,
    BookingSystem,
    CaseNotFound,
    CaseSystem,
    DuplicateBooking,
    NoticeBoard,
    RatingSystem,
    SlotFull,
    TooManyAttempts,
)
from actions.server import Systems, systems_of
from actions.settings import ActionSettings
from tests.contracts.implementations import sqlite_store
from tests.contracts.rough import answer, drip, problem, reset, result, rough, silent
from tests.contracts.served import TOKEN

QUICK = Limits(deadline_s=0.6, connect_s=0.5, read_s=0.5, pause_s=0.01, body_bytes=50_000)
SECRET = "王小明13800138000"
"""What must never be in an error."""


def halls(url, limits=QUICK):
    """A call that may be repeated."""
    return over_http(BookingSystem, url, TOKEN, limits).halls()


def book(url, limits=QUICK, key="k-1"):
    """A call with a key."""
    bookings = over_http(BookingSystem, url, TOKEN, limits)
    return bookings.book("s", item_id="i", item="i", name=SECRET, phone="1", owner="o", key=key)


def status(url, limits=QUICK):
    """A call that is sent once."""
    return over_http(CaseSystem, url, TOKEN, limits).status(SECRET, phone_last4="1", client="c")


def outage(call, *args, **kwargs):
    """The outage of a call that must fail; it holds nothing of what was sent or received."""
    with pytest.raises(BackendUnavailable) as down:
        call(*args, **kwargs)
    for told in (str(down.value), repr(down.value), down.value.reason):
        assert SECRET not in told
    assert down.value.__cause__ is None
    return down.value


HALL = {
    "id": "a",
    "name": "红谷滩",
    "names": ["红谷滩"],
    "district": "d",
    "address": "x",
    "address_verified": True,
}


# The contract follows the ports.


@pytest.mark.parametrize("protocol", ports().values(), ids=ports())
def test_the_client_has_every_method_of_the_port_with_its_signature(protocol):
    made = over_http(protocol, "http://127.0.0.1:1", TOKEN)
    public = [n for n, v in vars(protocol).items() if inspect.isfunction(v) and not n.startswith("_")]
    assert public
    for name in public:
        wanted = inspect.signature(getattr(protocol, name))
        found = inspect.signature(getattr(type(made), name))
        assert found == wanted, f"{protocol.__name__}.{name}"
        assert getattr(type(made), name).__doc__ == getattr(protocol, name).__doc__


def test_every_system_of_the_actions_is_a_port_with_a_setting():
    hints = get_type_hints(Systems)
    assert set(hints.values()) <= set(ports().values())
    for field in ("cases", "bookings", "work_orders", "ratings", "notices"):
        assert ports()[field] is hints[field]
        assert f"{field}_url" in ActionSettings.model_fields


def test_the_repeatable_calls_exist_and_writing_ones_have_keys():
    known = {f"{one.port}.{one.method}": one for one in every_operation()}
    assert set(REPEATABLE) - set(known) == set()
    assert not known["cases.status"].harmless
    assert known["bookings.book"].keyed and not known["bookings.book"].harmless
    assert known["bookings.tick"].harmless


def test_wrong_arguments_are_type_errors_before_anything_is_sent():
    with rough(result([])) as server:
        bookings = over_http(BookingSystem, server.url, TOKEN, QUICK)
        with pytest.raises(TypeError):
            bookings.free_slots("a")
        with pytest.raises(TypeError):
            bookings.halls(more=1)
        assert server.heard == []


# What is sent.


def test_a_call_is_one_post_without_anything_personal_in_its_first_line():
    with rough(problem(404, "CaseNotFound")) as server:
        with pytest.raises(CaseNotFound):
            status(server.url)
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /v1/cases/status HTTP/1.1"
    assert SECRET not in head.decode()
    assert f"authorization: bearer {TOKEN.lower()}" in head.decode().lower()
    assert json.loads(body) == {"case_no": SECRET, "phone_last4": "1", "client": "c"}
    assert "idempotency-key" not in head.decode().lower()


@pytest.mark.parametrize(
    ("key", "header"),
    [("c-1:4", "c-1:4"), ("c 1\r\nX: y", "c%201%0D%0AX:%20y"), ("键", "%E9%94%AE")],
)
def test_the_key_is_a_header_too_and_cannot_break_out_of_it(key, header):
    with rough(problem(409, "SlotFull")) as server:
        with pytest.raises(SlotFull):
            book(server.url, key=key)
    head = server.heard[0].partition(b"\r\n\r\n")[0].decode()
    assert f"idempotency-key: {header}" in head.split("\r\n")
    assert "X: y" not in head.split("\r\n")


def test_half_a_character_is_not_sent():
    with rough(result(None)) as server:
        with pytest.raises(ValueError, match="whole characters"):
            book(server.url, key="\ud800")
        assert server.heard == []


# Good answers.


def test_moments_come_back_in_nanchang_whatever_their_offset():
    notice = {"id": 1, "owner": "c", "kind": "k", "payload": {"a": "b"}, "due_at": "2026-11-24T02:00:00Z"}
    with rough(result([notice])) as server:
        (told,) = over_http(NoticeBoard, server.url, TOKEN, QUICK).due()
    assert told.due_at == datetime(2026, 11, 24, 10, tzinfo=SHANGHAI)
    assert (told.due_at.hour, told.due_at.utcoffset()) == (10, timedelta(hours=8))


def test_unknown_members_are_ignored_and_new_ones_have_defaults():
    with rough(result([{**HALL, "parking": {"places": 3}}], meta=[1])) as server:
        (hall,) = halls(server.url)
    assert (hall.name, hall.names) == ("红谷滩", ("红谷滩",))


def test_a_slow_answer_that_comes_in_time_is_taken():
    with rough(drip(result([]), 0.001)) as server:
        assert list(halls(server.url, Limits(deadline_s=10))) == []


# Refusals.


def test_refusals_come_back_as_themselves():
    with rough(problem(429, "TooManyAttempts", {"retry_after_s": 7})) as server:
        with pytest.raises(TooManyAttempts) as locked:
            status(server.url)
        assert locked.value.retry_after_s == 7
    with rough(problem(409, "DuplicateBooking", {"booking_no": "YY1", "new": 1})) as server:
        with pytest.raises(DuplicateBooking) as twice:
            book(server.url)
        assert twice.value.booking_no == "YY1"
        assert len(server.heard) == 1


@pytest.mark.parametrize(
    "body",
    [
        problem(429, "TooManyAttempts", {"retry_after_s": "7"}),
        problem(429, "TooManyAttempts", {}),
        problem(429, "TooManyAttempts", [7]),
        problem(409, SECRET),
        problem(404, "BackendError"),
        problem(500, "CaseNotFound"),
        answer(404, b'{"code":"CaseNotFound","type":"","title":"","status":404}'),
        answer(404, b'{"code":"CaseNotFound","type":"","title":"","status":409}', "application/problem+json"),
        answer(404, b"{", "application/problem+json"),
        answer(404, f"<html>{SECRET}</html>".encode(), "text/html"),
    ],
)
def test_a_refusal_that_does_not_fit_is_an_outage(body):
    with rough(body) as server:
        assert outage(status, server.url).system == "cases"


def test_a_value_error_needs_to_be_announced_by_the_port():
    told = {"type": "x", "title": "x", "status": 422, "code": "ValueError", "detail": "level 9"}
    body = answer(422, json.dumps(told).encode(), "application/problem+json")
    with rough(body) as server:
        with pytest.raises(ValueError, match="level 9"):
            over_http(RatingSystem, server.url, TOKEN, QUICK).rate(
                subject="s", level=9, reasons=[], comment="", channel="c", owner="o"
            )
        assert outage(status, server.url).reason == "HTTP 422"


def test_a_wrong_token_is_named_and_not_worth_another_try():
    with rough(problem(401, "Unauthorized")) as server:
        down = outage(halls, server.url)
        assert (down.reason, down.retryable, len(server.heard)) == ("HTTP 401, Unauthorized", False, 1)


# Trouble.

GOOD = result([HALL])


@pytest.mark.parametrize(
    "body",
    [
        answer(200, f"<html>{SECRET}</html>".encode(), "text/html"),
        answer(200, b"", "application/json"),
        answer(200, b'{"result": [', "application/json"),
        answer(200, b'{"result": [{"id": "' + SECRET.encode() + b'"}]}', "application/json"),
        answer(200, b"\xff\xfe", "application/json"),
        answer(200, b"[]", "application/json"),
        answer(200, b"{}", "application/json"),
        answer(200, b"null", "application/json"),
        answer(200, b'{"result": ' + b"[" * 20_000, "application/json"),
        answer(201, b'{"result": []}', "application/json"),
        answer(204, b"", "application/json"),
        result(None),
        result("x"),
        result([{**HALL, "address_verified": "yes"}]),
        result([{**HALL, "id": 5}]),
        result([{**HALL, "names": SECRET}]),
        result([{k: v for k, v in HALL.items() if k != "district"}]),
        answer(200, b"\x1f\x8b", "application/json", Content_Encoding="gzip"),
        result([{**HALL, "address": SECRET * 5000}]),
        answer(302, b"", "text/html", Location="http://127.0.0.1:1/"),
        answer(307, b"", "text/html", Location="/v1/bookings/halls"),
        answer(400, b"", "text/plain"),
        answer(403, b"{}", "application/json"),
        answer(500, SECRET.encode(), "text/plain"),
    ],
)
def test_an_answer_off_the_contract_is_an_outage_at_once(body):
    with rough(body) as server:
        down = outage(halls, server.url)
        assert (down.system, down.retryable, len(server.heard)) == ("bookings", False, 1)


@pytest.mark.parametrize(
    "behave",
    [
        GOOD[:-20],
        b"HTTP/1.1 200",
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        reset,
        answer(502, b"<html>", "text/html"),
        answer(503, b"", "text/plain"),
        problem(503, "BackendUnavailable"),
        answer(504, b"", "text/plain"),
        answer(429, b"", "text/plain"),
    ],
)
def test_passing_trouble_is_tried_again_where_that_is_safe(behave):
    with rough(behave, GOOD) as server:
        assert halls(server.url)[0].id == "a"
        assert len(server.heard) == 2
    with rough(behave, problem(409, "DuplicateBooking", {"booking_no": "YY1"})) as server:
        with pytest.raises(DuplicateBooking):
            book(server.url)
        assert len(server.heard) == 2
    with rough(behave, problem(404, "CaseNotFound")) as server:
        assert outage(status, server.url).retryable
        assert len(server.heard) == 1


def test_a_call_without_its_key_is_sent_once():
    with rough(answer(502, b"", "text/html")) as server:
        outage(book, server.url, key="")
        assert len(server.heard) == 1


def test_tries_are_counted():
    with rough(answer(502, b"", "text/html")) as server:
        assert outage(halls, server.url).reason == "HTTP 502"
        assert len(server.heard) == QUICK.attempts


def test_a_system_that_says_it_stays_down_is_believed():
    with rough(problem(503, "BackendUnavailable", {"retryable": False})) as server:
        assert not outage(halls, server.url).retryable
        assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("told", "calls"), [("3600", 1), ("99999999999", 3), ("-1", 3), ("Tue, 24 Nov 2026", 3)]
)
def test_retry_after_is_kept_to_within_the_deadline(told, calls):
    with rough(answer(503, b"", "text/plain", Retry_After=told)) as server:
        assert outage(halls, server.url).retryable
        assert len(server.heard) == calls


def chunked(data):
    """An answer that never ends."""

    def behave(connection: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    return behave


def test_an_endless_body_ends_at_the_limit():
    with rough(chunked(b" " * 4096)) as server:
        began = time.monotonic()
        assert "larger than 50000 bytes" in outage(halls, server.url, Limits(body_bytes=50_000)).reason
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "behave",
    [silent, drip(GOOD), drip(GOOD[:30] + b"X: " + b"y" * 10_000), drip(b"HTTP/1.1 200 OK\r\n" * 1000)],
    ids=["silent", "slow body", "slow header", "slow headers"],
)
def test_the_deadline_holds_whatever_drips_in(behave):
    limits = Limits(deadline_s=0.5, read_s=5)
    with rough(behave) as server:
        for call in (halls, status):
            began = time.monotonic()
            assert outage(call, server.url, limits).retryable
            assert 0.4 < time.monotonic() - began < 1.5


def test_nobody_there_is_tried_again_even_without_a_key():
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    began = time.monotonic()
    down = outage(status, f"http://127.0.0.1:{port}")
    assert (down.reason, down.retryable) == ("ConnectError", True)
    assert time.monotonic() - began < 1

    def begin():
        time.sleep(0.2)
        late = socket.create_server(("127.0.0.1", port))
        connection, _ = late.accept()
        with late, connection:
            connection.recv(65536)
            connection.sendall(problem(404, "CaseNotFound"))

    thread = threading.Thread(target=begin)
    thread.start()
    with pytest.raises(CaseNotFound):
        status(f"http://127.0.0.1:{port}", Limits(deadline_s=5, attempts=8, pause_s=0.1))
    thread.join()


def test_an_unknown_host_is_an_outage():
    assert outage(halls, "https://nowhere.invalid").reason == "ConnectError"


def connection(resolve, port, limits=QUICK):
    return Connection(f"http://services.city:{port}", TOKEN, limits, clear=True, resolve=resolve)


def test_a_name_server_that_hangs_is_no_excuse():
    """The system's look-up of a name knows no time-out: with it, every turn of every citizen would hang."""
    over = threading.Event()

    def hanging(host, port):
        over.wait(20)
        return ["127.0.0.1"]

    far = connection(hanging, 1)
    try:
        for _ in range(RESOLVERS + 3):
            began = time.monotonic()
            with pytest.raises(Trouble) as late:
                far.post("/v1/x", b"{}", {}, time.monotonic() + 0.2)
            assert (late.value.reason, late.value.sent) == ("ConnectTimeout", False)
            assert time.monotonic() - began < 1
    finally:
        over.set()
        far.close()


def test_the_addresses_of_a_host_are_tried_in_turn():
    with rough(result([])) as server:
        port = int(server.url.rsplit(":", 1)[1])
        far = connection(lambda host, port: ["127.0.0.9", "127.0.0.1"], port)
        assert far.post("/v1/x", b"{}", {}, time.monotonic() + 5).status == 200
        far.close()
        head = server.heard[0].decode().lower()
        assert f"host: services.city:{port}" in head, "the name is told, not the address"

    def fails(error):
        def resolve(host, port):
            raise error

        return resolve

    for odd in (fails(OSError("no")), fails(UnicodeError("label too long")), lambda host, port: []):
        far = connection(odd, port)
        with pytest.raises(Trouble) as down:
            far.post("/v1/x", b"{}", {}, time.monotonic() + 5)
        assert (down.value.reason, down.value.sent) == ("ConnectError", False)
        far.close()


def test_https_without_a_certificate_that_we_know_is_an_outage():
    with rough(b"\x15\x03\x01\x00\x02\x02\x28") as server:
        assert outage(halls, server.url.replace("http://", "https://")).system == "bookings"


# Settings.


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("ftp://h", "ftp"),
        ("services.example", "https://HOST"),
        ("http://10.0.0.1", "in the clear"),
        ("https://u:p@h", "NCZF_BACKEND_TOKEN"),
        ("https://h?x=1", "query"),
        ("https://", "https://HOST"),
    ],
)
def test_unusable_addresses_are_refused_at_the_start(url, wrong):
    with pytest.raises(ValueError, match=wrong):
        over_http(BookingSystem, url, TOKEN)


@pytest.mark.parametrize("token", ["", "two words", "línea", "a\r\nb"])
def test_unusable_tokens_are_refused_and_not_repeated(token):
    with pytest.raises(ValueError, match="NCZF_BACKEND_TOKEN") as refused:
        over_http(BookingSystem, "https://h", token)
    assert not token or token not in str(refused.value)


def test_clear_text_can_be_allowed_and_a_missing_authority_is_named(tmp_path):
    assert over_http(BookingSystem, "http://10.0.0.1/x/", TOKEN, clear=True)
    with pytest.raises(ValueError, match="NCZF_BACKEND_CA_FILE"):
        over_http(BookingSystem, "https://h", TOKEN, ca_file=str(tmp_path / "none.pem"))


def test_each_port_goes_where_its_setting_says(tmp_path: Path, clock):
    store = sqlite_store(tmp_path, clock)
    with rough(result([])) as server:
        settings = ActionSettings(_env_file=None, work_orders_url=server.url + "/city", backend_token=TOKEN)
        systems = systems_of(settings, store)
        assert list(systems.work_orders.orders("c-1")) == []
        assert server.heard[0].startswith(b"POST /city/v1/work_orders/orders ")
        assert systems.bookings.halls() and len(server.heard) == 1
    assert type(systems.work_orders).__name__ == "HttpWorkOrderSystem"
    assert [type(getattr(systems, n)).__name__ for n in ("cases", "bookings", "ratings", "notices")] == [
        "LocalCases", "LocalBookings", "LocalRatings", "LocalNotices",
    ]
    store.engine.dispose()


def test_what_is_no_port_is_refused():
    assert "book" in operations("bookings")
    with pytest.raises(LookupError, match="expected one of"):
        over_http(Systems, "http://127.0.0.1:1", TOKEN)


def test_a_missing_booking_is_told_the_same_way_over_every_road():
    with rough(problem(404, "BookingNotFound")) as server:
        with pytest.raises(BookingNotFound) as gone:
            over_http(BookingSystem, server.url, TOKEN, QUICK).cancel("YY1", owner="o")
    assert gone.value.args == ()
