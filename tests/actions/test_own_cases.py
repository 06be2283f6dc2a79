"""我的办件: who is signed in sees them; who is not is asked once, with the reason and another way."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from actions.backends.ports import CaseStatus
from actions.booking import ListBookings
from actions.case_status import AskCase, CaseLookup, ValidateCase
from actions.identity import (
    GatewayIdentities,
    Identities,
    IdentityUnavailable,
    NoIdentities,
    Vouched,
    identities_of,
)
from actions.own_cases import MINE, SHOWN, asks_for_own, listed
from actions.turn import Turn, read_turn
from tests.contracts.implementations import KNOWN
from tests.fakes import set_slots, turn

SECRET = "a-shared-secret-of-length"
OWNER = Vouched("王小明", "13800132468", "demo-identity-0001")
STRANGER = Vouched("李四", "13900000000", "DEMO-IDENTITY-9999")


class Desk(BaseHTTPRequestHandler):
    """A gateway's identity route: what it answers is set by the test, what it was asked is kept."""

    answer: tuple[int, bytes] = (410, b"{}")
    asked: list[tuple[str, str, Any]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        Desk.asked.append((self.path, self.headers["authorization"], body))
        status, said = Desk.answer
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def gateway() -> Iterator[GatewayIdentities]:
    """The real client before a real server; `Desk.answer` is what that says."""
    Desk.answer, Desk.asked = (410, b"{}"), []
    server = HTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield GatewayIdentities(f"http://127.0.0.1:{server.server_port}", SECRET)
    server.shutdown()
    thread.join()
    server.server_close()


def signs_in(person: Vouched | None) -> None:
    """From now on the ticket stands for this person."""
    known = {"name": person.name, "phone": person.phone, "id_no": person.id_no} if person else {}
    Desk.answer = (200 if person else 410, json.dumps(known).encode())


def asked(text: str, intent: str = "case_status", ticket: str = "", offered: bool = True, **how: Any) -> Turn:
    """A turn in the case form."""
    return replace(turn(text, intent, form="case_form", **how), ticket=ticket, may_sign_in=offered)


ASK_FOR_OWN = ["我的办件", "我名下的办件", "看看我名下有哪些办件", "我有哪些办件", "身份证能查办件吗"]
OTHERS = ["查办件进度", "办件NC202611030000175", "用办件编号查", "我的预约", "我要办身份证"]


@pytest.mark.parametrize("text", ASK_FOR_OWN)
def test_one_s_own_are_recognised(text: str) -> None:
    assert asks_for_own(turn(text))


@pytest.mark.parametrize("text", OTHERS)
def test_other_questions_are_not(text: str) -> None:
    assert not asks_for_own(turn(text))


def test_who_is_not_signed_in_is_asked_with_the_reason_and_another_way(phrases, systems) -> None:
    said = asked("我的办件")
    assert set_slots(ValidateCase(phrases, systems.cases).act(said).events) == {"form_failures": 0}
    (message,) = AskCase("case_no", phrases).act(said).messages
    assert message["text"] == phrases.say("case_sign_in_why") and "身份证号" in message["text"]
    sign_in, by_number = message["options"]
    assert (sign_in["action"], sign_in["args"]) == ("sign_in", {"task": "cases"})
    assert by_number["say"] == phrases.say("case_by_number")


def test_the_other_way_asks_for_the_number_and_counts_as_no_failure(phrases, systems, gateway) -> None:
    said = asked("用办件编号查", "ask_followup", wanted="case_no", ticket="t", slots={"form_failures": 1})
    signs_in(OWNER)
    result = ValidateCase(phrases, systems.cases, gateway).act(said)
    assert set_slots(result.events) == {"form_failures": 0} and Desk.asked == []
    (message,) = AskCase("case_no", phrases).act(said).messages
    assert message["text"] == phrases.say("ask_case_no")


def test_without_sign_in_nothing_has_changed(phrases) -> None:
    (message,) = AskCase("case_no", phrases).act(asked("我的办件", offered=False)).messages
    assert message["text"] == phrases.say("ask_case_no") and message["options"] == []


def test_a_plain_look_up_offers_the_login_beside_the_number(phrases) -> None:
    (message,) = AskCase("case_no", phrases).act(asked("查办件进度")).messages
    assert message["text"] == phrases.say("ask_case_no")
    assert [option["action"] for option in message["options"]] == ["sign_in"]


def look(phrases, systems, identities: Identities, said: Turn) -> list[dict[str, Any]]:
    """Form, then look-up; the messages."""
    slots = set_slots(ValidateCase(phrases, systems.cases, identities).act(said).events)
    lookup = CaseLookup(phrases, systems.cases, identities)
    return lookup.act(replace(said, slots={"case_no": None, "case_phone": None, **slots})).messages


@pytest.mark.parametrize("text", ["我的办件", "/case_status"])
def test_after_signing_in_it_goes_on_without_asking_again(phrases, systems, gateway, text) -> None:
    signs_in(OWNER)
    first, *cards = look(phrases, systems, gateway, asked(text, ticket="t-1", wanted="case_no"))
    assert first["text"] == phrases.say("cases_mine", n=2)
    assert [card["case"]["submitted_on"] for card in cards] == ["2026-11-03", "2026-10-28"]
    assert [bool(card["replies"]) for card in cards] == [False, True]
    path, authorization, body = Desk.asked[0]
    assert (path, authorization) == ("/internal/identity", f"Bearer {SECRET}")
    assert body == {"ticket": "t-1", "conversation_id": "c-1"}


def test_a_number_of_one_s_own_needs_no_digits(phrases, systems, gateway) -> None:
    signs_in(OWNER)
    said = asked("查一下", ticket="t", case_no=KNOWN.case_no)
    (card,) = look(phrases, systems, gateway, said)
    assert card["case"]["case_no"] == KNOWN.case_no


def test_a_number_of_somebody_else_s_still_needs_them(phrases, systems, gateway) -> None:
    signs_in(STRANGER)
    said = asked("查一下", ticket="t", case_no=KNOWN.case_no)
    slots = set_slots(ValidateCase(phrases, systems.cases, gateway).act(said).events)
    assert slots == {"case_no": KNOWN.case_no, "form_failures": 0}


def test_who_has_no_cases_is_told_so_and_how_else(phrases, systems, gateway) -> None:
    signs_in(STRANGER)
    (message,) = look(phrases, systems, gateway, asked("我的办件", ticket="t"))
    assert message["status"] == "cases_none"
    assert [reply["label"] for reply in message["replies"]] == ["用办件编号查", "转人工"]


@pytest.mark.parametrize("answer", [(410, b"{}"), (500, b"oops"), (200, b"no json"), (200, b'{"name": "a"}')])
def test_a_session_that_ran_out_or_a_gateway_that_does_not_say_asks_again(
    phrases, systems, gateway, answer, caplog
) -> None:
    Desk.answer = answer
    said = asked("/case_status", ticket="t", wanted="case_no")
    slots = set_slots(ValidateCase(phrases, systems.cases, gateway).act(said).events)
    assert "case_no" not in slots
    (message,) = AskCase("case_no", phrases).act(said).messages
    assert message["text"] == phrases.say("case_sign_in_again")
    (late,) = CaseLookup(phrases, systems.cases, gateway).act(
        replace(said, slots={"case_no": MINE, "case_phone": MINE})
    ).messages
    assert late["text"] == phrases.say("case_sign_in_again")


def test_many_cases_are_shown_in_part_and_the_others_by_number(phrases, systems) -> None:
    one: CaseStatus = systems.cases.mine(OWNER.id_no, client="c-1")[0]
    many = [replace(one, case_no=f"NC{n:015}") for n in range(SHOWN + 2)]
    first, *cards, more = listed(many, phrases)
    assert len(cards) == SHOWN and first["text"] == phrases.say("cases_mine", n=SHOWN + 2)
    assert [reply["say"] for reply in more["replies"]] == [case.case_no for case in many[SHOWN:]]


def test_a_booking_from_elsewhere_by_its_number_and_the_login(phrases, systems, gateway) -> None:
    hall = systems.bookings.halls()[0]
    days = [date(2026, 11, 25) + timedelta(days=n) for n in range(14)]
    slot = next(s for day in days for s in systems.bookings.free_slots(hall.id, day) if s.free)
    booked = systems.bookings.book(
        slot.id, item_id="id-card-replace", item="身份证补领", name=OWNER.name, phone=OWNER.phone,
        owner="elsewhere", key="k",
    )
    said = replace(turn("我的预约", "list_bookings", booking_no=booked.booking_no), ticket="t")
    signs_in(OWNER)
    (message,) = ListBookings(phrases, systems.bookings, gateway).act(said).messages
    assert [b["booking_no"] for b in message["bookings"]] == [booked.booking_no]
    signs_in(STRANGER)
    (refused,) = ListBookings(phrases, systems.bookings, gateway).act(said).messages
    assert "bookings" not in refused


def test_nothing_of_the_person_reaches_slots_messages_or_the_log(phrases, systems, gateway, caplog) -> None:
    signs_in(OWNER)
    caplog.set_level(logging.DEBUG)
    said = asked("我的办件", ticket="t", wanted="case_no")
    events = ValidateCase(phrases, systems.cases, gateway).act(said).events
    messages = look(phrases, systems, gateway, said)
    everything = json.dumps([events, messages], ensure_ascii=False, default=str) + caplog.text + repr(OWNER)
    assert not [v for v in (OWNER.name, OWNER.phone, OWNER.id_no, OWNER.id_no.upper()) if v in everything]


def test_what_rasa_carries_is_read_and_anything_else_is_nobody() -> None:
    class Heard:
        """As much of the SDK's tracker as is read."""

        sender_id, slots, active_loop, events = "c-1", {}, {}, []

        def __init__(self, identity: Any) -> None:
            self.latest_message = {"text": "x", "metadata": {"identity": identity}}

        def get_latest_input_channel(self) -> str:
            return "portal"

        def get_slot(self, name: str) -> None:
            return None

    read = read_turn(Heard({"offered": True, "ticket": "t"}))
    assert (read.ticket, read.may_sign_in) == ("t", True)
    for odd in (None, "t", 5, [], {}):
        read = read_turn(Heard(odd))
        assert (read.ticket, read.may_sign_in) == ("", False)


def test_an_unreachable_gateway_and_a_missing_secret(phrases) -> None:
    with pytest.raises(IdentityUnavailable):
        GatewayIdentities("http://127.0.0.1:9", SECRET).person("t", "c")
    assert isinstance(identities_of("http://127.0.0.1:8080", ""), NoIdentities)
    with pytest.raises(ValueError, match="https"):
        identities_of("http://gateway.example", SECRET)
