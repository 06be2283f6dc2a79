"""The embedded case system: look-up by number and last four digits of the phone, with a lockout."""

from __future__ import annotations

import hmac
import json
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from actions.backends.ports import CaseNotFound, CaseStatus, CaseStep, TooManyAttempts
from actions.backends.store import Store
from actions.backends.tables import cases, lookup_failures

LOCK_AFTER = 5
LOCK_WINDOW = timedelta(minutes=15)
SOURCE = "南昌市一体化政务服务平台（演示数据）"


class LocalCases:
    """Cases in the services database. See `CaseSystem`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def status(self, case_no: str, *, phone_last4: str, client: str) -> CaseStatus:
        """See `CaseSystem.status`. A wrong number and a wrong phone cost the same and look the same."""
        now = self._store.clock()
        subjects = (f"case:{case_no}", f"client:{client}")
        with self._store.begin() as db:
            self._refuse_if_locked(db, subjects, now)
            row = db.execute(select(cases).where(cases.c.case_no == case_no)).mappings().first()
            stored = row["phone_last4"] if row else "----"
            if not hmac.compare_digest(stored.encode(), phone_last4.encode()) or row is None:
                db.execute(
                    insert(lookup_failures),
                    [{"subject": s, "at": now.isoformat()} for s in subjects],
                )
                found = None
            else:
                db.execute(delete(lookup_failures).where(lookup_failures.c.subject.in_(subjects)))
                found = row
        # Raised outside the transaction: inside, the exception would roll the counted failure back.
        if found is None:
            raise CaseNotFound
        steps = tuple(
            CaseStep(
                title=s["title"],
                at=datetime.fromisoformat(s["at"]) if s["at"] else None,
                note=s.get("note", ""),
                state=s["state"],
            )
            for s in json.loads(found["steps"])
        )
        return CaseStatus(
            case_no=found["case_no"],
            item=found["item"],
            applicant=found["applicant"],
            department=found["department"],
            status=found["status"],
            submitted_on=found["submitted_on"],
            due_on=found["due_on"],
            steps=steps,
            next_step=found["next_step"],
            citizen_must=found["citizen_must"],
            as_of=now,
            source=SOURCE if found["demo"] else "南昌市一体化政务服务平台",
            demo=found["demo"],
        )

    @staticmethod
    def _refuse_if_locked(db: Connection, subjects: tuple[str, ...], now: datetime) -> None:
        since = (now - LOCK_WINDOW).isoformat()
        worst = db.execute(
            select(func.count(), func.min(lookup_failures.c.at))
            .where(lookup_failures.c.subject.in_(subjects), lookup_failures.c.at > since)
            .group_by(lookup_failures.c.subject)
            .order_by(func.count().desc(), func.min(lookup_failures.c.at).desc())
        ).first()
        if worst and worst[0] >= LOCK_AFTER:
            free_at = datetime.fromisoformat(worst[1]) + LOCK_WINDOW
            raise TooManyAttempts(max(1, int((free_at - now).total_seconds())))
