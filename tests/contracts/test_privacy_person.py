"""A person gets their data, theirs only; and has it erased, unless something is still under way."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from actions.backends import audit
from actions.backends.erasure import REASONS, StillActive, erase_person
from actions.backends.person import Person
from actions.backends.person_export import export_person
from actions.backends.retention import load
from actions.backends.store import Store
from actions.backends.tables import audit_log, bookings, cases, ratings, work_orders
from actions.backends.vault import Vault, new_key, read_keys
from actions.server import local_systems
from tests import postgres
from tests.contracts.implementations import KEYS, KNOWN, postgres_store, sqlite_store
from tests.contracts.privacy_life import ANNA, BORIS, dump, life, own_case, put_right
from tests.fakes import HeldClock


@pytest.fixture
def clock():
    return HeldClock()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path, clock):
    url = None
    if request.param == "sqlite":
        made = sqlite_store(tmp_path, clock)
    else:
        made, url = postgres_store(clock)
    yield made
    made.engine.dispose()
    if url:
        postgres.drop(url)


@pytest.fixture
def lives(store):
    systems = local_systems(store)
    own_case(store, ANNA)
    return systems, life(systems, ANNA), life(systems, BORIS, 1)


def finish(systems, numbers, who):
    systems.bookings.cancel(numbers["booking"], owner=who.owner)
    systems.work_orders.withdraw(numbers["order"], owner=who.owner, reason="不用了")
    put_right(systems, f"booking:{numbers['booking']}")


def close_case(store):
    with store.begin() as db:
        db.execute(cases.update().where(cases.c.case_no == KNOWN.case_no).values(status="已办结"))


def export(store, **who):
    return export_person(store, load(), Person(**who), actor="officer1")


def erase(store, **who):
    return erase_person(store, load(), Person(**who), reason="consent", actor="officer1")


def test_an_export_has_all_of_one_and_nothing_of_another(store, lives):
    _, mine, theirs = lives
    found = export(store, phone=ANNA.phone, id_no=ANNA.id_no)
    tables = [r["table"] for r in found["records"]]
    assert {"bookings", "work_orders", "order_steps", "ratings", "rectifications", "cases"} <= set(tables)
    assert tables.count("ratings") == 2 and tables.count("bookings") == 1
    text = json.dumps(found, ensure_ascii=False)
    for needle in (*ANNA.needles(), mine["booking"], mine["order"], KNOWN.case_no):
        assert needle in text
    for needle in (*BORIS.needles(), theirs["booking"], theirs["order"], BORIS.owner):
        assert needle not in text
    assert '"li"' not in text and "digest" not in text


@pytest.mark.parametrize("phone", ["139 7091 2345", "+86-139-7091-2345"[4:], ANNA.phone])
def test_a_phone_is_found_however_it_is_written(store, lives, phone):
    assert any(r["table"] == "bookings" for r in export(store, phone=phone)["records"])


def test_a_stranger_has_nothing(store, lives):
    assert export(store, phone="13000000000")["records"] == []
    assert erase(store, phone="13000000000").blanked == {}


def test_rows_under_an_older_key_are_found_too(store, lives):
    rotated = Store(store.engine, Vault([*read_keys(new_key("k2", "sm4")), *KEYS]), store.clock)
    assert len(export(rotated, phone=ANNA.phone)["records"]) == len(
        export(store, phone=ANNA.phone)["records"]
    )


@pytest.mark.parametrize("who", [{}, {"phone": "12345"}, {"id_no": "1"}])
def test_a_person_must_be_named(who):
    with pytest.raises(ValueError):
        Person(**who)


def test_a_person_is_never_printed():
    assert ANNA.phone not in repr(Person(phone=ANNA.phone, id_no=ANNA.id_no))


def test_while_something_is_active_nothing_is_erased(store, lives):
    systems, mine, _ = lives
    before = dump(store.engine)
    with pytest.raises(StillActive) as refused:
        erase(store, phone=ANNA.phone, id_no=ANNA.id_no)
    assert set(refused.value.records) == {
        f"bookings:{mine['booking']}",
        f"work_orders:{mine['order']}",
        f"rectifications:booking:{mine['booking']}",
        f"cases:{KNOWN.case_no}",
    }
    assert dump(store.engine) == before
    systems.bookings.cancel(mine["booking"], owner=ANNA.owner)
    with pytest.raises(StillActive) as refused:
        erase(store, phone=ANNA.phone)
    assert f"bookings:{mine['booking']}" not in refused.value.records


def test_a_booking_whose_day_is_over_is_not_active(store, lives, clock):
    systems, mine, _ = lives
    systems.work_orders.withdraw(mine["order"], owner=ANNA.owner, reason="不用了")
    put_right(systems, f"booking:{mine['booking']}")
    clock.move(days=5)
    assert erase(store, phone=ANNA.phone).blanked["bookings"] == 1


def test_after_erasure_statistics_stay_and_the_person_is_gone(store, lives):
    systems, mine, theirs = lives
    finish(systems, mine, ANNA)
    close_case(store)
    done = erase(store, phone=ANNA.phone, id_no=ANNA.id_no)
    assert done.blanked["bookings"] == 1 and done.blanked["work_orders"] == 1
    assert done.deleted["notices"] > 0 and done.kept["rectifications"]
    assert export(store, phone=ANNA.phone, id_no=ANNA.id_no)["records"] == []
    with store.begin() as db:
        booking = db.execute(
            select(bookings).where(bookings.c.booking_no == mine["booking"])
        ).mappings().one()  # fmt: skip
        assert (booking["name"], booking["phone"], booking["owner"]) == ("", "", "")
        assert booking["status"] == "cancelled" and booking["item"]
        order = (
            db.execute(select(work_orders).where(work_orders.c.order_no == mine["order"])).mappings().one()
        )
        assert (order["text"], order["place"], order["state"]) == ("", "", "withdrawn")
        levels = db.execute(select(ratings.c.level).order_by(ratings.c.level)).scalars().all()
    assert list(levels) == [1, 1, 4, 4]
    still = json.dumps(export(store, phone=BORIS.phone), ensure_ascii=False)
    assert all(needle in still for needle in (BORIS.name, theirs["booking"], theirs["order"]))
    assert audit.verify(store)[1] == []


def test_both_are_audited_without_naming_the_person(store, lives):
    systems, mine, _ = lives
    finish(systems, mine, ANNA)
    export(store, phone=ANNA.phone)
    erase(store, phone=ANNA.phone)
    with store.begin() as db:
        rows = db.execute(
            select(audit_log).where(audit_log.c.action.startswith("privacy.")).order_by(audit_log.c.id)
        ).mappings().all()  # fmt: skip
    assert [(r["action"], r["actor"]) for r in rows] == [
        ("privacy.export", "officer1"),
        ("privacy.erase", "officer1"),
    ]
    assert rows[0]["subject"] == rows[1]["subject"] == Person(phone=ANNA.phone).subject(store.vault)
    assert json.loads(rows[1]["detail"])["reason"] == "consent" and ANNA.phone not in str(rows)


def test_two_persons_can_be_erased(store, lives):
    """What must be unique in a table does not collide when it is emptied twice."""
    systems, mine, theirs = lives
    finish(systems, mine, ANNA)
    finish(systems, theirs, BORIS)
    assert erase(store, phone=ANNA.phone).blanked["bookings"] == 1
    assert erase(store, phone=BORIS.phone).blanked["bookings"] == 1
    assert erase(store, phone=BORIS.phone).blanked == {}


def test_a_reason_must_be_of_the_law(store):
    with pytest.raises(ValueError, match="because"):
        erase_person(store, load(), Person(phone=ANNA.phone), reason="because", actor="x")
    assert set(REASONS) == {"purpose", "period", "consent", "unlawful", "other"}
