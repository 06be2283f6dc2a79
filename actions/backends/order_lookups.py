"""What staff look up about work orders; every look leaves a row in the trail. See `OrderDesk`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Literal, TypeVar

from sqlalchemy import Connection, RowMapping, select

from actions.backends import order_duplicates, order_figures, order_input, order_watch
from actions.backends.order_access import OrderAccess
from actions.backends.order_book import OrderBook
from actions.backends.order_policy import OrderPolicy
from actions.backends.ports import (
    DuplicateCandidate,
    FigureRow,
    OrderAlert,
    OrderIdentity,
    OrderRefused,
    OrderStep,
    RevealNotPermitted,
    WorkOrder,
)
from actions.backends.store import Store
from actions.backends.tables import work_orders

SENTENCE = 500
"""Characters of a reason or an internal note."""
OFFICER = "case_officer"
Found = TypeVar("Found")


class OrderLookups:
    """Orders, history, candidates, alerts and figures, in the services database."""

    def __init__(self, store: Store, policy: OrderPolicy) -> None:
        self._store = store
        self._policy = policy
        self._book = OrderBook(store, policy)
        self._access = OrderAccess(store, policy)

    def show(self, order_no: str, *, actor: str) -> WorkOrder:
        """See `OrderDesk.show`."""
        return self._look(order_no, actor, "show", lambda db, row: self._book.view(db, row, staff=True))

    def history(self, order_no: str, *, actor: str) -> Sequence[OrderStep]:
        """See `OrderDesk.history`."""
        return self._look(order_no, actor, "history", lambda db, row: self._book.steps(db, row["order_no"]))

    def duplicates(self, order_no: str, *, actor: str) -> Sequence[DuplicateCandidate]:
        """See `OrderDesk.duplicates`."""

        def read(db: Connection, row: RowMapping) -> tuple[str, Sequence[order_duplicates.Read]]:
            return order_duplicates.read_near(db, self._store, self._policy, row)

        return order_duplicates.candidates(self._policy, *self._look(order_no, actor, "duplicates", read))

    def listing(
        self,
        *,
        actor: str,
        state: str | None = None,
        department: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Sequence[WorkOrder]:
        """See `OrderDesk.listing`."""
        who = order_input.actor(actor)
        if not 1 <= limit <= 500:
            raise OrderRefused("limit", f"1 to 500, got {limit}")
        wanted = {"state": state, "department": department}
        query = select(work_orders).order_by(work_orders.c.order_no).limit(limit)
        for column, value in wanted.items():
            if value is not None:
                query = query.where(work_orders.c[column] == order_input.text(column, value, 60))
        if after is not None:
            query = query.where(work_orders.c.order_no > order_input.text("after", after, 20))
        with self._store.begin() as db:
            found = [self._book.view(db, row, staff=True) for row in db.execute(query).mappings().all()]
            self._book.audit(db, who, "list", "*", count=str(len(found)))
            return found

    def reveal(
        self, order_no: str, *, actor: str, role: Literal["operator", "case_officer"], reason: str
    ) -> OrderIdentity:
        """See `OrderDesk.reveal`."""
        needed, opened = order_input.text("reason", reason, SENTENCE, least=1), self._store.vault.open
        who = order_input.actor(actor)
        order_input.one_of("role", role, ("operator", OFFICER))
        with self._store.begin() as db:
            row = self._book.held(db, order_no)
            refused = row["confidential"] and role != OFFICER
            identity = OrderIdentity(
                opened("work_orders.contact", row["contact"]), opened("work_orders.phone", row["phone"])
            )
            if not refused:  # why stays with the order: the trail holds no free words
                self._book.remark(db, row, "reveal", actor=who, reason=needed)
            self._book.audit(db, who, "reveal_refused" if refused else "reveal", order_no, role=role)
        if refused:
            raise RevealNotPermitted(OFFICER)
        return identity

    def overdue(self, *, actor: str, limit: int = 200) -> Sequence[OrderAlert]:
        """See `OrderDesk.overdue`."""
        who = order_input.actor(actor)
        if not 1 <= limit <= 5000:
            raise OrderRefused("limit", f"1 to 5000, got {limit}")
        with self._store.begin() as db:
            found = order_watch.waiting(db, limit)
            self._book.audit(db, who, "overdue", "*", count=str(len(found)))
            return found

    def figures(self, *, start: date, end: date) -> Sequence[FigureRow]:
        """See `OrderDesk.figures`."""
        if start >= end:
            raise OrderRefused("end", "a day after start")
        return order_figures.figures(self._store, start, end)

    def tick(self) -> int:
        """See `OrderDesk.tick`."""
        with self._store.begin() as db:
            done = order_watch.watch(db, self._policy, self._store.clock())
            self._access.forget(db)
            if done:
                self._book.audit(db, "system", "tick", "*", alerts=str(done))
            return done

    def _look(
        self, order_no: str, actor: str, action: str, found: Callable[[Connection, RowMapping], Found]
    ) -> Found:
        who = order_input.actor(actor)
        with self._store.begin() as db:
            result = found(db, self._book.row(db, order_no))
            self._book.audit(db, who, action, order_no)
            return result
