"""Change the key of personal data at rest: reseal every sealed column, digest anew, in small transactions.

Safe beside running writers (a row that changed meanwhile is left for the next pass) and resumable: what is
still under an older key is found from the data, so a broken-off rotation is simply run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, or_, select, tuple_, update

from actions.backends import audit
from actions.backends.personal import PersonalTable, normal, personal_tables
from actions.backends.store import Store
from actions.backends.tables import metadata
from actions.backends.vault import SealBroken, Vault

BATCH = 200
PASSES = 20
"""Writers that still seal with the old key could otherwise keep a rotation going for ever."""
Progress = Callable[[str, int], None]
"""(table, rows resealed so far)"""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did. Nothing `left` and no `faults`: the older keys open nothing any more."""

    resealed: Mapping[str, int]
    left: int
    faults: tuple[str, ...]


def rotate(store: Store, vault: Vault, progress: Progress | None = None, batch: int = BATCH) -> Rotated:
    """Bring every row under the current key of `vault`, which must know the older ones too."""
    done: Counter[str] = Counter()
    faults: dict[str, None] = {}
    for place in personal_tables():
        for _ in range(PASSES):
            moved = _pass(store, vault, place, batch, done, faults, progress)
            if moved == 0:
                break
    left = sum(count for key, count in sealed_by_key(store).items() if key != vault.current)
    with store.begin() as db:
        detail = {"key": vault.current, "rows": str(sum(done.values())), "left": str(left)}
        audit.record(
            db, vault, at=store.clock(), actor="system", action="keys.rotate", subject=f"key:{vault.current}",
            detail=detail,
        )  # fmt: skip
    return Rotated(dict(done), left, tuple(faults))


def sealed_by_key(store: Store) -> dict[str, int]:
    """Key id -> how many sealed values are under it."""
    counted: Counter[str] = Counter()
    with store.begin() as db:
        for place in personal_tables():
            for name in place.sealed:
                column = place.table.c[name]
                dot = func.instr(column, ".") if db.dialect.name == "sqlite" else func.strpos(column, ".")
                key = func.substr(column, 1, dot - 1)
                rows = db.execute(select(key, func.count()).where(column != "").group_by(key))
                for key_id, count in rows:
                    counted[str(key_id)] += count
    return dict(counted)


def chained_by_key(store: Store) -> dict[str, int]:
    """Key id -> how many audit rows are chained under it. They keep their key for ever."""
    log = metadata.tables["audit_log"]
    with store.begin() as db:
        rows = db.execute(select(log.c.key_id, func.count()).group_by(log.c.key_id))
        return {str(key_id): count for key_id, count in rows}


def _pass(
    store: Store,
    vault: Vault,
    place: PersonalTable,
    batch: int,
    done: Counter[str],
    faults: dict[str, None],
    progress: Progress | None,
) -> int:
    """Once through a table by primary key; return how many rows were resealed."""
    moved, last = 0, None
    while True:
        with store.begin() as db:
            rows = _older(db, place, vault.current, last, batch)
            for row in rows:
                moved += _reseal(db, place, vault, row, faults)
        if not rows:
            break
        last = tuple(rows[-1][key.name] for key in place.keys)
        if progress:
            progress(place.table.name, done[place.table.name] + moved)
    done[place.table.name] += moved
    return moved


def _older(
    db: Connection, place: PersonalTable, current: str, last: tuple[Any, ...] | None, batch: int
) -> list[RowMapping]:
    columns = [place.table.c[name] for name in place.sealed]
    older = or_(*(and_(c != "", func.substr(c, 1, len(current) + 1) != f"{current}.") for c in columns))
    query = select(place.table).where(older).order_by(*place.keys).limit(batch).with_for_update()
    if last is not None:
        query = query.where(tuple_(*place.keys) > last)
    return list(db.execute(query).mappings())


def _reseal(
    db: Connection, place: PersonalTable, vault: Vault, row: RowMapping, faults: dict[str, None]
) -> int:
    """Reseal one row, if nobody changed it since it was read; 1 if so."""
    try:
        plain = {name: vault.open(place.label(name), row[name]) for name in place.sealed}
        values = {name: vault.seal(place.label(name), text) for name, text in plain.items()}
        values |= {
            d.column: _digest_again(vault, place.label(d.column), d.kind, plain[d.of], row[d.column])
            for d in place.digests
        }
    except (SealBroken, DigestUnknown) as broken:
        faults[str(broken)] = None
        return 0
    same = [place.table.c[name] == row[name] for name in (*place.sealed, *(d.column for d in place.digests))]
    here = [key == row[key.name] for key in place.keys]
    return db.execute(update(place.table).where(*here, *same).values(**values)).rowcount


class DigestUnknown(Exception):
    """A digest belongs to its sealed value under no key: it would be lost, so it is left alone."""


def _digest_again(vault: Vault, label: str, kind: str, plain: str, digest: str) -> str:
    """The digest under the current key, of the same form of the value (digits or text) as before."""
    if not digest:
        return ""
    for form in (normal(kind, plain), plain):
        if digest in vault.digests(kind, form):
            return vault.digest(kind, form)
    raise DigestUnknown(f"{label}: a digest that fits its value under no key; expected one of the value")
