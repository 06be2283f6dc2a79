"""The reference server: who may call, what it refuses, what it never tells, and work that is done once."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from actions.backends.http import Limits, over_http
from actions.backends.http.problems import refusals, status_of
from actions.backends.ports import BackendUnavailable, BookingSystem, CaseSystem
from actions.backends.reference.app import BODY_BYTES, build_app, parts_of
from actions.backends.reference.openapi import document
from actions.server import local_systems
from tests.contracts import served
from tests.contracts.implementations import KNOWN, sqlite_store
from tests.contracts.rough import Losing, answer, reset
from tests.contracts.served import TOKEN

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 28)
AUTH = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def store(tmp_path, clock):
    """A seeded database."""
    made = sqlite_store(tmp_path, clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def client(store):
    """The app in this process."""
    with TestClient(build_app(parts_of(local_systems(store)), TOKEN)) as made:
        yield made


def post(client, path="/v1/bookings/halls", body="{}", **headers):
    """One call; header names with underscores."""
    given = {"content-type": "application/json", **AUTH}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, content=body, headers={k: v for k, v in given.items() if v is not None})


def refused(reply, status, code):
    """The body of a refusal, which is a problem of this status and code."""
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
    body = reply.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:nczf:problem:{code}")
    return body


def test_a_call_answers_with_its_result(client):
    reply = post(client)
    assert reply.status_code == 200 and reply.headers["cache-control"] == "no-store"
    assert reply.json()["result"][0]["id"]


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN]
)
def test_every_call_needs_the_token(client, given):
    reply = post(client, authorization=given)
    refused(reply, 401, "Unauthorized")
    assert reply.headers["www-authenticate"] == "Bearer"
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_short_token_is_refused_at_the_start(store):
    with pytest.raises(ValueError, match="16 characters"):
        build_app(parts_of(local_systems(store)), "short")


def test_what_is_no_operation_is_a_problem_too(client):
    refused(post(client, "/v1/bookings/none"), 404, "UnknownOperation")
    refused(post(client, "/v2/bookings/halls"), 404, "UnknownOperation")
    refused(client.get("/v1/bookings/halls", headers=AUTH), 405, "MethodNotAllowed")
    refused(client.get("/docs"), 404, "UnknownOperation")


SLOTS = "/v1/bookings/free_slots"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("", "body: json_invalid"),
        ("{", "body: json_invalid"),
        ("[]", "body: model_type"),
        ("null", "body: model_type"),
        ('{"hall_id": "a"}', "day: missing"),
        ('{"hall_id": "a", "day": "王小明"}', "day: date_from_datetime_parsing"),
        ('{"hall_id": 5, "day": "2026-11-28"}', "hall_id: string_type"),
        ('{"hall_id": "a", "day": "2026-11-28", "王小明": 1}', "unknown: extra_forbidden"),
        ('{"hall_id": "a", "day": "2026-11-28", "x": 1}', "unknown: extra_forbidden"),
        ('{"hall_id": "\\ud800", "day": "2026-11-28"}', "body: json_invalid"),
    ],
)
def test_what_does_not_fit_is_named_without_its_values(client, body, detail):
    told = refused(post(client, SLOTS, body), 422, "InvalidRequest")
    assert told["detail"].startswith(detail.split("_from")[0])
    assert "王小明" not in json.dumps(told, ensure_ascii=False)


def test_numbers_that_no_database_keeps_are_refused(client):
    told = refused(post(client, "/v1/notices/told", '{"ids": [9223372036854775808]}'), 422, "InvalidRequest")
    assert "whole number" in told["detail"]


def test_other_media_and_large_bodies_are_refused(client):
    refused(post(client, content_type="text/plain"), 415, "UnsupportedMediaType")
    refused(post(client, content_type=None), 415, "UnsupportedMediaType")
    assert post(client, content_type="application/json; charset=utf-8").status_code == 200
    refused(post(client, body=" " * (BODY_BYTES + 1)), 413, "RequestTooLarge")


def test_the_two_keys_must_agree(client):
    slot = post(client, SLOTS, json.dumps({"hall_id": "honggutan", "day": "2026-11-28"})).json()["result"][0]
    body = {"slot_id": slot["id"], "item_id": "id-card", "item": "身份证", "name": "王小明",
            "phone": "13800138000", "owner": "c-1", "key": "键 1"}
    path = "/v1/bookings/book"
    told = refused(post(client, path, json.dumps(body), idempotency_key="other"), 422, "InvalidRequest")
    assert "Idempotency-Key" in told["detail"]
    first = post(client, path, json.dumps(body), idempotency_key="%E9%94%AE%201").json()["result"]
    assert post(client, path, json.dumps(body)).json()["result"] == first


def test_locks_say_when_to_come_back(client):
    body = {"case_no": KNOWN.case_no, "phone_last4": "0000", "client": "c-1"}
    for _ in range(5):
        refused(post(client, "/v1/cases/status", json.dumps(body)), 404, "CaseNotFound")
    reply = post(client, "/v1/cases/status", json.dumps(body))
    told = refused(reply, 429, "TooManyAttempts")
    assert int(reply.headers["retry-after"]) == told["attributes"]["retry_after_s"] > 0


@dataclass(frozen=True)
class Broken:
    """A system with a bad day: whatever it is asked, it raises."""

    error: Exception

    def __getattr__(self, name):
        def method(**arguments):
            raise self.error

        return method


def broken(error):
    """The app over a broken case system."""
    return TestClient(build_app({"cases": Broken(error), "ratings": Broken(error)}, TOKEN))


CASE = json.dumps({"case_no": "王小明", "phone_last4": "2468", "client": "c"})


@pytest.mark.parametrize(
    "error", [KeyError("王小明 13800138000"), ValueError("王小明"), UnicodeError("王小明")]
)
def test_a_fault_of_ours_tells_its_kind_and_place_to_the_log_and_nothing_to_the_caller(caplog, error):
    with broken(error) as client, caplog.at_level(logging.DEBUG):
        reply = post(client, "/v1/cases/status", CASE)
    told = refused(reply, 500, "InternalError")
    assert "detail" not in told or told["detail"] == ""
    assert "王小明" not in reply.text and "王小明" not in caplog.text
    assert type(error).__name__ in caplog.text and "test_http_reference.py:" in caplog.text


def test_an_outage_behind_the_server_keeps_its_reason_to_itself(caplog):
    down = BackendUnavailable("services.db", "cannot reach 10.0.0.3", retryable=False)
    with broken(down) as client, caplog.at_level(logging.DEBUG):
        reply = post(client, "/v1/cases/status", CASE)
    told = refused(reply, 503, "BackendUnavailable")
    assert told["attributes"] == {"retryable": False} and "10.0.0.3" not in reply.text + caplog.text
    assert int(reply.headers["retry-after"]) > 0


def test_every_refusal_of_the_ports_has_a_status_that_is_a_refusal():
    statuses = {code: status_of(code) for code in refusals()}
    assert set(statuses.values()) <= {403, 404, 409, 422, 423, 429, 503}
    assert statuses["CaseNotFound"] == 404 and statuses["SlotFull"] == 409
    assert statuses["TooManyAttempts"] == 429 and statuses["BackendUnavailable"] == 503


# Work that is done once.


@pytest.fixture
def base(store):
    """The base URL of the app on a real socket."""
    mounts, url = served.standing()
    name = mounts.add(build_app(parts_of(local_systems(store)), TOKEN))
    yield f"{url}/{name}"
    del mounts.apps[name]


@pytest.mark.parametrize(
    "instead",
    [answer(502, b"<html>bad gateway</html>", "text/html"), b"", reset],
    ids=["502", "cut", "reset"],
)
def test_a_lost_answer_is_fetched_again_and_the_work_is_done_once(base, store, instead):
    proxy = Losing(base, lost=2, instead=instead)
    try:
        bookings = over_http(BookingSystem, proxy.url, TOKEN, Limits(deadline_s=20, pause_s=0.01))
        slot = bookings.free_slots("honggutan", DAY)[0]
        proxy.heard.clear()
        given = bookings.book(
            slot.id, item_id="id", item="身份证", name="王小明", phone="13800138000", owner="o", key="k-1"
        )
        assert len(proxy.heard) == 3
        assert [b.booking_no for b in local_systems(store).bookings.bookings("o")] == [given.booking_no]
        assert local_systems(store).bookings.free_slots("honggutan", DAY)[0].free == slot.free - 1
    finally:
        proxy.stop()


def test_a_lost_answer_of_a_call_that_counts_is_not_asked_for_again(base):
    proxy = Losing(base, lost=1, instead=answer(502, b"", "text/html"))
    try:
        cases = over_http(CaseSystem, proxy.url, TOKEN, Limits(pause_s=0.01))
        with pytest.raises(BackendUnavailable) as down:
            cases.status(KNOWN.case_no, phone_last4="0000", client="c-1")
        assert down.value.retryable and len(proxy.heard) == 1
    finally:
        proxy.stop()


def test_one_delivery_many_times_at_once_is_one_booking(base, store):
    bookings = over_http(BookingSystem, base, TOKEN, served.PATIENT)
    slot = bookings.free_slots("honggutan", DAY)[0]

    def book(_):
        return bookings.book(
            slot.id, item_id="id", item="身份证", name="王小明", phone="13800138000", owner="o", key="k-1"
        )

    with ThreadPoolExecutor(6) as pool:
        numbers = {one.booking_no for one in pool.map(book, range(12))}
    assert len(numbers) == 1
    assert len(local_systems(store).bookings.bookings("o")) == 1


# The process and the document.


def test_the_document_in_docs_is_the_code_s():
    printed = json.loads((ROOT / "docs/openapi/services.json").read_text("utf-8"))
    assert printed == json.loads(json.dumps(document())), (
        "run: python -m actions.backends.reference openapi > docs/openapi/services.json"
    )


def test_the_document_describes_every_operation(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert "/v1/bookings/book" in paths and "/v1/notices/due" in paths
    for path, item in paths.items():
        about = item["post"]
        assert about["summary"], path
        assert {"200", "401", "422", "500", "503"} <= set(about["responses"]), path
    assert "409" in paths["/v1/bookings/book"]["post"]["responses"]
    assert "429" in paths["/v1/cases/status"]["post"]["responses"]


def test_the_process_serves_and_its_log_holds_no_citizen(tmp_path):
    env = {
        **os.environ, "PYTHONPATH": str(ROOT), "NCZF_DATA_DIR": str(tmp_path / "data"),
        "NCZF_BACKEND_TOKEN": TOKEN, "NCZF_LOG_LEVEL": "DEBUG",
    }
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "actions.backends.reference", "--port", str(port), "--demo"]
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=out, stderr=subprocess.STDOUT)
    try:
        cases = over_http(CaseSystem, f"http://127.0.0.1:{port}", TOKEN, Limits(deadline_s=90, attempts=400))
        ends = time.monotonic() + 90
        while True:
            try:
                found = cases.status(KNOWN.case_no, phone_last4=KNOWN.phone_last4, client="c-9")
                break
            except BackendUnavailable:
                assert process.poll() is None and time.monotonic() < ends, log.read_text()
        assert found.item == KNOWN.item
    finally:
        process.terminate()
        process.wait(20)
    told = log.read_text("utf-8")
    assert KNOWN.case_no not in told and TOKEN not in told


def test_the_command_explains_itself_and_refuses_to_start_without_a_token(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NCZF_DATA_DIR": str(tmp_path), "NCZF_BACKEND_TOKEN": ""}
    command = [sys.executable, "-m", "actions.backends.reference"]
    told = subprocess.run([*command, "--help"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert told.returncode == 0 and "--port" in told.stdout and "NCZF_BACKEND_TOKEN" in told.stdout
    open_ = subprocess.run(
        [*command, "--host", "0.0.0.0"], cwd=tmp_path, env={**env, "NCZF_BACKEND_TOKEN": TOKEN},
        capture_output=True, text=True, timeout=120,
    )
    assert open_.returncode == 2 and "in the clear" in open_.stderr and "--certificate" in open_.stderr
    bare = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert bare.returncode != 0 and "NCZF_BACKEND_TOKEN" in bare.stderr
