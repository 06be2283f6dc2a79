"""12345 work orders (工单)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A 12345 work order. `due_on`: the day by which somebody answers."""

    order_no: str
    kind: Literal["call_back", "complaint"]
    text: str
    contact: str
    phone: str
    state: Literal["accepted", "withdrawn"]
    created_at: datetime
    due_on: date
    owner: str
    urged: int = 0
    """How often the citizen has urged it (催办)."""


class WorkOrderSystem(Protocol):
    """Where 12345 work orders are filed."""

    def create(
        self,
        *,
        kind: Literal["call_back", "complaint"],
        text: str,
        contact: str,
        phone: str,
        owner: str,
        key: str,
    ) -> WorkOrder:
        """File a work order. The same `key` returns the first one again."""
        ...

    def orders(self, owner: str) -> Sequence[WorkOrder]:
        """Work orders filed by `owner` (a conversation), newest first."""
        ...

    def find(self, order_no: str, *, owner: str, phone_last4: str | None = None) -> WorkOrder:
        """One work order, for its owner or for whoever knows the phone's last four digits.

        Raises WorkOrderNotFound.
        """
        ...

    def urge(self, order_no: str, *, owner: str, key: str, phone_last4: str | None = None) -> WorkOrder:
        """Record that the citizen urges it; the same `key` counts once. A withdrawn one stays as it is.

        Raises WorkOrderNotFound.
        """
        ...

    def withdraw(
        self, order_no: str, *, owner: str, reason: str, phone_last4: str | None = None
    ) -> WorkOrder:
        """Take it back. Withdrawing twice returns the same withdrawn order. Raises WorkOrderNotFound."""
        ...
