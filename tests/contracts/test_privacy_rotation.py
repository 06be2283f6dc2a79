"""Changing the key: everything resealed and found again, resumable, beside writers, aes to sm4."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, select, text, update

from actions.backends import audit
from actions.backends.case_events import read_event
from actions.backends.case_feed import LocalCaseFeed
from actions.backends.case_import import import_cases
from actions.backends.case_rows import Titles
from actions.backends.personal import find_digests, personal_tables
from actions.backends.ports import FeedConflict
from actions.backends.retired_keys import AuditVault, RetiredKey, read_retired, write_private
from actions.backends.rotation import chained_by_key, rotate, sealed_by_key
from actions.backends.store import Store
from actions.backends.tables import bookings, case_events, cases, metadata, ratings
from actions.backends.vault import SealBroken, Vault, new_key, read_keys
from actions.server import local_systems
from tests import postgres
from tests.contracts.implementations import KEYS, KNOWN, postgres_store, sqlite_store
from tests.contracts.privacy_life import ANNA, BORIS, life, own_case
from tests.contracts.test_case_import import line, sheet
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


def happened(store, number=1, **changes):
    whole = {"event_id": f"e-{number}", "case_no": KNOWN.case_no, "status": "制证", "holder": "张经办",
             "at": "2026-11-24T09:00:00+08:00", **changes}  # fmt: skip
    return read_event(json.dumps(whole).encode(), store.clock())


def marks(store):
    with store.begin() as db:
        rows = [*db.execute(select(cases.c.row_digest)), *db.execute(select(case_events.c.content))]
    return sorted(mark for (mark,) in rows if mark)


def test_marks_of_an_older_key_are_emptied_and_nothing_is_done_twice(store, tmp_path):
    """They are hashes of names and digits: whoever holds the old key could try all of them."""
    feed, titles, path = LocalCaseFeed(store, "s"), Titles.load(), sheet(tmp_path, line(1), line(2))
    import_cases(store, path, titles)
    assert feed.take(happened(store)).outcome == "applied"
    assert [mark[:3] for mark in marks(store)] == ["k1."] * 3
    assert sealed_by_key(store)["k1"] > 3
    done = rotate(store, Vault([*SM4, *KEYS]), batch=1)
    assert (done.emptied, done.left, done.faults, marks(store)) == (3, 0, (), [])
    later = Store(store.engine, Vault(SM4), store.clock)
    feed = LocalCaseFeed(later, "s")
    assert feed.take(happened(store)).outcome == "repeated"
    for change in ({"note": "别的"}, {"status": "别的"}, {"at": "2026-11-24T09:01:00+08:00"}, {"version": 1},
                   {"promised_on": "2026-12-01"}, {"paused": "补正"}):  # fmt: skip
        with pytest.raises(FeedConflict):
            feed.take(happened(store, **change))
    counted = [(r.new, r.changed, r.unchanged) for r in (import_cases(later, path, titles) for _ in "12")]
    assert counted == [(0, 2, 0), (0, 0, 2)], "written once more, with a mark of the new key"
    assert [mark[:3] for mark in marks(store)] == ["k2."] * 2
    assert rotate(store, Vault([*SM4, *KEYS])).emptied == 0


def test_marks_of_before_they_named_their_key_are_emptied_too(store):
    LocalCaseFeed(store, "s").take(happened(store))
    with store.begin() as db:
        db.execute(update(case_events).values(content="0" * 64))
    assert sealed_by_key(store)["?"] == 1
    assert LocalCaseFeed(store, "s").take(happened(store)).outcome == "repeated"
    assert rotate(store, Vault([*SM4, *KEYS])).emptied == 1 and marks(store) == []


def test_every_hash_in_the_tables_is_one_that_rotation_knows(store, tmp_path):
    """64 hex digits that stay as they were are of no key, or of the trail, or gone by themselves."""
    own_case(store, ANNA)
    life(local_systems(store), ANNA)
    LocalCaseFeed(store, "s").take(happened(store))
    import_cases(store, sheet(tmp_path, line(1)), Titles.load())
    known = {"audit_log.chain", "lookup_failures.subject", "lookup_failures.client", "lookup_budgets.subject"}
    known |= {"audit_log.subject", "order_failures.subject"}  # keyed hashes of persons and of odd numbers

    def hashes():
        with store.begin() as db:
            return {
                (f"{table.name}.{column.name}", value)
                for table in metadata.sorted_tables
                for column in table.columns
                for (value,) in db.execute(select(column))
                if isinstance(value, str) and re.search(r"[0-9a-f]{60}", value)
            }

    before = hashes()
    rotate(store, Vault([*SM4, *KEYS]))
    stayed = {place for place, _ in before & hashes()}
    plain = {"work_orders.key", "order_steps.key", "order_attachments.sha256"}  # without a key: SHA-256
    assert stayed - known - plain == set()
    assert "bookings.phone_digest" in {place for place, _ in before} - stayed


def test_rows_that_somebody_holds_are_left_for_the_next_run(store):
    life(local_systems(store), ANNA)
    if store.engine.dialect.name == "postgresql":  # in SQLite nobody holds a row
        with store.engine.begin() as other:
            other.execute(text("SELECT 1 FROM bookings FOR UPDATE"))
            assert 0 < rotate(store, Vault([*SM4, *KEYS])).left < 20
    assert rotate(store, Vault([*SM4, *KEYS])).left == 0


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
