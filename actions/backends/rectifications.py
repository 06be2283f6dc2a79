"""Putting right what was rated badly: a state machine with a clock, evidence and one call-back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, insert, select, update

from actions.backends import audit, notices, order_ratings
from actions.backends.database import hold
from actions.backends.ports import (
    EvidenceMissing,
    IllegalRectification,
    Rectification,
    RectificationNotFound,
    RectificationStep,
)
from actions.backends.ports.ratings import Advance
from actions.backends.rectification_clock import stage_at
from actions.backends.store import Store
from actions.backends.tables import ratings, rectification_steps, rectifications

PENDING = ("opened", "assigned", "verified")
"""Not yet put right: these are escalated."""
NEXT: Mapping[str, tuple[str, ...]] = {
    "opened": ("assigned",),
    "assigned": ("assigned", "evidence", "verified", "unfounded"),
    "verified": ("evidence", "rectified"),
    "unfounded": ("evidence", "called_back", "closed"),
    "rectified": ("evidence", "called_back", "closed"),
    "called_back": ("evidence", "closed"),
    "closed": (),
}
NEEDS_EVIDENCE = ("unfounded", "rectified", "closed")
TOLD = {"rectified": "rating_rectified", "unfounded": "rating_unfounded"}
"""Step -> the notice that the citizen gets."""
LONGEST_PAUSE = timedelta(days=14)
"""More than any row of days off."""
SHA256 = re.compile(r"[0-9a-f]{64}")
TEXT_LIMIT = 2000


def clean(*texts: str) -> None:
    """Raise ValueError for a NUL character, which PostgreSQL cannot hold."""
    if any("\x00" in text for text in texts):
        raise ValueError("text with a NUL character; expected plain text")


def allowed(state: str, named: bool) -> tuple[str, ...]:
    """Steps from a state: with a phone the call-back comes before closing, without one there is none."""
    barred = ("called_back",) if not named else ("closed",) if state != "called_back" else ()
    return tuple(step for step in NEXT[state] if step not in barred)


class Rectifications:
    """See `RatingSystem`, whose second half this is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self, db: Connection, rating: Mapping[str, Any], *, named: bool) -> None:
        """Open the rectification of a rating row, in the transaction that stores it."""
        subject, now, due = rating["subject"], rating["created_at"], rating["rectify_by"]
        db.execute(
            insert(rectifications).values(
                subject=subject, state="opened", named=named, department=rating["department"],
                opened_at=now, due_at=due,
            )
        )  # fmt: skip
        self._step(
            db, subject, "opened", "opened", "opened", rating["owner"], department=rating["department"]
        )
        self._tell(db, subject, "rating_received", rating["owner"], rating["level"], due)

    def one(self, subject: str) -> Rectification:
        """See `RatingSystem.rectification`."""
        with self._store.begin() as db:
            return _rectification(self._row(db, subject))

    def many(
        self, only: Literal["open", "due_soon", "overdue", "closed", "all"], limit: int
    ) -> list[Rectification]:
        """See `RatingSystem.rectifications`."""
        now, one = self._store.clock(), rectifications.c
        where: dict[str, ColumnElement[bool]] = {
            "open": one.state != "closed",
            "closed": one.state == "closed",
            "overdue": one.state.in_(PENDING) & (one.due_at < now),
            # Two working hours before the deadline: over the longest holidays that is days away.
            "due_soon": one.state.in_(PENDING) & one.due_at.between(now, now + LONGEST_PAUSE),
        }
        query = _joined().order_by(one.due_at, one.subject)
        if only in where:
            query = query.where(where[only])
        if only != "due_soon":
            query = query.limit(limit)
        with self._store.begin() as db:
            rows = db.execute(query).mappings()
            soon = only == "due_soon"
            found = [_rectification(r) for r in rows if not soon or stage_at(now, r["due_at"]) == only]
        return found[:limit]

    def steps(self, subject: str, *, actor: str) -> list[RectificationStep]:
        """See `RatingSystem.rectification_steps`."""
        with self._store.begin() as db:
            self._row(db, subject)
            rows = db.execute(
                select(rectification_steps)
                .where(rectification_steps.c.subject == subject)
                .order_by(rectification_steps.c.id)
            ).mappings()
            found = [self._opened(row) for row in rows]
            self._audit(db, actor, "rectification.look_up", subject)
        return found

    def assign(
        self, subject: str, *, department: str, officer: str, actor: str, reason: str, key: str
    ) -> Rectification:
        """See `RatingSystem.assign`."""
        clean(department, officer, actor, reason, key)
        if not department.strip() and not officer.strip():
            raise ValueError("nobody to assign to; expected a department or an officer")
        values = {"state": "assigned", "department": department, "officer": officer}
        return self._change(subject, "assigned", values, actor=actor, note=reason, key=key)

    def add_evidence(
        self, subject: str, *, text: str, attachments: Sequence[str], actor: str, key: str
    ) -> Rectification:
        """See `RatingSystem.add_evidence`."""
        clean(text, actor, key)
        if not text.strip() and not attachments:
            raise EvidenceMissing(subject)
        wrong = [a[:12] for a in attachments if not SHA256.fullmatch(a)]
        if wrong:
            raise ValueError(f"attachment {', '.join(wrong)}: expected the SHA-256 of a file, 64 hex digits")
        values = {"evidence": rectifications.c.evidence + 1}
        return self._change(
            subject, "evidence", values, actor=actor, note=text, key=key, attachments=attachments
        )

    def advance(self, subject: str, *, to: Advance, actor: str, reason: str, key: str) -> Rectification:
        """See `RatingSystem.advance`."""
        clean(actor, reason, key)
        now = self._store.clock()
        values: dict[str, Any] = {"state": to}
        if to in ("verified", "unfounded"):
            values["verdict"] = "founded" if to == "verified" else "unfounded"
        if to in ("rectified", "unfounded"):
            values["done_at"] = now
        if to in ("called_back", "closed"):
            values[f"{to}_at"] = now
        return self._change(subject, to, values, actor=actor, note=reason, key=key)

    def tick(self) -> int:
        """See `RatingSystem.tick`. A clock that jumped past the deadline escalates straight to "overdue"."""
        now = self._store.clock()
        with self._store.begin() as db:
            rows = db.execute(
                select(rectifications.c.subject, rectifications.c.due_at, rectifications.c.stage)
                .where(rectifications.c.state.in_(PENDING), rectifications.c.stage != "overdue")
                .order_by(rectifications.c.due_at)
            ).all()
        late = [row.subject for row in rows if stage_at(now, row.due_at) not in ("", row.stage)]
        return sum(self._escalate(subject, now) for subject in late)

    def _escalate(self, subject: str, now: datetime) -> bool:
        """One transaction for each, so that one that fails holds up no other."""
        with self._store.begin() as db:
            hold(db, f"rating:{subject}")
            row = self._row(db, subject)
            stage = stage_at(now, row["due_at"])
            if row["state"] not in PENDING or stage == "" or row["stage"] in (stage, "overdue"):
                return False
            mine = rectifications.c.subject == subject
            db.execute(update(rectifications).where(mine).values(stage=stage))
            self._step(db, subject, f"stage:{stage}", stage, row["state"], "system")
            self._audit(db, "system", f"rectification.{stage}", subject)
        return True

    def _change(
        self,
        subject: str,
        step: str,
        values: Mapping[str, Any],
        *,
        actor: str,
        note: str,
        key: str,
        attachments: Sequence[str] = (),
    ) -> Rectification:
        """One step in one transaction: checked, done, written down, told, audited."""
        if not key or not actor:
            raise ValueError("expected a key and an actor for every step of a rectification")
        if len(note) > TEXT_LIMIT:
            raise ValueError(f"text of {len(note)} characters; expected at most {TEXT_LIMIT}")
        key = f"by:{key}"  # apart from the keys of our own steps
        with self._store.begin() as db:
            hold(db, f"rating:{subject}")
            row = self._row(db, subject)
            done = self._done(db, subject, key)
            if done is not None:
                return self._as_it_was(db, row, done)
            may = allowed(row["state"], row["named"])
            if step not in may:
                raise IllegalRectification(row["state"], step, may)
            if step in NEEDS_EVIDENCE and row["evidence"] == 0:
                raise EvidenceMissing(subject)
            db.execute(update(rectifications).where(rectifications.c.subject == subject).values(**values))
            after = self._row(db, subject)
            self._step(
                db, subject, key, step, after["state"], actor, note=note, attachments=attachments,
                department=after["department"], officer=after["officer"],
            )  # fmt: skip
            if step in TOLD:
                self._tell(db, subject, TOLD[step], row["owner"], row["level"], row["due_at"])
            self._audit(db, actor, f"rectification.{step}", subject)
        return _rectification(after)

    @staticmethod
    def _row(db: Connection, subject: str) -> RowMapping:
        row = db.execute(_joined().where(rectifications.c.subject == subject)).mappings().first()
        if row is None:
            raise RectificationNotFound
        return row

    @staticmethod
    def _done(db: Connection, subject: str, key: str) -> int | None:
        mine = (rectification_steps.c.subject == subject) & (rectification_steps.c.key == key)
        return db.execute(select(rectification_steps.c.id).where(mine)).scalar()

    def _as_it_was(self, db: Connection, row: RowMapping, last: int) -> Rectification:
        """The rectification right after its step `last`, told again from the steps."""
        rows = db.execute(
            select(rectification_steps)
            .where(rectification_steps.c.subject == row["subject"], rectification_steps.c.id <= last)
            .order_by(rectification_steps.c.id)
        ).mappings()
        told = dict(row, verdict="", stage="", evidence=0, done_at=None, called_back_at=None, closed_at=None)
        for step in rows:
            _retell(told, step)
        return _rectification(told)

    def _step(
        self,
        db: Connection,
        subject: str,
        key: str,
        what: str,
        state: str,
        actor: str,
        *,
        note: str = "",
        attachments: Sequence[str] = (),
        department: str = "",
        officer: str = "",
    ) -> None:
        db.execute(
            insert(rectification_steps).values(
                subject=subject,
                key=key,
                what=what,
                state=state,
                actor=actor,
                at=self._store.clock(),
                department=department,
                officer=officer,
                note=self._store.vault.seal("rectification_steps.note", note),
                attachments=json.dumps(list(attachments)),
            )
        )

    def _opened(self, row: RowMapping) -> RectificationStep:
        return RectificationStep(
            what=row["what"],
            state=row["state"],
            actor=row["actor"],
            at=row["at"],
            department=row["department"],
            officer=row["officer"],
            note=self._store.vault.open("rectification_steps.note", row["note"]),
            attachments=tuple(json.loads(row["attachments"])),
        )

    def _tell(self, db: Connection, subject: str, kind: str, owner: str, level: int, due: datetime) -> None:
        if not owner or owner.startswith(order_ratings.VEIL):
            return  # erased, or of an anonymous order: nobody knows whom to tell
        payload = {
            "service": subject.split(":")[0],
            "subject": subject,
            "level": str(level),
            "rectify_by": due.isoformat(timespec="minutes"),
            "due": f"{due.month}月{due.day}日 {due:%H:%M}",
        }
        now = self._store.clock()
        notices.post(db, key=f"{kind}:{subject}", owner=owner, kind=kind, payload=payload, due_at=now)

    def _audit(self, db: Connection, actor: str, action: str, subject: str) -> None:
        audit.record(
            db, self._store.vault, at=self._store.clock(), actor=actor, action=action, subject=subject
        )


