"""Import of cases: all rows or none.

The file is read once: rows are checked, sealed and spooled to a temporary file, so that nothing is held in
memory and the database is not locked while a long file is read. Only when every row is right are they
written, in one transaction.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, bindparam, insert, select, update

from actions.backends import audit
from actions.backends.case_rows import Fault, Titles, read_row
from actions.backends.case_sheets import rows_of
from actions.backends.database import hold
from actions.backends.store import Store
from actions.backends.tables import cases
from actions.backends.vault import Vault

BATCH = 1000
SEALED = ("phone_last4", "applicant", "identity", "holder")
STATE = (
    ("status", "holder_department", "holder", "next_step", "citizen_must", "materials")
    + ("result", "result_way", "result_where", "updated_at")
)  # fmt: skip
"""What an event of the feed changes: an older import leaves it alone."""
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was done, or would be done (`dry_run`), or why nothing was (`faults`)."""

    rows: int
    new: int
    changed: int
    unchanged: int
    dry_run: bool
    seconds: float
    rows_per_second: int
    faults: tuple[Fault, ...]


def import_cases(
    store: Store,
    path: Path,
    titles: Titles,
    *,
    dry_run: bool = False,
    actor: str = "system",
    progress: Progress = lambda _stage, _rows: None,
) -> ImportReport:
    """Import one file. With faults nothing is written, and all of them are in the report.

    `progress` is told the stage ("check", "write") and the rows done. Raises ValueError for a file or a row
    of titles that cannot be read.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile() as spool:
        rows, faults = _check(store, path, titles, spool, progress)
        counts = (0, 0, 0)
        if not faults:
            spool.seek(0)
            counts = _write(store, spool, path, dry_run=dry_run, actor=actor, progress=progress)
    seconds = time.perf_counter() - began
    return ImportReport(rows, *counts, dry_run, round(seconds, 2), round(rows / seconds), tuple(faults))


def _check(
    store: Store, path: Path, titles: Titles, spool: IO[bytes], progress: Progress
) -> tuple[int, list[Fault]]:
    lines = iter(rows_of(path))
    places = titles.places(next(lines, ()))
    faults: list[Fault] = []
    first: dict[str, int] = {}
    count, now = 0, store.clock()
    for batch in _batches(enumerate(lines, 2)):
        good: list[dict[str, Any]] = []
        for number, cells in batch:
            if not any(str(cell).strip() for cell in cells if cell is not None):
                continue
            count += 1
            values, wrong = read_row(number, cells, places, titles, now)
            case_no = values.get("case_no", "")
            before = first.setdefault(case_no, number) if case_no else number
            if before != number:
                wrong.append(Fault(number, titles.titles["case_no"][0], f"和第{before}行相同"))
            faults += wrong
            if not faults:
                good.append(_sealed(values, titles.source, store))
        pickle.dump(good, spool, pickle.HIGHEST_PROTOCOL)
        progress("check", count)
    return count, faults


def _sealed(values: dict[str, Any], source: str, store: Store) -> dict[str, Any]:
    vault = store.vault
    text = json.dumps({**values, "source": source}, ensure_ascii=False, sort_keys=True, default=str)
    as_of, pause = values.pop("as_of"), values.pop("pause_reason")
    since, until = values.pop("pause_since"), values.pop("pause_until")
    stood = [{"reason": pause, "since": str(since), "until": str(until) if until else None}] if pause else []
    return {
        **values,
        **{name: vault.seal(f"cases.{name}", values[name]) for name in SEALED},
        "identity_digest": vault.digest("id_no", values["identity"]) if values["identity"] else "",
        "pauses": json.dumps(stood, ensure_ascii=False),
        "materials": json.dumps(values["materials"], ensure_ascii=False),
        "steps": json.dumps(_course(values), ensure_ascii=False),
        "source": source,
        "base_at": as_of,
        "updated_at": as_of or store.clock(),
        "row_digest": hashlib.sha256(text.encode()).hexdigest(),
        "demo": False,
    }


def _course(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of the row; the last one that was reached is the current one."""
    steps: list[dict[str, Any]] = values["steps"]
    if not any(step["at"] for step in steps):
        day = values["submitted_on"]
        reached = {"title": "已提交", "at": f"{day}T00:00:00+08:00", "note": "", "state": "done"}
        steps = [reached, {"title": values["status"], "at": None, "note": "", "state": "current"}, *steps]
        return steps
    current = max((s for s in steps if s["at"]), key=lambda s: str(s["at"]))
    current["state"] = "current"
    return steps


