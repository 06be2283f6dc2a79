"""Changing the key: everything resealed and found again, resumable, beside writers, aes to sm4."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, select, update

from actions.backends import audit
from actions.backends.personal import find_digests, personal_tables
from actions.backends.retired_keys import AuditVault, RetiredKey, read_retired, write_private
from actions.backends.rotation import chained_by_key, rotate, sealed_by_key
from actions.backends.store import Store
from actions.backends.tables import bookings, ratings
from actions.backends.vault import SealBroken, Vault, new_key, read_keys
from actions.server import local_systems
from tests import postgres
from tests.contracts.implementations import KEYS, postgres_store, sqlite_store
from tests.contracts.privacy_life import ANNA, BORIS, life
from tests.fakes import HeldClock

SM4 = read_keys(new_key("k2", "sm4"))


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    url = None
    if request.param == "sqlite":
        made = sqlite_store(tmp_path, HeldClock())
    else:
        made, url = postgres_store(HeldClock())
    yield made
    made.engine.dispose()
    if url:
        postgres.drop(url)


def opened(store, vault):
    """Every sealed value of every table, opened."""
    with store.begin() as db:
        return {
            place.table.name: sorted(
                [tuple(vault.open(place.label(n), row[n]) for n in place.sealed) for row in
                 db.execute(select(place.table)).mappings()]
            )
            for place in personal_tables()
        }  # fmt: skip


def test_everything_comes_under_the_new_key_and_is_found_again(store):
    systems = local_systems(store)
    numbers = life(systems, ANNA)
    life(systems, BORIS, 1)
    before = opened(store, store.vault)
    both, only = Vault([*SM4, *KEYS]), Vault(SM4)
    seen = []
    done = rotate(store, both, lambda table, rows: seen.append((table, rows)), batch=2)
    assert (done.left, done.faults) == (0, ()) and sum(done.resealed.values()) > 4 and seen
    assert sealed_by_key(store).keys() == {"k2"}
    assert opened(store, only) == before
    with store.begin() as db:
        digest = db.execute(select(bookings.c.phone_digest).where(bookings.c.owner == ANNA.owner)).scalar()
    assert digest in find_digests(only, "phone", ANNA.phone)
    later = local_systems(Store(store.engine, only, store.clock))
    assert later.bookings.find(numbers["booking"], owner="x", phone_last4=ANNA.phone[-4:]).name == ANNA.name
    assert later.ratings.rating(f"booking:{numbers['booking']}").phone == ANNA.phone
    again = rotate(store, both)
    assert sum(again.resealed.values()) == 0 and again.left == 0


def test_a_rotation_that_broke_off_is_run_again(store):
    systems = local_systems(store)
    for who, slot in ((ANNA, 0), (BORIS, 1)):
        life(systems, who, slot)
    both = Vault([*SM4, *KEYS])
    left = {"statements": 12}

    class Crash(Exception):
        pass

    @event.listens_for(store.engine, "before_cursor_execute")
    def _crash(conn, cursor, statement, *rest):
        left["statements"] -= 1
        if left["statements"] == 0:
            raise Crash

    with pytest.raises(Crash):
        rotate(store, both, batch=1)
    assert sealed_by_key(store).keys() == {"k1", "k2"}
    opened(store, both)  # nothing is half resealed
    assert rotate(store, both, batch=1).left == 0


def test_beside_writers_with_the_old_key_nothing_is_lost(store):
    systems = local_systems(store)
    writer = local_systems(Store(store.engine, Vault([*KEYS, *SM4]), store.clock))
    for n in range(6):
        systems.ratings.rate(
            subject=f"booking:{n}", level=4, reasons=[], comment="", channel="portal", owner="c"
        )
    both = Vault([*SM4, *KEYS])

    def write(n):
        writer.ratings.explain(f"booking:{n}", reasons=[], comment=f"说明{n}", owner="c")
        writer.ratings.rate(
            subject=f"case:{n}", level=4, reasons=[], comment=f"新{n}", channel="portal", owner="c"
        )

    with ThreadPoolExecutor(3) as pool:
        working = [pool.submit(write, n) for n in range(6)]
        rotate(store, both, batch=1)
        for one in working:
            one.result()
    assert rotate(store, both).left == 0
    only = local_systems(Store(store.engine, Vault(SM4), store.clock))
    for n in range(6):
        assert only.ratings.rating(f"booking:{n}").comment == f"说明{n}"
        assert only.ratings.rating(f"case:{n}").comment == f"新{n}"


def test_a_value_that_does_not_open_is_named_and_left_alone(store):
    local_systems(store).ratings.rate(
        subject="booking:1",
        level=5,
        reasons=[],
        comment="好",
        channel="portal",
        owner="c",
        phone="13800138000",
    )
    with store.begin() as db:
        db.execute(update(ratings).values(phone_digest="0" * 64))
    done = rotate(store, Vault([*SM4, *KEYS]))
    assert done.left > 0 and len(done.faults) == 1 and "ratings.phone_digest" in done.faults[0]
    assert "13800138000" not in done.faults[0]


def test_a_database_may_be_on_sm4_from_the_start(store):
    sm4 = Store(store.engine, Vault([*SM4, *KEYS]), store.clock)
    numbers = life(local_systems(sm4), ANNA)
    assert local_systems(sm4).bookings.find(numbers["booking"], owner=ANNA.owner).phone == ANNA.phone
    assert sealed_by_key(sm4)["k2"] > 5
    assert audit.verify(sm4)[1] == []


def test_a_retired_key_leaves_the_chain_verifiable_and_opens_nothing(store, tmp_path):
    life(local_systems(store), ANNA)
    with store.begin() as db:
        sealed = db.execute(select(bookings.c.phone)).scalar_one()
    rotate(store, Vault([*SM4, *KEYS]))
    path = tmp_path / "services.keys.retired"
    write_private(path, [RetiredKey.of(KEYS[0]).line()])
    retired = read_retired(path)
    auditor = AuditVault(SM4, retired)
    assert set(chained_by_key(store)) == {"k1", "k2"}
    count, faults = audit.verify(Store(store.engine, auditor, store.clock))
    assert faults == [] and count > 3
    assert "add that key" in audit.verify(Store(store.engine, Vault(SM4), store.clock))[1][0]
    with pytest.raises(SealBroken):
        auditor.open("bookings.phone", sealed)
    assert path.stat().st_mode & 0o077 == 0 and "hidden" in repr(retired[0])


@pytest.mark.parametrize("line", ["k1:aes:AAAA", "k1", "k1:sm4-audit:AA", "k-1:aes-audit:" + "A" * 43 + "="])
def test_an_odd_file_of_retired_keys_is_named(tmp_path, line):
    path = tmp_path / "retired"
    path.write_text(line)
    with pytest.raises(ValueError, match="line 1"):
        read_retired(path)