def _joined() -> Select[Any]:
    return select(rectifications, ratings.c.level, ratings.c.channel, ratings.c.item, ratings.c.owner).join(
        ratings, ratings.c.subject == rectifications.c.subject
    )


def _retell(told: dict[str, Any], step: RowMapping) -> None:
    """Apply one step to what was told so far."""
    what = step["what"]
    told["state"] = step["state"]
    if what in ("opened", "assigned"):
        told |= {"department": step["department"], "officer": step["officer"]}
    turns: dict[str, Callable[[], dict[str, Any]]] = {
        "evidence": lambda: {"evidence": told["evidence"] + 1},
        "due_soon": lambda: {"stage": "due_soon"},
        "overdue": lambda: {"stage": "overdue"},
        "verified": lambda: {"verdict": "founded"},
        "unfounded": lambda: {"verdict": "unfounded", "done_at": step["at"]},
        "rectified": lambda: {"done_at": step["at"]},
        "called_back": lambda: {"called_back_at": step["at"]},
        "closed": lambda: {"closed_at": step["at"]},
    }
    if what in turns:
        told |= turns[what]()


def _rectification(row: Mapping[Any, Any]) -> Rectification:
    return Rectification(
        subject=row["subject"],
        level=row["level"],
        channel=row["channel"],
        item=row["item"],
        state=row["state"],
        named=row["named"],
        department=row["department"],
        officer=row["officer"],
        verdict=row["verdict"],
        stage=row["stage"],
        evidence=row["evidence"],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        done_at=row["done_at"],
        called_back_at=row["called_back_at"],
        closed_at=row["closed_at"],
    )
