"""Change the key of personal data at rest: reseal every sealed column, digest anew, in small transactions.

Safe beside running writers (a row that is held or changed meanwhile is left for the next pass) and resumable:
what is still under an older key is found from the data, so a broken-off rotation is simply run again.

Marks (`columns.mark`) are emptied, not made anew: what they were made of is not in the database. Whoever
holds an old key could otherwise still try names and digits on them. What reads marks does without: an import
takes the row for changed and writes it once more; the feed compares an old event by the columns it kept.
Look-ups that failed (`case_locks`) are under keyed hashes too; `tick` forgets those within four days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)

from actions.backends import audit
from actions.backends.database import unhurried
from actions.backends.personal import PersonalTable, marked_tables, normal, personal_tables
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
    emptied: int = 0
    """Marks of older keys."""


def rotate(store: Store, vault: Vault, progress: Progress | None = None, batch: int = BATCH) -> Rotated:
    """Bring every row under the current key of `vault`, which must know the older ones too."""
    done: Counter[str] = Counter()
    faults: dict[str, None] = {}
    for place in personal_tables():
        for _ in range(PASSES):
            moved = _pass(store, vault, place, batch, done, faults, progress)
            if moved == 0:
                break
    emptied = sum(_empty_marks(store, vault.current, place, batch) for place in marked_tables())
    left = sum(count for key, count in sealed_by_key(store).items() if key != vault.current)
    with store.begin() as db:
        detail = {"key": vault.current, "rows": str(sum(done.values())), "marks": str(emptied)}
        detail["left"] = str(left)
        audit.record(
            db, vault, at=store.clock(), actor="system", action="keys.rotate", subject=f"key:{vault.current}",
            detail=detail,
        )  # fmt: skip
    return Rotated(dict(done), left, tuple(faults), emptied)


def sealed_by_key(store: Store) -> dict[str, int]:
    """Key id -> how many sealed values and marks are under it; "?" for values without a key."""
    counted: Counter[str] = Counter()
    places = {place.table.name: place for place in (*personal_tables(), *marked_tables())}
    with store.read() as db:
        unhurried(db)
        for place in places.values():
            for name in (*place.sealed, *place.marks):
                column = place.table.c[name]
                dot = func.instr(column, ".") if db.dialect.name == "sqlite" else func.strpos(column, ".")
                key = case((column.like("%.%"), func.substr(column, 1, dot - 1)), else_="?")
                rows = db.execute(select(key, func.count()).where(column != "").group_by(key))
                for key_id, count in rows:
                    counted[str(key_id)] += count
    return dict(counted)


def chained_by_key(store: Store) -> dict[str, int]:
    """Key id -> how many audit rows are chained under it. They keep their key for ever."""
    log = metadata.tables["audit_log"]
    with store.read() as db:
        unhurried(db)
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
    older = or_(*(_under_another(place.table.c[name], current) for name in place.sealed))
    query = select(place.table).where(older).order_by(*place.keys).limit(batch)
    if last is not None:
        query = query.where(tuple_(*place.keys) > last)
    unhurried(db)  # the last of many rows is far from the first
    return list(db.execute(query.with_for_update(skip_locked=True)).mappings())


def _under_another(column: Column[Any], current: str) -> ColumnElement[bool]:
    return and_(column != "", func.substr(column, 1, len(current) + 1) != f"{current}.")


def _empty_marks(store: Store, current: str, place: PersonalTable, batch: int) -> int:
    """Once through a table; return how many rows had marks of older keys. Those that are held stay."""
    emptied, last = 0, None
    older = or_(*(_under_another(place.table.c[name], current) for name in place.marks))
    values = {
        name: case((_under_another(place.table.c[name], current), ""), else_=place.table.c[name])
        for name in place.marks
    }
    while True:
        with store.begin() as db:
            unhurried(db)
            query = select(*place.keys).where(older).order_by(*place.keys).limit(batch)
            if last is not None:
                query = query.where(tuple_(*place.keys) > last)
            found = [tuple(row) for row in db.execute(query.with_for_update(skip_locked=True))]
            if not found:
                return emptied
            here = tuple_(*place.keys).in_(found)
            emptied += db.execute(update(place.table).where(here).values(**values)).rowcount
            last = found[-1]


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
