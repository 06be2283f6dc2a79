"""Rows of work orders as values: opened for the citizen, masked for staff."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, select

from actions.backends.order_policy import OrderPolicy
from actions.backends.ports import Attachment, OrderStep, WorkOrder, WorkOrderNotFound
from actions.backends.store import Store
from actions.backends.tables import order_attachments, order_steps, work_orders
from actions.masking import mask_name, mask_phone


class OrderViews:
    """Reads orders in the caller's transaction."""

    def __init__(self, store: Store, policy: OrderPolicy) -> None:
        self.store = store
        self.policy = policy

    def row(self, db: Connection, order_no: str) -> RowMapping:
        """The order's row as it is now. Raises WorkOrderNotFound."""
        if "\0" in order_no:
            raise WorkOrderNotFound
        found = db.execute(select(work_orders).where(work_orders.c.order_no == order_no)).mappings().first()
        if found is None:
            raise WorkOrderNotFound
        return found

    def view(self, db: Connection, row: RowMapping, *, staff: bool = False, code: bool = False) -> WorkOrder:
        """The row as a value. `staff`: contact masked, no owner; `code`: with the anonymous one's code."""
        main = self.row(db, row["main"]) if row["state"] == "merged" else None
        sealed = row["anonymous"] or row["confidential"]
        contact = "" if sealed else self._open("contact", row)
        phone = "" if sealed else self._open("phone", row)
        proposal = json.loads(row["proposal"] or "{}")
        return WorkOrder(
            order_no=row["order_no"],
            kind=row["kind"],
            text=self._open("text", row),
            contact=mask_name(contact) if staff else contact,
            phone=mask_phone(phone) if staff and phone else phone,
            state=row["state"],
            created_at=row["created_at"],
            due_on=(main or row)["due_on"],
            owner="" if staff else row["owner"],
            urged=row["urged"],
            urgency=row["urgency"],
            channel=row["channel"],
            place=self._open("place", row),
            department=(main or row)["department"],
            round=row["round"],
            answer=self._open("answer", main or row),
            answered_at=(main or row)["answered_at"],
            main=row["main"] or "" if main else "",
            main_state=main["state"] if main else "",
            anonymous=row["anonymous"],
            confidential=row["confidential"],
            code=self._open("code", row) if code else "",
            emergency_number=row["emergency_number"],
            topic=row["topic"],
            district=row["district"],
            proposed_department=proposal.get("title") or proposal.get("department") or "",
            proposed_confidence=float(proposal.get("confidence") or 0.0),
            confirmed_by=row["confirmed_by"] if staff else "",
            level=row["level"],
            attachments=self.files(db, row["order_no"]),
            evidence=self.files(db, (main or row)["order_no"], (main or row)["round"]),
            reopened=(main or row)["reopens"] > 0,
        )

    def steps(self, db: Connection, order_no: str) -> Sequence[OrderStep]:
        """The whole history of one order."""
        rows = db.execute(
            select(order_steps).where(order_steps.c.order_no == order_no).order_by(order_steps.c.seq)
        ).mappings()
        opened = self.store.vault.open
        return [
            OrderStep(
                seq=row["seq"],
                round=row["round"],
                step=row["step"],
                from_state=row["from_state"],
                to_state=row["to_state"],
                actor=row["actor"],
                at=row["at"],
                reason=opened("order_steps.reason", row["reason"]),
                note=opened("order_steps.note", row["note"]),
                department=row["department"],
                until=row["until"],
            )
            for row in rows
        ]

    def _open(self, column: str, row: RowMapping) -> str:
        return self.store.vault.open(f"work_orders.{column}", row[column])

    def files(self, db: Connection, order_no: str, round_: int = 0) -> tuple[Attachment, ...]:
        """The citizen's files (round 0), or the evidence of a round, in the order in which they came."""
        files = order_attachments.c
        found = db.execute(
            select(files.id, files.media_type, files.size, files.sha256)
            .where(files.order_no == order_no, files.round == round_)
            .order_by(files.at, files.id)
        )
        return tuple(Attachment(*cast(Any, row)) for row in found)
