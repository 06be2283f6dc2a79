"""The audit trail: append-only by the database, and any tampering shows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from actions.backends import audit
from actions.backends.store import Store
from actions.backends.vault import Vault, new_key, read_keys
from tests.contracts.implementations import KEYS

UNGUARD = {
    "postgresql": ["ALTER TABLE audit_log DISABLE TRIGGER ALL"],
    "sqlite": ["DROP TRIGGER audit_log_no_update", "DROP TRIGGER audit_log_no_delete"],
}


def write(store, count, actor="officer1"):
    for number in range(count):
        with store.begin() as db:
            audit.record(
                db, store.vault, at=store.clock(), actor=actor, action="case.look_up",
                subject=f"case:{number}", detail={"result": "found"},
            )  # fmt: skip


def tamper(store, statement):
    with store.begin() as db:
        for line in [*UNGUARD[db.dialect.name], statement]:
            db.execute(text(line))


def test_an_untouched_trail_verifies(stand, clock):
    before, _ = audit.verify(stand.store)
    write(stand.store, 3)
    clock.move(days=1)
    write(stand.store, 2)
    assert audit.verify(stand.store) == (before + 5, [])
    number, chain = audit.head(stand.store)
    assert number == before + 5 and len(chain) == 64


def test_many_writers_make_one_chain(stand):
    before, _ = audit.verify(stand.store)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: write(stand.store, 3, f"officer{n}"), range(8)))
    assert audit.verify(stand.store) == (before + 24, [])


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"])
def test_the_database_refuses_to_change_the_trail(stand, statement):
    write(stand.store, 1)
    with pytest.raises(DatabaseError, match="append-only"), stand.store.begin() as db:
        db.execute(text(statement))
    assert audit.verify(stand.store)[1] == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_log SET detail = '{}' WHERE id = 2", "row 2 was changed"),
        ("UPDATE audit_log SET at = (SELECT at FROM audit_log WHERE id = 1) WHERE id = 3", ""),
        ("DELETE FROM audit_log WHERE id = 2", "row 2 is missing"),
        ("DELETE FROM audit_log WHERE id = 1", "row 1 is missing"),
        ("UPDATE audit_log SET key_id = 'zz' WHERE id = 2", "row 2"),
    ],
)
def test_tampering_shows(stand, clock, statement, said):
    for _ in range(4):
        write(stand.store, 1)
        clock.move(minutes=1)
    tamper(stand.store, statement)
    _, faults = audit.verify(stand.store)
    assert len(faults) == 1 and said in faults[0]


def test_a_rewritten_trail_needs_the_key(stand):
    """Somebody with the database but another key writes the whole trail anew."""
    write(stand.store, 1)
    tamper(stand.store, "DELETE FROM audit_log")
    forger = Store(stand.store.engine, Vault(read_keys(new_key("k1", "aes"))), stand.store.clock)
    write(forger, 1)
    assert audit.verify(forger) == (1, [])
    assert audit.verify(stand.store)[1] != []


def test_a_rotated_key_continues_the_chain(stand):
    write(stand.store, 2)
    count, _ = audit.verify(stand.store)
    rotated = Store(stand.store.engine, Vault([*read_keys(new_key("k2", "sm4")), *KEYS]), stand.store.clock)
    write(rotated, 2)
    assert audit.verify(rotated) == (count + 2, [])
    assert "add that key" in audit.verify(stand.store)[1][0]
