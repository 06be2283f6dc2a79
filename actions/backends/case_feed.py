"""The embedded feed of changes: signed, once, and never backwards."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from actions.backends import audit, notices
from actions.backends.case_events import CaseEvent, check_signature, content, read_event
from actions.backends.database import hold
from actions.backends.local_cases import followed_since
from actions.backends.ports import FeedConflict, FeedReceipt, FeedUnknownCase
from actions.backends.store import Store
from actions.backends.tables import case_events, case_followers, cases

PERSONAL = re.compile(r"(?<!\d)[1１]\d{2}[ -]?\d{4}[ -]?\d{4}(?!\d)|[\dXx]{7,}")
"""Phones, also in groups, and ID numbers: they have no place in a notice. Days such as 2026-11-28 stay."""


class LocalCaseFeed:
    """Events into the services database. See `CaseFeed`."""

    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._secret = secret

    def deliver(self, body: bytes, *, signature: str, timestamp: str) -> FeedReceipt:
        """See `CaseFeed.deliver`."""
        now = self._store.clock()
        check_signature(body, signature, timestamp, self._secret, now)
        return self.take(read_event(body, now))

    def take(self, event: CaseEvent) -> FeedReceipt:
        """Take an event whose origin is known. Raises FeedUnknownCase, FeedConflict."""
        now, vault = self._store.clock(), self._store.vault
        text = hashlib.sha256(content(event).encode()).hexdigest()
        with self._store.begin() as db:
            hold(db, f"case-event:{event.event_id}", f"case:{event.case_no}")
            before = (
                db.execute(select(case_events).where(case_events.c.event_id == event.event_id))
                .mappings()
                .first()
            )
            if before is not None:
                same = vault.marked("case_event", text, before["content"])
                if same is False or (same is None and not _alike(event, before)):
                    raise FeedConflict
                return FeedReceipt(event.event_id, "repeated", 0)
            row = (
                db.execute(
                    select(cases).where(cases.c.case_no == event.case_no).with_for_update(key_share=True)
                )
                .mappings()
                .first()
            )
            if row is None:
                raise FeedUnknownCase
            db.execute(
                insert(case_events).values(
                    event_id=event.event_id,
                    **_kept(event),
                    content=vault.mark("case_event", text),
                    received_at=now,
                )
            )
            applied = _newer(event, row)
            told = self._apply(db, event, row) if applied else 0
            audit.record(
                db,
                vault,
                at=now,
                actor="feed",
                action="case.changed" if applied else "case.late",
                subject=f"case:{event.case_no}",
                detail={"event": event.event_id, "status": _harmless(event.status), "told": str(told)},
            )
        return FeedReceipt(event.event_id, "applied" if applied else "late", told)

    def _apply(self, db: Connection, event: CaseEvent, row: RowMapping) -> int:
        now, vault = self._store.clock(), self._store.vault
        db.execute(
            update(cases)
            .where(cases.c.case_no == event.case_no)
            .values(
                status=event.status,
                holder_department=event.holder_department,
                holder=vault.seal("cases.holder", event.holder),
                next_step=event.next_step,
                citizen_must=event.citizen_must,
                materials=json.dumps(event.materials, ensure_ascii=False),
                result=event.result,
                result_way=event.result_way,
                result_where=event.result_where,
                state_version=event.version,
                state_at=event.at,
                state_event=event.event_id,
                updated_at=now,
            )
        )
        owners = db.execute(
            select(case_followers.c.owner)
            .where(case_followers.c.case_no == event.case_no, case_followers.c.seen_at > followed_since(now))
            .order_by(case_followers.c.owner)
        ).scalars()
        must = "；".join([event.citizen_must, *event.materials] if event.citizen_must else event.materials)
        payload = {
            "case_no": event.case_no,
            "item": row["item"],
            "status": _harmless(event.status),
            "must": _harmless(must)[:200],
        }
        return sum(
            notices.post(
                db,
                key=f"case_changed:{event.event_id}:{owner}",
                owner=owner,
                kind="case_changed",
                payload=payload,
                due_at=now,
            )
            for owner in owners.all()
        )


def _kept(event: CaseEvent) -> dict[str, Any]:
    """What the course of the case keeps of an event."""
    names = ("case_no", "version", "at", "note", "paused", "statutory_on", "promised_on")
    return {**{name: getattr(event, name) for name in names}, "title": event.step}


def _alike(event: CaseEvent, row: RowMapping) -> bool:
    """The same as far as it was kept: all that can be told once the key of its mark is gone."""
    return all(row[name] == value for name, value in _kept(event).items())


def _newer(event: CaseEvent, row: RowMapping) -> bool:
    """Whether the event is newer than the state. An import gives way to any event after its time."""
    if row["base_at"] is not None and event.at < row["base_at"]:
        return False
    if not row["state_event"]:
        return True
    before = (row["state_version"], row["state_at"], row["state_event"])
    return (event.version, event.at, event.event_id) > before


def _harmless(text: str) -> str:
    return PERSONAL.sub("****", text)
