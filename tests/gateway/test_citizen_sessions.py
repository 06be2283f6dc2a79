"""Sessions, tickets, codes and used tickets hold alike on both databases, also with many at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from gateway.app_tickets import AppSettings, AppTickets
from gateway.citizen import ClaimNames, NoIdentity, Person, person_of
from gateway.citizen_sessions import TICKET_S, CitizenSessions, SessionLimits
from gateway.continuing import Continuing
from gateway.log import ConversationLog, digest
from gateway.schema_sql import citizen_sessions
from gateway.sealed_box import SealedBox
from gateway.store import DatabaseThread
from tests.fakes import HeldClock
from tests.gateway.databases import KINDS, opened
from tests.gateway.staff_clients import KEYS

WANG = Person("iss\0u-1", "王小明", "13912345678", "360102199003074514")
LI = Person("iss\0u-2", "李四", "", "36010219850101123X")


class Stand:
    """Everything on one database, with a clock that stands still."""

    def __init__(self, engine: Engine, keys: str = KEYS) -> None:
        self.clock, self.engine = HeldClock(), engine
        box = SealedBox.load(keys, Path())
        self.log = ConversationLog(engine, self.now)
        self.sessions = CitizenSessions(engine, box, SessionLimits(1800, 600), self.now)
        self.continuing = Continuing(engine, box, self.now)
        self.talk = self.log.create("portal")[0].id

    def now(self) -> float:
        return self.clock().timestamp()


@pytest.fixture(params=KINDS)
def stand(request: Any, tmp_path: Path) -> Iterator[Stand]:
    with opened(request.param, tmp_path) as engine:
        yield Stand(engine)


def test_a_session_lasts_while_it_is_used_and_no_longer_than_its_end(stand: Stand) -> None:
    token = stand.sessions.begin(stand.talk, WANG, "oidc", "id-token")
    ticket = stand.sessions.ticket(token, stand.talk)
    assert stand.sessions.redeem(ticket, stand.talk) == WANG
    for _ in range(3):
        stand.clock.move(seconds=500)
        assert stand.sessions.redeem(stand.sessions.ticket(token, stand.talk), stand.talk) == WANG
    shown = stand.sessions.signed_in(token, stand.talk)
    assert shown is not None and shown.name == "王*明"
    stand.clock.move(seconds=301)
    assert stand.sessions.signed_in(token, stand.talk) is None
    assert stand.sessions.redeem(stand.sessions.ticket(token, stand.talk), stand.talk) is None
    assert (stand.sessions.purge(), stand.sessions.purge()) == (1, 0)


def test_idling_ends_it_and_looking_at_the_bar_is_idling(stand: Stand) -> None:
    token = stand.sessions.begin(stand.talk, WANG, "oidc")
    stand.clock.move(seconds=400)
    assert stand.sessions.signed_in(token, stand.talk) is not None
    stand.clock.move(seconds=201)
    assert stand.sessions.signed_in(token, stand.talk) is None


def test_a_ticket_is_soon_too_old_and_of_one_talk(stand: Stand) -> None:
    token = stand.sessions.begin(stand.talk, WANG, "app")
    ticket = stand.sessions.ticket(token, stand.talk)
    other = stand.log.create("portal")[0].id
    assert stand.sessions.redeem(ticket, other) is None
    assert stand.sessions.redeem(stand.sessions.ticket(token, other), other) is None
    stand.clock.move(seconds=TICKET_S + 1)
    assert stand.sessions.redeem(ticket, stand.talk) is None


def test_a_sealed_person_moved_to_another_session_does_not_open(stand: Stand) -> None:
    li, wang = (stand.sessions.begin(stand.talk, one, "oidc") for one in (LI, WANG))
    of_wang = citizen_sessions.c.token_hash == digest(wang)
    with stand.engine.begin() as db:
        sealed = db.execute(select(citizen_sessions.c.person).where(of_wang)).scalar()
        assert sealed and WANG.id_no not in sealed and WANG.name not in sealed
        db.execute(update(citizen_sessions).values(person=sealed))
    assert stand.sessions.signed_in(li, stand.talk) is None
    kept = stand.sessions.signed_in(wang, stand.talk)
    assert kept is not None and kept.name == "王*明"


def test_signing_out_gives_back_the_token_once(stand: Stand) -> None:
    token = stand.sessions.begin(stand.talk, WANG, "oidc", "id-token")
    assert stand.sessions.end(token) == (True, "id-token")
    assert stand.sessions.end(token) == (False, "") and stand.sessions.end("") == (False, "")


def test_whose_conversation_it_is_outlives_the_session(stand: Stand) -> None:
    assert not stand.sessions.is_another_s(stand.talk, LI)
    stand.sessions.end(stand.sessions.begin(stand.talk, WANG, "oidc"))
    assert stand.sessions.is_another_s(stand.talk, LI) and not stand.sessions.is_another_s(stand.talk, WANG)
    later = stand.log.create("app")[0].id
    stand.clock.move(seconds=5)
    stand.sessions.begin(later, WANG, "app")
    assert stand.sessions.talk_of(WANG) == later and stand.sessions.talk_of(WANG, later) == stand.talk
    assert stand.sessions.talk_of(LI) is None


def test_a_new_key_keeps_knowing_whose_talk_it_is(stand: Stand) -> None:
    token = stand.sessions.begin(stand.talk, WANG, "oidc")
    changed = Stand(stand.engine, "k2:" + "B" * 43 + "=," + KEYS)
    assert not changed.sessions.is_another_s(stand.talk, WANG)
    assert changed.sessions.is_another_s(stand.talk, LI)
    assert changed.sessions.signed_in(token, stand.talk) is not None
    gone = Stand(stand.engine, "k2:" + "B" * 43 + "=")
    assert gone.sessions.signed_in(token, stand.talk) is None


def test_one_of_many_uses_a_code(stand: Stand) -> None:
    code = stand.continuing.code(stand.talk)
    with ThreadPoolExecutor(8) as pool:
        found = [one for one in pool.map(lambda _: stand.continuing.join(code), range(8)) if one]
    assert len(found) == 1 and found[0][0] == stand.talk
    assert stand.continuing.check(stand.log, *found[0]) is True
    assert stand.continuing.revoke(stand.talk) == 1


def test_one_of_many_uses_a_ticket(stand: Stand) -> None:
    database = DatabaseThread()
    own = AppSettings("https://app.example", "nczf", secret="s" * 32)
    tickets = AppTickets(own, ClaimNames(), stand.engine, database, stand.now)
    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(lambda _: tickets._first_use("jti-1", stand.now() + 60), range(8)))
    assert sorted(first) == [False] * 7 + [True]
    stand.clock.move(seconds=61)
    assert tickets._first_use("jti-2", stand.now() + 60) and tickets._first_use("jti-1", stand.now() + 60)
    database.close()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"id_number": " 36010219850101123x ", "name": "李四", "phone_number": "+8613987654321"},
            ("李四", "13987654321", "36010219850101123X"),
        ),
        (
            {"id_number": "360102198501011238", "name": "a\nb", "phone_number": 5},
            ("", "", "360102198501011238"),
        ),
        ({"id_number": "12345"}, None),
        ({"id_number": "1" * 65}, None),
        ({"id_number": ["1" * 18]}, None),
        ({}, None),
    ],
)
def test_claims_become_a_person_or_nobody(values: dict[str, Any], expected: Any) -> None:
    if expected is None:
        with pytest.raises(NoIdentity):
            person_of("s", values.get, ClaimNames())
        return
    found = person_of("s", values.get, ClaimNames())
    assert (found.name, found.phone, found.id_no) == expected and "Person(…)" == repr(found)


@pytest.mark.parametrize(
    ("name", "shown"), [("王明", "王*"), ("王小明", "王*明"), ("欧阳小明", "欧**明"), ("", "*"), ("王", "*")]
)
def test_names_are_shown_masked(name: str, shown: str) -> None:
    assert Person("s", name, "", "x" * 18).shown == shown
