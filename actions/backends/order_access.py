"""Who may see a work order: its owner, or whoever proves it; guessing is locked after a few failures."""

from __future__ import annotations

import hmac
from datetime import timedelta

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from actions.backends.database import hold
from actions.backends.order_policy import OrderPolicy
from actions.backends.ports import TooManyAttempts
from actions.backends.store import Store
from actions.backends.tables import order_failures, work_orders


class OrderAccess:
    """Checks proofs and counts the wrong ones."""

    def __init__(self, store: Store, policy: OrderPolicy) -> None:
        self._store = store
        self._limits = {
            "order": policy.number("proof.failures_per_order"),
            "asker": policy.number("proof.failures_per_asker"),
        }
        self._lock = timedelta(minutes=policy.number("proof.lock_minutes"))

    def row(
        self, db: Connection, order_no: str, owner: str, last4: str | None, code: str | None
    ) -> RowMapping | None:
        """The order's row if this citizen may see it, else None; a wrong proof is counted.

        The caller commits either way, so that the count stays. Raises TooManyAttempts.
        """
        if "\0" in order_no or "\0" in owner:
            return None
        row = db.execute(select(work_orders).where(work_orders.c.order_no == order_no)).mappings().first()
        if row is not None and row["owner"] and row["owner"] == owner:
            return row
        if not last4 and not code:
            return None
        subjects = {"order": f"order:{order_no[:20]}", "asker": f"asker:{owner[:64]}"}
        hold(db, *subjects.values())
        self._refuse_when_locked(db, subjects)
        if row is not None and self._proves(row, last4, code):
            return row
        at = self._store.clock()
        db.execute(insert(order_failures), [{"subject": s, "at": at} for s in subjects.values()])
        return None

    def forget(self, db: Connection) -> None:
        """Drop failures that no lock counts any more."""
        db.execute(delete(order_failures).where(order_failures.c.at < self._store.clock() - self._lock))

    def _proves(self, row: RowMapping, last4: str | None, code: str | None) -> bool:
        if row["anonymous"]:
            known = self._store.vault.open("work_orders.code", row["code"])
            return bool(code) and hmac.compare_digest(known.encode(), str(code).encode())
        phone = self._store.vault.open("work_orders.phone", row["phone"])
        digits = "".join(c for c in phone if c.isdigit())
        return (
            bool(last4)
            and len(digits) >= 4
            and hmac.compare_digest(digits[-4:].encode(), str(last4).encode())
        )

    def _refuse_when_locked(self, db: Connection, subjects: dict[str, str]) -> None:
        now = self._store.clock()
        for kind, subject in subjects.items():
            failed = order_failures.c.at
            count, oldest = db.execute(
                select(func.count(), func.min(failed)).where(
                    order_failures.c.subject == subject, failed > now - self._lock
                )
            ).one()
            if count >= self._limits[kind]:
                wait = self._lock - (now - oldest)
                raise TooManyAttempts(max(1, int(wait.total_seconds())))
