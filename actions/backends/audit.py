"""The audit trail: who did what to which subject, in a chain that breaks if a row is changed or cut out.

Each row's `chain` is a keyed hash over the row and the chain before it, so rewriting the table needs the
data key too. A tail that is cut off leaves a chain that is whole: it shows against a head that is kept
somewhere else (`audit_anchor`, or what `python -m actions.admin audit head` printed).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select

from actions.backends.database import hold
from actions.backends.store import Store
from actions.backends.tables.audit import audit_log
from actions.backends.vault import SealBroken, Vault

PAGE = 2000
"""Rows that are verified in one look. Rows never change, so many short looks see what one long one would."""


def record(
    db: Connection,
    vault: Vault,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Add one row in the caller's transaction. `detail` holds masked values only.

    Call it last: from here to the commit the caller is alone with the trail.
    """
    hold(db, "audit")
    number, before = _last(db)
    text = json.dumps(dict(detail or {}), ensure_ascii=False, sort_keys=True)
    row = (number + 1, at, actor, action, subject, text)
    db.execute(
        insert(audit_log).values(
            id=number + 1,
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            detail=text,
            key_id=vault.current,
            chain=vault.chain(vault.current, _line(before, *row)),
        )
    )


def _line(before: str, number: int, at: datetime, *rest: str) -> str:
    return json.dumps([before, number, at.isoformat(timespec="microseconds"), *rest], ensure_ascii=False)


def verify(store: Store) -> tuple[int, list[str]]:
    """(rows read, faults). A fault names the first row that does not follow from the one before it."""
    count, before = 0, ""
    while page := _page(store, count):
        for row in page:
            if row["id"] != count + 1:
                return count, [f"audit row {count + 1} is missing: row {row['id']} follows row {count}"]
            fault = _fault(store.vault, before, row)
            if fault:
                return count, [fault]
            count, before = count + 1, row["chain"]
    return count, []


def _page(store: Store, after: int) -> Sequence[RowMapping]:
    query = select(audit_log).where(audit_log.c.id > after).order_by(audit_log.c.id).limit(PAGE)
    with store.read() as db:
        return db.execute(query).mappings().all()


def _fault(vault: Vault, before: str, row: RowMapping) -> str:
    line = _line(before, row["id"], row["at"], row["actor"], row["action"], row["subject"], row["detail"])
    try:
        expected = vault.chain(row["key_id"], line)
    except SealBroken as broken:
        return f"audit row {row['id']}: {broken}"
    return "" if expected == row["chain"] else f"audit row {row['id']} was changed, or one before it"


def head(store: Store) -> tuple[int, str]:
    """(number, chain) of the last row, to be kept somewhere else; (0, "") for an empty trail."""
    with store.read() as db:
        return _last(db)


def head_faults(store: Store, heads: Sequence[tuple[int, str]]) -> list[str]:
    """What is wrong with heads that were kept somewhere else: a row is gone, or is another one."""
    faults: list[str] = []
    for at in range(0, len(heads), PAGE):
        page = heads[at : at + PAGE]
        query = select(audit_log.c.id, audit_log.c.chain).where(audit_log.c.id.in_([n for n, _ in page]))
        with store.read() as db:
            here = {row.id: row.chain for row in db.execute(query)}
        for number, chain in page:
            if number not in here:
                faults.append(f"audit row {number} is gone: the trail was cut off")
            elif here[number] != chain:
                faults.append(f"audit row {number} has another chain than the head that was kept")
    return faults


def _last(db: Connection) -> tuple[int, str]:
    row = db.execute(
        select(audit_log.c.id, audit_log.c.chain).order_by(audit_log.c.id.desc()).limit(1)
    ).first()
    return (row.id, row.chain) if row else (0, "")
