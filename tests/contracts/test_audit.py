"""The audit trail: append-only by the database, and any tampering shows."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from actions.backends import audit
from actions.backends.audit_anchor import EVERY, KEEP, Anchor, Head
from actions.backends.store import Store
from actions.backends.vault import Vault, new_key, read_keys
from tests.contracts.implementations import KEYS

UNGUARD = {
    "postgresql": ["ALTER TABLE audit_log DISABLE TRIGGER ALL"],
    "sqlite": ["DROP TRIGGER audit_log_no_update", "DROP TRIGGER audit_log_no_delete"],
}


COPY = "SELECT id + 1, at, actor, action, subject, detail, key_id, chain"


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
        (f"INSERT INTO audit_log {COPY} FROM audit_log WHERE id = 4", "row 5 was changed"),
        ("UPDATE audit_log SET id = 7 WHERE id = 4", "row 4 is missing"),
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


def test_verifying_stops_no_writer(stand):
    """A long trail takes minutes; meanwhile citizens book."""
    write(stand.store, 3)
    with stand.store.read() as db:
        db.execute(text("SELECT count(*) FROM audit_log")).scalar()
        began = time.monotonic()
        write(stand.store, 1)
        assert time.monotonic() - began < 2
        assert audit.verify(stand.store)[1] == []


def anchored(stand, tmp_path, clock):
    """An anchor with two lines, and three rows after the first."""
    anchor = Anchor(tmp_path / "heads.txt")
    write(stand.store, 2)
    assert anchor.keep(stand.store) == 1
    write(stand.store, 3)
    assert anchor.keep(stand.store) == 0, "once an hour"
    clock.move(hours=1)
    assert (anchor.keep(stand.store), anchor.keep(stand.store)) == (1, 0)
    return anchor


def test_a_cut_tail_shows_against_the_heads_that_were_kept(stand, tmp_path, clock, caplog):
    anchor = anchored(stand, tmp_path, clock)
    number, _ = audit.head(stand.store)
    assert [head.number for head in anchor.heads()] == [number - 3, number]
    assert anchor.faults(stand.store) == [] and anchor.path.stat().st_mode & 0o077 == 0
    tamper(stand.store, f"DELETE FROM audit_log WHERE id > {number - 2}")
    assert audit.verify(stand.store)[1] == [], "what is left is whole"
    assert anchor.faults(stand.store) == [f"audit row {number} is gone: the trail was cut off"]
    write(stand.store, 4)  # it grows again, past the cut
    clock.move(hours=2)
    assert audit.verify(stand.store)[1] == []
    with caplog.at_level(logging.ERROR):
        assert anchor.keep(stand.store) == 0
    assert f"row {number} has another chain" in caplog.text
    assert len(anchor.heads()) == 2 and "another chain" in anchor.faults(stand.store)[0]


def test_a_line_that_a_crash_left_half_written_claims_nothing(stand, tmp_path, clock):
    anchor = anchored(stand, tmp_path, clock)
    with anchor.path.open("a") as file:
        file.write("2026-11-24T11:00:00+08:00 12:ab")
    assert len(anchor.heads()) == 2 and anchor.faults(stand.store) == []
    write(stand.store, 1)
    clock.move(hours=1)
    assert anchor.keep(stand.store) == 1
    assert len(anchor.heads()) == 3 and anchor.faults(stand.store) == []


def test_the_heads_do_not_grow_without_end(stand, tmp_path, clock):
    anchor = Anchor(tmp_path / "heads.txt")
    write(stand.store, 1)
    number, chain = audit.head(stand.store)
    old = (Head(clock.now - EVERY * n, number, chain).line() for n in range(KEEP, 0, -1))
    anchor.path.write_text("".join(old))
    write(stand.store, 1)
    assert anchor.keep(stand.store) == 1 and len(anchor.heads()) == KEEP // 2 + 1
    assert anchor.faults(stand.store) == []


def test_an_empty_trail_has_no_head_to_keep(stand, tmp_path):
    anchor = Anchor(tmp_path / "heads.txt")
    assert (anchor.keep(stand.store), anchor.faults(stand.store)) == (0, []) and not anchor.path.exists()
