"""The embedded outbox of notices. See `NoticeBoard`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from actions.backends.database import insert_new
from actions.backends.ports import Notice
from actions.backends.store import Store
from actions.backends.tables.notices import notices

PAGE = 500
"""Ids in one statement: databases take some thousands of values at most."""
ID_END = 2**31
"""No id is this large, and PostgreSQL would not even compare it."""


def post(
    db: Connection, *, key: str, owner: str, kind: str, payload: Mapping[str, str], due_at: datetime
) -> bool:
    """Put a notice into the caller's transaction; False if this key was posted before.

    `key` says what is told, such as `reminder:YY…:2026-11-28T09:00`; `payload` is masked.
    """
    row = {
        "key": key,
        "owner": owner,
        "kind": kind,
        "payload": json.dumps(dict(payload), ensure_ascii=False),
        "due_at": due_at,
    }
    return insert_new(db, notices, [row]) == 1


def withdraw(db: Connection, key: str) -> None:
    """Take back a notice that nobody was told yet, such as the reminder of a cancelled booking."""
    db.execute(delete(notices).where(notices.c.key == key, notices.c.told_at.is_(None)))


class LocalNotices:
    """The outbox in the services database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def due(self, limit: int = 50) -> Sequence[Notice]:
        """See `NoticeBoard.due`."""
        with self._store.read() as db:
            rows = db.execute(
                select(notices)
                .where(notices.c.told_at.is_(None), notices.c.due_at <= self._store.clock())
                .order_by(notices.c.due_at, notices.c.id)
                .limit(limit)
            ).mappings()
            return [
                Notice(r["id"], r["owner"], r["kind"], json.loads(r["payload"]), r["due_at"]) for r in rows
            ]

    def told(self, ids: Sequence[int]) -> None:
        """See `NoticeBoard.told`."""
        with self._store.begin() as db:
            ours = [number for number in ids if 0 < number < ID_END]
            for at in range(0, len(ours), PAGE):
                here = notices.c.id.in_(ours[at : at + PAGE])
                db.execute(
                    update(notices)
                    .where(here, notices.c.told_at.is_(None))
                    .values(told_at=self._store.clock())
                )
