"""Frames and requests that are none, full of identifiers in every part; for test_leaks.py."""

from __future__ import annotations

import http.client
import json
import time
import urllib.parse
from typing import Any

from tests.live import seeds
from tests.live.clients import Citizen, Officer, post
from tests.live.test_services import CASE, deliver


def by_bad_frames(stack, said) -> None:
    """Frames that are refused, with secrets in every part of them."""
    citizen, phone = Citizen(stack.base), seeds.PHONES[8]
    officer = Officer(stack.base, *stack.logins()[1])
    for client in (citizen, officer):
        for raw in (
            phone,
            f'{{"{phone}": 1',
            json.dumps({"v": 1, "type": phone, "text": seeds.EVERYTHING}),
            json.dumps({"v": 1, "type": "say", "id": "x", "text": "a", phone: seeds.BOOKED_NAME}),
            json.dumps({"v": 1, "type": "say", "id": "x", "text": [seeds.EVERYTHING]}),
            json.dumps({"v": phone, "type": "typing", "draft": {"a": phone}}),
            json.dumps({"v": 1, "type": "act", "id": "x", "action": phone, "label": "a", "args": {phone: 1}}),
            json.dumps({"v": 1, "type": "accept", "id": "x", "conversation_id": phone}),
        ):
            client.send_raw(raw)
            error = client.until(lambda f: f["type"] == "error")
            said.append(("error frame", json.dumps(error, ensure_ascii=False)))
        client.close()


def by_http(stack, said) -> None:
    """Bodies, paths, queries and headers, with and without a session."""
    phone = seeds.PHONES[9]
    name = urllib.parse.quote(seeds.BOOKED_NAME)
    username, password = stack.logins()[0]
    _, session = post(f"{stack.base}/api/desk/login", {"username": username, "password": password})
    headers = {
        "User-Agent": f"Mozilla/5.0 {phone}",
        "Referer": f"{stack.base}/?tel={phone}&name={name}",
        "X-Forwarded-For": phone,
        "X-Request-Id": seeds.ID_NO,
        "Cookie": f"nczf_citizen={phone}.{phone}; {session}; other={seeds.ID_NO}",
    }
    spy = {"username": phone, "password": seeds.ID_NO, "code": phone}
    for method, path, body in (
        ("POST", "/api/conversations", {"fresh": seeds.EVERYTHING, phone: phone}),
        ("POST", "/api/conversations", f'{{"fresh": {phone}'),
        ("POST", "/api/desk/login", spy),
        ("POST", "/api/desk/login", {**spy, "username": username}),
        ("POST", "/api/desk/login", {"username": seeds.EVERYTHING, "password": [phone]}),
        ("POST", "/api/desk/password", {"old": phone, "new": seeds.ID_NO}),
        ("POST", "/api/desk/sessions/revoke", {"id": phone}),
        ("GET", f"/api/desk/guides?q={phone}%20{name}", None),
        ("GET", f"/api/desk/guides/{phone}?x={name}", None),
        ("GET", f"/api/vouchers/{phone}.ics?x={phone}", None),
        ("GET", f"/api/answers/{phone}", None),
        ("GET", f"/{phone}/{name}?tel={phone}", None),
        ("DELETE", f"/api/home?tel={phone}", None),
        ("GET", f"/ws/citizen?after={phone}&who={name}", None),
        ("POST", f"/api/feeds/cases?tel={phone}", {"case_no": phone, "citizen_must": seeds.EVERYTHING}),
        ("GET", "/metrics?token=" + phone, None),
    ):
        said.append((f"{method} {path.split('?')[0][:12]}", request(stack, method, path, body, headers)))
    as_staff = {**headers, "Cookie": session}
    signed_in = {"username": username, "password": password}
    said.append(("sign-in", request(stack, "POST", "/api/desk/login", signed_in, as_staff)))
    for query in (f"after=0&tel={phone}&who={name}", f"after={phone}", f"after=0;{phone}"):
        said.append(("handshake", handshake(stack, f"/ws/citizen?{query}")))
    event = {
        "event_id": f"leak-{time.time_ns()}",
        "case_no": CASE["case_no"],
        "at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "status": "办理中",
        "citizen_must": f"请打{seeds.PHONES[10]}找工作人员",
    }
    for one in ({**event, seeds.PHONES[11]: seeds.EVERYTHING}, event):
        said.append(("case feed", json.dumps(deliver(stack, one), ensure_ascii=False)))


def request(
    stack, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, token: str = ""
) -> str:
    """One request, whatever its answer; the answer's body."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(stack.base).netloc, timeout=10)
    sent = dict(headers or {})
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if body is not None:
        sent["Content-Type"] = "application/json"
        body = (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()
    try:
        connection.request(method, path, body, sent)
        return connection.getresponse().read().decode("utf-8", "replace")
    finally:
        connection.close()


def handshake(stack, path: str) -> str:
    """Ask for a socket with this path; the first lines that come back."""
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(stack.base).netloc, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return f"{answer.status} {answer.headers}"
    finally:
        connection.close()
