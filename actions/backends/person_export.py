"""Hand a person their data (个人信息保护法 第四十五条): opened, without staff, secrets or anybody else."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

from actions.backends import audit
from actions.backends.person import Person, PersonRow, find_person
from actions.backends.personal import personal_table
from actions.backends.retention import PrivacyPolicy
from actions.backends.store import Store


def export_person(store: Store, policy: PrivacyPolicy, who: Person, *, actor: str) -> dict[str, Any]:
    """`{"made_at", "basis", "records": [{"table", …columns}]}`, JSON-able. Audited with counts only."""
    with store.begin() as db:
        found = find_person(db, store.vault, who)
        records = [_record(store, policy, row) for row in found]
        audit.record(
            db, store.vault, at=store.clock(), actor=actor, action="privacy.export",
            subject=who.subject(store.vault), detail=counted(found),
        )  # fmt: skip
    return {
        "made_at": store.clock().isoformat(timespec="seconds"),
        "basis": "个人信息保护法 第四十五条",
        "records": records,
    }


def counted(found: list[PersonRow]) -> dict[str, str]:
    """Table -> how many rows, as the detail of an audit row."""
    return {name: str(count) for name, count in sorted(Counter(row.table.name for row in found).items())}


def _record(store: Store, policy: PrivacyPolicy, found: PersonRow) -> dict[str, Any]:
    place = personal_table(found.table)
    hidden = {*policy.export_hides.get(found.table.name, ()), *(d.column for d in place.digests)}
    record: dict[str, Any] = {"table": found.table.name}
    for column in found.table.columns:
        if column.name in hidden or (column.name in place.sealed and column.name not in found.mine):
            continue
        value = found.row[column.name]
        if column.name in place.sealed:
            value = store.vault.open(place.label(column.name), value)
        record[column.name] = value.isoformat() if isinstance(value, date | datetime) else value
    return record
