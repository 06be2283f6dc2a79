"""12345 work orders, the staff's side: every step named, done once per key, by somebody with a name.

`actor` is a name of staff (1 to 64 characters). The same `key` on the same order and step does nothing again
and returns the order as it is now. Every method with an order number raises WorkOrderNotFound, every step
IllegalTransition when it may not follow and OrderRefused for a value that cannot be.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, Protocol

from actions.backends.ports.work_order import (
    Attachment,
    DuplicateCandidate,
    FigureRow,
    OrderAlert,
    OrderIdentity,
    OrderState,
    OrderStep,
    WorkOrder,
)


class OrderDesk(Protocol):
    """What staff of 12345 and of the departments do with work orders."""

    def show(self, order_no: str, *, actor: str) -> WorkOrder:
        """One order with its contact masked, without its owner."""
        ...

    def listing(
        self,
        *,
        actor: str,
        state: OrderState | None = None,
        department: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Sequence[WorkOrder]:
        """Orders by number, `limit` (1 to 500) of those whose number comes after `after`."""
        ...

    def history(self, order_no: str, *, actor: str) -> Sequence[OrderStep]:
        """Every step, with actors, reasons and notes."""
        ...

    def confirm_department(self, order_no: str, *, department: str, actor: str, key: str) -> WorkOrder:
        """A person says which department it is for."""
        ...

    def transfer(
        self, order_no: str, *, actor: str, reason: str, key: str, department: str = ""
    ) -> WorkOrder:
        """转办, once a round, to `department` or the confirmed one. Raises DepartmentNotConfirmed."""
        ...

    def start(self, order_no: str, *, actor: str, key: str, note: str = "") -> WorkOrder:
        """办理: the department has begun."""
        ...

    def give_back(self, order_no: str, *, actor: str, reason: str, key: str) -> WorkOrder:
        """退回: the department sends it back; a new round begins."""
        ...

    def answer(
        self,
        order_no: str,
        *,
        actor: str,
        answer: str,
        key: str,
        note: str = "",
        evidence: tuple[Attachment, ...] = (),
    ) -> WorkOrder:
        """反馈, once a round, with references of files that prove it. Merged orders are answered with it."""
        ...

    def add_evidence(
        self, order_no: str, *, actor: str, evidence: tuple[Attachment, ...], key: str, note: str = ""
    ) -> WorkOrder:
        """More evidence for the answer of this round, until it is closed."""
        ...

    def extend(self, order_no: str, *, actor: str, reason: str, until: date, key: str) -> WorkOrder:
        """延期, once: `until` is a working day after the deadline, within what the policy allows."""
        ...

    def refuse(self, order_no: str, *, actor: str, reason: str, alternative: str, key: str) -> WorkOrder:
        """不予受理: why, and what else the citizen can do."""
        ...

    def call_back(
        self,
        order_no: str,
        *,
        actor: str,
        key: str,
        reached: bool,
        satisfied: bool | None = None,
        note: str = "",
    ) -> WorkOrder:
        """回访, once a round.

        `satisfied=False` (not solved, or not satisfied) sends the order back (退回重办): a new round with a
        new deadline, for the same department unless staff choose another. That happens once; a second time it
        stands on the supervisor's list (`overdue`). OrderRefused for an opinion of somebody not reached.
        """
        ...

    def finish(self, order_no: str, *, actor: str, key: str, note: str = "") -> WorkOrder:
        """办结, and of the orders merged into it. Raises EvidenceMissing where the policy asks for evidence.

        An order whose citizen said twice that it is not solved needs a `note`: what the supervisor decided.
        """
        ...

    def merge(self, order_no: str, *, into: str, actor: str, reason: str, key: str) -> WorkOrder:
        """并案: from now on it follows `into`, and so does whatever followed it. Both must be unanswered."""
        ...

    def take_up(self, order_no: str, *, actor: str, reason: str, key: str) -> WorkOrder:
        """A referred order is (also) the hotline's business after all: accepted, with a deadline from now."""
        ...

    def reveal(
        self, order_no: str, *, actor: str, role: Literal["operator", "case_officer"], reason: str
    ) -> OrderIdentity:
        """Who filed it; audited. A confidential order opens for a case officer only: RevealNotPermitted."""
        ...

    def duplicates(self, order_no: str, *, actor: str) -> Sequence[DuplicateCandidate]:
        """Orders that may be about the same, likeliest first; a person decides."""
        ...

    def overdue(self, *, actor: str, limit: int = 200) -> Sequence[OrderAlert]:
        """Alerts of orders that still wait for an answer or for a supervisor, the most urgent first."""
        ...

    def figures(self, *, start: date, end: date) -> Sequence[FigureRow]:
        """Figures of the orders filed from `start` to the day before `end`."""
        ...

    def tick(self) -> int:
        """Do what is due now (reminders, escalations); return how much was done. Safe to call at once."""
        ...
