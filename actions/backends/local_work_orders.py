"""The citizen's side of the embedded 12345 work orders; the staff's is in order_desk.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection, RowMapping, func, select

from actions.backends import order_duplicates, order_input
from actions.backends.order_deadlines import due_on
from actions.backends.order_filing import ANONYMOUS, OrderFiling
from actions.backends.order_lookups import SENTENCE
from actions.backends.order_states import UNANSWERED
from actions.backends.ports import Attachment, OrderRefused, OrderStep, WorkOrder, WorkOrderNotFound
from actions.backends.tables import order_attachments, work_orders

INTERNAL = frozenset({"confirm", "reveal", "follow", "evidence"})
"""Steps that are no business of the citizen's."""
TOLD = frozenset({"extend", "refuse", "split", "urge", "add", "withdraw", "rate"})
"""Steps whose reason and note the citizen sees: their own words, or what they were told."""


class LocalWorkOrders(OrderFiling):
    """Work orders in the services database. See `WorkOrderSystem`.

    `propose` guesses the department from the words (`actions.departments.Proposer.propose`) and tells danger.
    """

    def orders(self, owner: str) -> Sequence[WorkOrder]:
        """See `WorkOrderSystem.orders`."""
        mine = select(work_orders).where(work_orders.c.owner == owner)
        with self._store.begin() as db:
            if not owner or "\0" in owner:
                return []
            rows = db.execute(
                mine.order_by(work_orders.c.created_at.desc(), work_orders.c.order_no)
            ).mappings()
            return [self._book.view(db, row) for row in rows.all()]

    def similar(self, *, owner: str, text: str) -> Sequence[WorkOrder]:
        """See `WorkOrderSystem.similar`."""
        with self._store.begin() as db:
            if not owner or "\0" in owner:
                return []
            mine = order_duplicates.read_own(db, self._store, self._policy, owner)
        near = order_duplicates.alike(self._policy, text, mine)
        with self._store.begin() as db:
            return [self._book.view(db, self._book.row(db, one.order_no)) for _, one in near]

    def find(
        self, order_no: str, *, owner: str, phone_last4: str | None = None, code: str | None = None
    ) -> WorkOrder:
        """See `WorkOrderSystem.find`."""
        return self._citizen(order_no, owner, phone_last4, code, "find", lambda db, row: row)

    def timeline(
        self, order_no: str, *, owner: str, phone_last4: str | None = None, code: str | None = None
    ) -> Sequence[OrderStep]:
        """See `WorkOrderSystem.timeline`."""
        with self._store.begin() as db:
            row = self._access.row(db, order_no, owner, phone_last4, code)
            if row is not None:
                steps = self._book.steps(db, order_no)
                self._book.audit(db, self._who(row, owner), "timeline", order_no)
                return [_for_citizen(step) for step in steps if step.step not in INTERNAL]
        raise WorkOrderNotFound

    def add(
        self,
        order_no: str,
        *,
        owner: str,
        text: str,
        key: str,
        phone_last4: str | None = None,
        code: str | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> WorkOrder:
        """See `WorkOrderSystem.add`."""
        words = order_input.text("text", text, self._policy.number("text.longest"), least=1)
        full = f"add:{order_no}:{order_input.key(key)}"

        def act(db: Connection, row: RowMapping) -> RowMapping:
            if self._book.replayed(db, full):
                return row
            held = select(func.count()).where(order_attachments.c.order_no == order_no)
            files = order_input.attachments(self._policy, attachments, int(db.execute(held).scalar_one()))
            fresh = self._book.step(db, row, "add", actor=self._who(row, owner), key=full, note=words)
            self._book.keep_files(db, order_no, files)
            return fresh

        return self._citizen(order_no, owner, phone_last4, code, "add", act)

    def urge(
        self,
        order_no: str,
        *,
        owner: str,
        key: str,
        phone_last4: str | None = None,
        code: str | None = None,
    ) -> WorkOrder:
        """See `WorkOrderSystem.urge`."""
        full = f"urge:{order_no}:{order_input.key(key)}"

        def act(db: Connection, row: RowMapping) -> RowMapping:
            if row["state"] not in (*UNANSWERED, "merged") or self._book.replayed(db, full):
                return row
            changes = {"urged": row["urged"] + 1}
            return self._book.step(db, row, "urge", actor=self._who(row, owner), key=full, changes=changes)

        return self._citizen(order_no, owner, phone_last4, code, "urge", act)

    def withdraw(
        self,
        order_no: str,
        *,
        owner: str,
        reason: str,
        phone_last4: str | None = None,
        code: str | None = None,
    ) -> WorkOrder:
        """See `WorkOrderSystem.withdraw`."""
        why = order_input.text("reason", reason, SENTENCE)

        def act(db: Connection, row: RowMapping) -> RowMapping:
            if row["state"] == "withdrawn":
                return row
            changes = {"closed_at": self._store.clock()}
            full = f"withdraw:{order_no}"
            fresh = self._book.step(
                db, row, "withdraw", actor=self._who(row, owner), key=full, note=why, changes=changes
            )
            for follower in self._book.followers(db, order_no):
                alone = {"main": None, "department": "", "confirmed_by": "", "due_on": self._due(follower)}
                self._book.step(db, follower, "split", actor="system", changes=alone)
            return fresh

        return self._citizen(order_no, owner, phone_last4, code, "withdraw", act)

    def rate(
        self,
        order_no: str,
        *,
        owner: str,
        level: int,
        key: str,
        reason: str = "",
        phone_last4: str | None = None,
        code: str | None = None,
    ) -> WorkOrder:
        """See `WorkOrderSystem.rate`."""
        why, full = order_input.text("reason", reason, SENTENCE), f"rate:{order_no}:{order_input.key(key)}"
        if not 1 <= level <= 5:
            raise OrderRefused("level", f"1 to 5, got {level}")

        def act(db: Connection, row: RowMapping) -> RowMapping:
            if self._book.replayed(db, full):
                return row
            changes = {"level": level}
            return self._book.step(
                db, row, "rate", actor=self._who(row, owner), key=full, note=why, changes=changes
            )

        return self._citizen(order_no, owner, phone_last4, code, "rate", act)

    def _citizen(
        self,
        order_no: str,
        owner: str,
        last4: str | None,
        code: str | None,
        action: str,
        act: Callable[[Connection, RowMapping], RowMapping],
    ) -> WorkOrder:
        """Let the citizen in, hold the order, do `act`, show the order. A refusal stays counted."""
        with self._store.begin() as db:
            allowed = self._access.row(db, order_no, owner, last4, code)
            if allowed is not None:
                row = act(db, self._book.family(db, order_no))
                order = self._book.view(db, row)
                self._book.audit(db, self._who(row, owner), action, order_no, state=order.state)
                return order
        raise WorkOrderNotFound

    def _due(self, row: RowMapping) -> date:
        """Its own deadline, or a new one where that went by while it followed another order."""
        today = self._store.clock().date()
        own: date = row["due_on"]
        return own if own >= today else due_on(self._policy, row["kind"], row["urgency"], today)

    @staticmethod
    def _who(row: RowMapping, owner: str) -> str:
        """The citizen's name in history and trail. Of an anonymous order not even the conversation."""
        return ANONYMOUS if row["anonymous"] else owner[:64]


def _for_citizen(step: OrderStep) -> OrderStep:
    """Staff have no names here, and internal reasons stay inside."""
    told = step.step in TOLD
    return replace(step, actor="", reason=step.reason if told else "", note=step.note if told else "")
