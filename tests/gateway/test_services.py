"""What the gateway passes on: vouchers by their secret, case events as they were signed."""

from __future__ import annotations

import pytest

from gateway.services_client import FEED_LIMIT, HttpServices, Passed, ServicesUnavailable

TOKEN = "a" * 32


class ScriptedServices:
    """Answers from a script; remembers what it was asked."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.heard = []

    async def _say(self, *asked):
        self.heard.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def voucher(self, name):
        return await self._say(name)

    async def case_event(self, body, headers):
        return await self._say(body, headers)


def test_a_voucher_comes_as_a_file_that_nobody_caches(start):
    services = ScriptedServices(Passed(200, b"BEGIN:VCALENDAR", "YY1.ics"))
    reply = start(services=services).get(f"/api/vouchers/{TOKEN}.ics")
    assert (reply.status_code, reply.content) == (200, b"BEGIN:VCALENDAR")
    assert reply.headers["content-type"].startswith("text/calendar")
    assert reply.headers["cache-control"] == "no-store"
    assert 'filename="YY1.ics"' in reply.headers["content-disposition"]
    assert services.heard == [(f"{TOKEN}.ics",)]


def test_a_qr_code_is_an_image(start):
    gateway = start(services=ScriptedServices(Passed(200, b"<svg/>")))
    reply = gateway.get(f"/api/vouchers/{TOKEN}.svg")
    assert reply.headers["content-type"] == "image/svg+xml"
    assert "script-src 'self'" in reply.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("answer", "status"), [(Passed(404, b""), 404), (Passed(503, b""), 503), (ServicesUnavailable("x"), 503)]
)
def test_no_voucher_is_an_error_with_a_sentence(start, answer, status):
    reply = start(services=ScriptedServices(answer)).get(f"/api/vouchers/{TOKEN}.svg")
    assert reply.status_code == status and reply.json()["error"]["message"]


@pytest.mark.parametrize("name", ["short.ics", f"{TOKEN}.html", f"{TOKEN}", f"..%2F{TOKEN}.ics", "a" * 999])
async def test_names_that_are_no_voucher_never_leave_the_gateway(name):
    # The client has no session: asking the far service would fail.
    assert (await HttpServices("http://127.0.0.1:1", 1.0).voucher(name)).status == 404


def test_an_event_is_passed_on_as_it_was_signed(start):
    services = ScriptedServices(Passed(200, b'{"outcome": "taken"}'))
    gateway = start(services=services)
    headers = {"X-NCZF-Signature": "s", "X-NCZF-Timestamp": "t", "Cookie": "nczf_citizen=x"}
    reply = gateway.client.post("/api/feeds/cases", content=b'{"a": 1}', headers=headers)
    assert reply.json() == {"outcome": "taken"}
    assert services.heard == [(b'{"a": 1}', {"X-NCZF-Signature": "s", "X-NCZF-Timestamp": "t"})]


@pytest.mark.parametrize("status", [400, 401, 404, 409])
def test_a_refused_event_keeps_its_status(start, status):
    gateway = start(services=ScriptedServices(Passed(status, b'{"error": {}}')))
    assert gateway.client.post("/api/feeds/cases", content=b"x").status_code == status


def test_a_huge_event_is_refused_before_it_is_passed_on(start):
    services = ScriptedServices(Passed(200, b"{}"))
    reply = start(services=services).client.post("/api/feeds/cases", content=b"x" * (FEED_LIMIT + 1))
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "too_large")
    assert services.heard == []


async def test_an_unreachable_service_is_named_without_the_secret():
    client = HttpServices("http://127.0.0.1:1", 1.0)
    await client.open()
    with pytest.raises(ServicesUnavailable) as down:
        await client.voucher(f"{TOKEN}.ics")
    await client.close()
    assert TOKEN not in str(down.value)
