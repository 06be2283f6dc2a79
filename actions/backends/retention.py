"""How long personal data is kept: classes as data, checked against the tables, purged in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)

from actions.backends import audit
from actions.backends.clock import SHANGHAI
from actions.backends.database import Moment, unhurried
from actions.backends.personal import blank, children, personal_table
from actions.backends.store import Store
from actions.backends.tables import metadata

DATA = Path(__file__).resolve().parents[1] / "data" / "retention.yml"
BATCH = 500
NEVER = ("audit_log",)
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Retention:
    """One class of rows, and what happens to it after `days` days."""

    id: str
    name: str
    table: str
    since: tuple[str, ...]
    days: int
    do: Literal["delete", "blank"]
    when: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    clear: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    verified: bool = False


@dataclass(frozen=True, slots=True)
class ErasureRule:
    """What erasure does to one table, and which rows are still active.

    `active`: with these values; `finished`: with any but these; `begins`: only from that day on.
    """

    table: str
    do: Literal["delete", "blank", "keep"]
    active: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    finished: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    begins: str = ""
    keeps: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class PrivacyPolicy:
    """The whole file."""

    classes: tuple[Retention, ...]
    erasure: Mapping[str, ErasureRule]
    export_hides: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Purged:
    """`rows`: how many were, or with a dry run would be, deleted or blanked."""

    id: str
    name: str
    before: date
    rows: int


@cache
def load(path: Path = DATA) -> PrivacyPolicy:
    """Read the policy. Raises ValueError with every table and column that does not exist, and odd values."""
    raw = yaml.safe_load(path.read_text("utf-8"))
    classes = tuple(
        Retention(
            id=c["id"],
            name=c["name"],
            table=c["table"],
            since=tuple(c["since"]),
            days=c["days"],
            do=c["do"],
            when=c.get("when", {}),
            clear=tuple(c.get("clear", ())),
            also=tuple(c.get("with", ())),
            verified=c.get("verified", False),
        )
        for c in raw["classes"]
    )
    rules = [
        ErasureRule(
            table=r["table"],
            do=r["do"],
            active=r.get("active", {}),
            finished=r.get("finished", {}),
            begins=r.get("from", ""),
            keeps=r.get("keeps", ""),
            why=r.get("why", ""),
        )
        for r in raw["erasure"]
    ]
    hides = {name: tuple(columns) for name, columns in raw.get("export_hides", {}).items()}
    faults = [fault for c in classes for fault in _class_faults(c)]
    faults += [fault for r in rules for fault in _rule_faults(r)]
    faults += [fault for name, columns in hides.items() for fault in _missing(name, columns)]
    if faults:
        raise ValueError(f"{path.name}: {'; '.join(faults)}")
    return PrivacyPolicy(classes, {r.table: r for r in rules}, hides)


def _class_faults(c: Retention) -> list[str]:
    faults = _missing(c.table, (*c.since, *c.when, *c.clear))
    if c.table in NEVER:
        faults.append(f"{c.id}: {c.table} is never purged")
    if c.do not in ("delete", "blank"):
        faults.append(f"{c.id}: do {c.do!r}, expected delete or blank")
    if not isinstance(c.days, int) or c.days < 1:
        faults.append(f"{c.id}: {c.days!r} days, expected a whole number of at least 1")
    if not faults:
        linked = {table.name for table, _ in _linked(metadata.tables[c.table])}
        faults += [f"{c.id}: {name} does not hang on {c.table}" for name in c.also if name not in linked]
    return faults


def _rule_faults(r: ErasureRule) -> list[str]:
    faults = _missing(r.table, (*r.active, *r.finished, *([r.begins] if r.begins else [])))
    if r.do not in ("delete", "blank", "keep"):
        faults.append(f"erasure of {r.table}: do {r.do!r}, expected delete, blank or keep")
    return faults


def _missing(name: str, columns: Iterable[str]) -> list[str]:
    if name not in metadata.tables:
        return [f"no table {name}"]
    faults = []
    for path in columns:
        table, last = metadata.tables[name], path
        if "." in path:
            first, last = path.split(".", 1)
            keys = list(table.c[first].foreign_keys) if first in table.c else []
            if not keys:
                faults.append(f"{name}.{first} is no foreign key")
                continue
            table = keys[0].column.table
        if last not in table.c:
            faults.append(f"no column {table.name}.{last}")
    return faults


def value_of(table: Table, path: str) -> ColumnElement[Any]:
    """A column of the table; "slot_id.day" is that of the row which the foreign key names."""
    if "." not in path:
        return table.c[path]
    first, last = path.split(".", 1)
    (key, *_) = table.c[first].foreign_keys
    return select(key.column.table.c[last]).where(key.column == table.c[first]).scalar_subquery()


def purge(
    store: Store,
    policy: PrivacyPolicy,
    *,
    dry_run: bool = False,
    actor: str = "system",
    progress: Progress | None = None,
    batch: int = BATCH,
) -> list[Purged]:
    """Delete or blank what is older than its class allows; with `dry_run` only count it.

    Broken off, it is run again; each batch is in the trail by the transaction that did it.
    """
    done = []
    for c in policy.classes:
        before = store.clock().date() - timedelta(days=c.days)
        rows = _count(store, c, before) if dry_run else _purge(store, c, before, actor, progress, batch)
        done.append(Purged(c.id, c.name, before, rows))
    return done


def _due(c: Retention, before: date) -> ColumnElement[bool]:
    table = metadata.tables[c.table]
    # Each column is compared in its own type, and only where the ones before it are not set.
    ages: list[ColumnElement[bool]] = []
    unset: list[ColumnElement[bool]] = []
    for path in c.since:
        value = value_of(table, path)
        ages.append(and_(*unset, value < _edge(table, path, before)))
        unset.append(value.is_(None))
    return and_(or_(*ages), *(value_of(table, path).in_(list(ok)) for path, ok in c.when.items()))


def _edge(table: Table, path: str, before: date) -> date | datetime:
    first, _, last = path.partition(".")
    if last:
        (key, *_) = table.c[first].foreign_keys
        column = key.column.table.c[last]
    else:
        column = table.c[first]
    return datetime.combine(before, time(), SHANGHAI) if isinstance(column.type, Moment) else before


def _targets(c: Retention, before: date) -> list[tuple[Table, ColumnElement[bool]]]:
    """Each table that a blanking class touches, with what is due there and not yet blank."""
    base = metadata.tables[c.table]
    due = _due(c, before)
    found = [(base, due)]
    for table, (mine, theirs) in _linked(base):
        if table.name in c.also:
            found.append((table, table.c[theirs].in_(select(base.c[mine]).where(due))))
    return [
        (table, and_(where, or_(*(table.c[name] != "" for name in personal_table(table).sealed))))
        for table, where in found
        if personal_table(table).sealed
    ]


def _linked(base: Table) -> list[tuple[Table, tuple[str, str]]]:
    """(table, (our column, its column)) of what hangs on `base`, and of what `base` hangs on."""
    down = [(child, (ours, theirs)) for child, theirs, ours in children(base)]
    up = [(key.column.table, (key.parent.name, key.column.name)) for key in base.foreign_keys]
    return [*down, *up]


def _count(store: Store, c: Retention, before: date) -> int:
    with store.read() as db:
        unhurried(db)
        if c.do == "delete":
            table = metadata.tables[c.table]
            return int(
                db.execute(select(func.count()).select_from(table).where(_due(c, before))).scalar_one()
            )
        return sum(
            int(db.execute(select(func.count()).select_from(table).where(where)).scalar_one())
            for table, where in _targets(c, before)
        )


def _purge(
    store: Store, c: Retention, before: date, actor: str, progress: Progress | None, batch: int
) -> int:
    total = 0
    base = metadata.tables[c.table]
    targets = [(base, _due(c, before))] if c.do == "delete" else _targets(c, before)
    for table, where in targets:
        clear = c.clear if table is base else ()
        while True:
            with store.begin() as db:
                unhurried(db)
                count = _batch(db, table, where, c.do, clear, batch)
                if count:
                    audit.record(
                        db, store.vault, at=store.clock(), actor=actor, action="privacy.purge",
                        subject=f"class:{c.id}",
                        detail={"table": table.name, "rows": str(count), "before": before.isoformat()},
                    )  # fmt: skip
            total += count
            if progress and count:
                progress(c.id, total)
            if count < batch:
                break
    return total


def _batch(
    db: Connection, table: Table, where: ColumnElement[bool], do: str, clear: Sequence[str], batch: int
) -> int:
    keys = list(table.primary_key.columns)
    query: Select[Any] = select(*keys).where(where).order_by(*keys).limit(batch).with_for_update()
    found = [tuple(row) for row in db.execute(query)]
    if do == "delete":
        delete_rows(db, table, found)
    else:
        for key in found:
            blank_row(db, table, key, clear)
    return len(found)


def blank_row(db: Connection, table: Table, key: Sequence[Any], clear: Sequence[str] = ()) -> None:
    """Empty the sealed columns of one row, its digests, and the plain columns `clear`."""
    values = blank(personal_table(table)) | dict.fromkeys(clear, "")
    if values:
        here = (column == value for column, value in zip(table.primary_key.columns, key, strict=True))
        db.execute(update(table).where(*here).values(**values))


def delete_rows(db: Connection, table: Table, keys: Sequence[Sequence[Any]]) -> None:
    """Delete rows by primary key, what hangs on them first."""
    if not keys:
        return
    mine = tuple_(*table.primary_key.columns).in_([tuple(key) for key in keys])
    for child, theirs, ours in children(table):
        hanging = child.c[theirs].in_(select(table.c[ours]).where(mine))
        below = [tuple(row) for row in db.execute(select(*child.primary_key.columns).where(hanging))]
        delete_rows(db, child, below)
    db.execute(delete(table).where(mine))