def _write(
    store: Store, spool: IO[bytes], path: Path, *, dry_run: bool, actor: str, progress: Progress
) -> tuple[int, int, int]:
    new = changed = unchanged = 0
    with store.begin() as db:
        hold(db, "cases:import")
        for batch in _spooled(spool):
            made, moved = _sorted_out(db, batch, store.vault)
            if made and not dry_run:
                db.execute(insert(cases), made)
            if not dry_run:
                _update(db, moved)
            new, changed = new + len(made), changed + len(moved)
            unchanged += len(batch) - len(made) - len(moved)
            progress("write", new + changed + unchanged)
        if not dry_run:
            audit.record(
                db,
                store.vault,
                at=store.clock(),
                actor=actor,
                action="cases.import",
                subject=f"file:{hashlib.sha256(path.name.encode()).hexdigest()[:16]}",
                detail={"new": str(new), "changed": str(changed), "unchanged": str(unchanged)},
            )
    return new, changed, unchanged


def _sorted_out(
    db: Connection, batch: Sequence[dict[str, Any]], vault: Vault
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(rows of new cases, values of changed ones). The rest is as it was, emptied, or newer than the row."""
    c = cases.c
    there = {
        row.case_no: row
        for row in db.execute(
            select(c.case_no, c.row_digest, c.base_at, c.state_event, c.state_at, c.phone_last4)
            .where(c.case_no.in_([row["case_no"] for row in batch]))
            .with_for_update(key_share=True)
        )
    }
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for row in batch:
        plain, as_of, old = row["row_digest"], row["base_at"], there.get(row["case_no"])
        values = {**row, "row_digest": vault.mark("case_row", plain)}
        if old is None:
            new.append(values)
        elif not old.phone_last4:  # its person was erased, or its time is over: that is not undone by a file
            continue
        elif vault.marked("case_row", plain, old.row_digest) or (
            as_of and old.base_at and as_of < old.base_at
        ):
            continue
        elif not old.state_event or (as_of and as_of > old.state_at):
            changed.append({**values, "state_event": "", "state_at": None, "state_version": 0})
        else:  # the feed told more since
            kept = {name: value for name, value in values.items() if name not in STATE}
            changed.append({**kept, "base_at": as_of or old.base_at})
    return new, changed


def _update(db: Connection, changed: Sequence[dict[str, Any]]) -> None:
    """One statement for each set of columns."""
    for state in (True, False):
        rows = [row for row in changed if ("status" in row) is state]
        if rows:
            names = [name for name in rows[0] if name != "case_no"]
            statement = update(cases).where(cases.c.case_no == bindparam("which"))
            statement = statement.values(
                {name: bindparam(f"new_{name}", type_=cases.c[name].type) for name in names}
            )
            db.execute(
                statement,
                [{"which": row["case_no"], **{f"new_{name}": row[name] for name in names}} for row in rows],
            )


def _batches(rows: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[list[tuple[int, Sequence[Any]]]]:
    batch: list[tuple[int, Sequence[Any]]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _spooled(spool: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    """Our own pickles of a moment ago, from a file that nobody else can open."""
    while True:
        try:
            batch = pickle.load(spool)
        except EOFError:
            return
        if batch:
            yield batch
