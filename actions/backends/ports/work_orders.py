"""12345 work orders (工单), the citizen's side; the staff's is in order_desk.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from actions.backends.ports.order_desk import OrderDesk
from actions.backends.ports.work_order import Attachment, FiledKind, OrderStep, Urgency, WorkOrder


class WorkOrderSystem(OrderDesk, Protocol):
    """Where 12345 work orders are filed.

    A citizen is let in as `owner` (the conversation that filed it), by the last four digits of the phone, or
    by the code of an anonymous order, whose owner nobody knows. Every such method raises WorkOrderNotFound
    (which never says what was wrong) or, after too many wrong proofs, TooManyAttempts.
    """

    def create(
        self,
        *,
        kind: FiledKind,
        text: str,
        contact: str,
        phone: str,
        owner: str,
        key: str,
        channel: str = "portal",
        urgency: Urgency = "normal",
        place: str = "",
        anonymous: bool = False,
        confidential: bool = False,
        attachments: tuple[Attachment, ...] = (),
    ) -> WorkOrder:
        """File a work order. The same `key` returns that order again, as it is now.

        Of an anonymous order no contact, phone or owner is kept. A text that tells of danger happening now
        becomes an `emergency_referral` in state `referred`. Raises OrderRefused.
        """
        ...

    def orders(self, owner: str) -> Sequence[WorkOrder]:
        """Work orders filed by `owner` (a conversation), newest first."""
        ...

    def similar(self, *, owner: str, text: str) -> Sequence[WorkOrder]:
        """The owner's own orders that are not answered yet and sound like `text`, likeliest first."""
        ...

    def find(
        self, order_no: str, *, owner: str, phone_last4: str | None = None, code: str | None = None
    ) -> WorkOrder:
        """One work order."""
        ...

    def timeline(
        self, order_no: str, *, owner: str, phone_last4: str | None = None, code: str | None = None
    ) -> Sequence[OrderStep]:
        """Its steps in order, as the citizen may see them."""
        ...

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
        """Add to it; the same `key` adds once. Raises IllegalTransition when it is over, OrderRefused."""
        ...

    def urge(
        self,
        order_no: str,
        *,
        owner: str,
        key: str,
        phone_last4: str | None = None,
        code: str | None = None,
    ) -> WorkOrder:
        """Record that the citizen urges it; the same `key` counts once. An answered one stays as it is."""
        ...

    def withdraw(
        self,
        order_no: str,
        *,
        owner: str,
        reason: str,
        phone_last4: str | None = None,
        code: str | None = None,
    ) -> WorkOrder:
        """Take it back. Withdrawing twice returns the same withdrawn order.

        Orders that were merged into it go on by themselves. Raises IllegalTransition once it is answered.
        """
        ...

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
        """Rate it once, 1 to 5, after the call-back or after it was closed.

        Raises IllegalTransition, OrderRefused for another level.
        """
        ...
