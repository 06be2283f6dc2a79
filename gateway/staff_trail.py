"""The trail of staff: who did what to which account or conversation, in a chain that shows changes.

Each row's `chain` is a keyed hash over the row and the chain before it. A tail that is cut off shows only
against a head that is kept elsewhere (`python -m gateway.admin audit head`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, Row, insert, select, text

from gateway.schema_sql import staff_audit
from gateway.sealed_box import SealBroken, SealedBox

PAGE = 2000
PURPOSE = "staff audit"
NAMES = ("id", "at", "actor", "action", "subject", "detail", "key_id", "chain")
COLUMNS = tuple(staff_audit.c[name] for name in NAMES)


@dataclass(frozen=True, slots=True)
class Trace:
    """One row."""

    id: int
    at: str
    """ISO 8601, UTC."""
    actor: str
    action: str
    subject: str
    detail: Mapping[str, str]


class StaffTrail:
    """Rows are only added. Synchronous; run it in the database thread."""

    def __init__(self, engine: Engine, box: SealedBox, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._box = box
        self._clock = clock

    def record(self, db: Connection, actor: str, action: str, subject: str, **detail: str) -> None:
        """Add one row in the caller's transaction, as its last step: from here to the commit it is alone.

        Args:
            db: the caller's.
            actor: username, or `cli:NAME` of a shell's user.
            action: e.g. `staff.disabled`.
            subject: `staff:USERNAME` or `conversation:ID`.
            detail: short words; never a name, number, address or secret.

        """
        if db.dialect.name == "postgresql":
            db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('staff audit', 0))"))
        number, before = _last(db)
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        told = json.dumps(detail, ensure_ascii=False, sort_keys=True)
        row = (number + 1, at, actor[:80], action, subject[:80], told)
        db.execute(
            insert(staff_audit).values(
                **dict(zip(("id", "at", "actor", "action", "subject", "detail"), row, strict=True)),
                key_id=self._box.current,
                chain=self._box.digest(_line(before, *row), PURPOSE),
            )
        )

    def note(self, actor: str, action: str, subject: str, **detail: str) -> None:
        """Add one row in a transaction of its own."""
        with self._engine.begin() as db:
            self.record(db, actor, action, subject, **detail)

    def has(self, action: str, subject: str) -> bool:
        """True if this was ever done to this subject."""
        with self._engine.begin() as db:
            found = select(staff_audit.c.id).where(
                staff_audit.c.action == action, staff_audit.c.subject == subject
            )
            return db.execute(found.limit(1)).first() is not None

    def latest(self, subject: str = "", limit: int = 100) -> list[Trace]:
        """Latest rows first, of one subject or of all."""
        query = select(*COLUMNS).order_by(staff_audit.c.id.desc()).limit(limit)
        if subject:
            query = query.where(staff_audit.c.subject == subject)
        with self._engine.begin() as db:
            rows = db.execute(query).all()
        return [Trace(r.id, r.at, r.actor, r.action, r.subject, json.loads(r.detail)) for r in rows]

    def verify(self) -> tuple[int, list[str]]:
        """(rows read, faults). A fault names the first row that does not follow from the one before it."""
        count, before = 0, ""
        while page := self._page(count):
            for row in page:
                if row.id != count + 1:
                    return count, [f"audit row {count + 1} is missing: row {row.id} follows row {count}"]
                fault = self._fault(before, row)
                if fault:
                    return count, [fault]
                count, before = count + 1, row.chain
        return count, []

    def head(self) -> tuple[int, str]:
        """(number, chain) of the last row, to be kept elsewhere; (0, "") for an empty trail."""
        with self._engine.begin() as db:
            return _last(db)

    def head_fault(self, number: int, chain: str) -> str:
        """What is wrong with a head that was kept elsewhere: its row is gone, or another one; or nothing."""
        with self._engine.begin() as db:
            kept = db.execute(select(staff_audit.c.chain).where(staff_audit.c.id == number)).scalar()
        if kept is None:
            return f"audit row {number} is gone: the trail was cut off"
        return "" if kept == chain else f"audit row {number} has another chain than the head that was kept"

    def _page(self, after: int) -> Sequence[Row[tuple[object, ...]]]:
        with self._engine.begin() as db:
            rows = select(*COLUMNS).where(staff_audit.c.id > after).order_by(staff_audit.c.id).limit(PAGE)
            return db.execute(rows).all()

    def _fault(self, before: str, row: Row[tuple[object, ...]]) -> str:
        line = _line(before, row.id, row.at, row.actor, row.action, row.subject, row.detail)
        try:
            expected = self._box.digest(line, PURPOSE, row.key_id)
        except SealBroken as broken:
            return f"audit row {row.id}: {broken}"
        return "" if expected == row.chain else f"audit row {row.id} was changed, or one before it"


def _last(db: Connection) -> tuple[int, str]:
    row = db.execute(
        select(staff_audit.c.id, staff_audit.c.chain).order_by(staff_audit.c.id.desc()).limit(1)
    ).first()
    return (row.id, row.chain) if row else (0, "")


def _line(before: str, *row: object) -> str:
    return json.dumps([before, *row], ensure_ascii=False)
