"""The staff's side of the embedded work orders. See `OrderDesk`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, update

from actions.backends import order_input, order_ratings, order_watch
from actions.backends.order_deadlines import due_on, extended, workdays_between
from actions.backends.order_lookups import SENTENCE, OrderLookups
from actions.backends.order_states import UNANSWERED, allowed
from actions.backends.ports import (
    Attachment,
    DepartmentNotConfirmed,
    EvidenceMissing,
    IllegalTransition,
    OrderRefused,
    WorkOrder,
)
from actions.backends.tables import work_orders

UNTOLD = {"answered_at": None, "answered_on": None, "answer_workdays": None}
"""An order that has no answer (any more)."""


class LocalOrderDesk(OrderLookups):
    """What staff do, in the services database."""

    def confirm_department(self, order_no: str, *, department: str, actor: str, key: str) -> WorkOrder:
        """See `OrderDesk.confirm_department`."""
        who, name = order_input.actor(actor), _department(department)
        changes = {"department": name, "confirmed_by": who}
        return self._move(order_no, "confirm", who, key, department=name, changes=changes)

    def transfer(
        self, order_no: str, *, actor: str, reason: str, key: str, department: str = ""
    ) -> WorkOrder:
        """See `OrderDesk.transfer`."""
        who, given = order_input.actor(actor), department and _department(department)

        def act(db: Connection, row: RowMapping) -> RowMapping:
            name = given or (row["department"] if row["confirmed_by"] else "")
            if not name and "transfer" in allowed(row["state"]):
                raise DepartmentNotConfirmed(self._book.view(db, row, staff=True).proposed_department)
            changes = {"department": name, "confirmed_by": who if given else row["confirmed_by"]}
            return self._step(db, row, "transfer", who, key, reason=reason, department=name, changes=changes)

        return self._once(order_no, "transfer", who, key, act)

    def start(self, order_no: str, *, actor: str, key: str, note: str = "") -> WorkOrder:
        """See `OrderDesk.start`."""
        return self._move(order_no, "start", actor, key, note=note)

    def give_back(self, order_no: str, *, actor: str, reason: str, key: str) -> WorkOrder:
        """See `OrderDesk.give_back`. The department that sent it back is no longer the confirmed one."""
        needed = order_input.text("reason", reason, SENTENCE, least=1)
        changes = {"department": "", "confirmed_by": "", "returns": work_orders.c.returns + 1}
        return self._move(order_no, "return", actor, key, reason=needed, changes=changes)

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
        """See `OrderDesk.answer`."""
        told = order_input.text("answer", answer, self._policy.number("text.longest"), least=1)
        who, now = order_input.actor(actor), self._store.clock()
        files = order_input.attachments(self._policy, evidence)

        def act(db: Connection, row: RowMapping) -> RowMapping:
            changes = {"answer": self._store.vault.seal("work_orders.answer", told), **_answered(row, now)}
            fresh = self._step(db, row, "answer", who, key, note=note, changes=changes)
            self._book.keep_files(db, order_no, files, row["round"])
            for follower in self._book.followers(db, order_no):
                mine = work_orders.c.order_no == follower["order_no"]
                db.execute(update(work_orders).where(mine).values(**_answered(follower, now)))
            return fresh

        return self._once(order_no, "answer", who, key, act)

    def add_evidence(
        self, order_no: str, *, actor: str, evidence: tuple[Attachment, ...], key: str, note: str = ""
    ) -> WorkOrder:
        """See `OrderDesk.add_evidence`."""
        who = order_input.actor(actor)
        if not evidence:
            raise OrderRefused("evidence", "at least one file")

        def act(db: Connection, row: RowMapping) -> RowMapping:
            already = self._book.files(db, order_no, row["round"])
            files = order_input.attachments(self._policy, evidence, len(already))
            fresh = self._step(db, row, "evidence", who, key, note=note)
            self._book.keep_files(db, order_no, files, row["round"])
            return fresh

        return self._once(order_no, "evidence", who, key, act)

    def extend(self, order_no: str, *, actor: str, reason: str, until: date, key: str) -> WorkOrder:
        """See `OrderDesk.extend`."""
        needed, who = order_input.text("reason", reason, SENTENCE, least=1), order_input.actor(actor)

        def act(db: Connection, row: RowMapping) -> RowMapping:
            steps = [s.step for s in self._book.steps(db, row["order_no"])]
            if "extend" in steps:
                raise IllegalTransition(
                    row["state"], "extend", [s for s in allowed(row["state"]) if s != "extend"]
                )
            day = until if row["state"] not in UNANSWERED else extended(self._policy, row["due_on"], until)
            changes = {"due_on": day}
            return self._step(db, row, "extend", who, key, reason=needed, until=day, changes=changes)

        return self._once(order_no, "extend", who, key, act)

    def refuse(self, order_no: str, *, actor: str, reason: str, alternative: str, key: str) -> WorkOrder:
        """See `OrderDesk.refuse`."""
        why = order_input.text("reason", reason, SENTENCE, least=1)
        else_ = order_input.text("alternative", alternative, SENTENCE, least=1)
        now = self._store.clock()
        answer = self._store.vault.seal("work_orders.answer", f"{why}\n{else_}")
        changes = {"answer": answer, "closed_at": now}
        who = order_input.actor(actor)

        def act(db: Connection, row: RowMapping) -> RowMapping:
            fresh = self._step(db, row, "refuse", who, key, reason=why, note=else_, changes=changes)
            self._end_followers(db, fresh, "refused_with")
            return fresh

        return self._once(order_no, "refuse", who, key, act)

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
        """See `OrderDesk.call_back`."""
        who, found = order_input.actor(actor), "reached" if reached else "not_reached"
        if satisfied is not None:
            if not reached:
                raise OrderRefused("satisfied", "no opinion of somebody who was not reached")
            found += ",satisfied" if satisfied else ",not_satisfied"

        def act(db: Connection, row: RowMapping) -> RowMapping:
            fresh = self._step(db, row, "call_back", who, key, reason=found, note=note)
            if satisfied is False and not fresh["reopens"]:
                return self._reopen(db, fresh, who)
            if satisfied is False:
                order_watch.note_unresolved(db, order_no, fresh["due_on"], self._store.clock())
            return order_ratings.pass_on(db, self._book, fresh)

        return self._once(order_no, "call_back", who, key, act)

    def finish(self, order_no: str, *, actor: str, key: str, note: str = "") -> WorkOrder:
        """See `OrderDesk.finish`."""
        who, now = order_input.actor(actor), self._store.clock()

        def act(db: Connection, row: RowMapping) -> RowMapping:
            if "close" in allowed(row["state"], anonymous=row["anonymous"]):
                self._may_close(db, row, note)
            fresh = self._step(db, row, "close", who, key, note=note, changes={"closed_at": now})
            self._end_followers(db, fresh, "closed_with")
            return order_ratings.pass_on(db, self._book, fresh)

        return self._once(order_no, "close", who, key, act)

    def merge(self, order_no: str, *, into: str, actor: str, reason: str, key: str) -> WorkOrder:
        """See `OrderDesk.merge`."""
        who, needed = order_input.actor(actor), order_input.text("reason", reason, SENTENCE, least=1)
        if into == order_no:
            raise OrderRefused("into", "another order")

        def act(db: Connection, row: RowMapping) -> RowMapping:
            main = self._book.row(db, into)
            if main["state"] not in UNANSWERED:
                raise IllegalTransition(main["state"], "take_in", allowed(main["state"]))
            changes = {"main": into}
            fresh = self._step(db, row, "merge", who, key, reason=needed, note=into, changes=changes)
            for follower in self._book.followers(db, order_no):
                self._book.step(db, follower, "follow", actor=who, note=into, changes=changes)
            return fresh

        return self._once(order_no, "merge", who, key, act, also=(into,))

    def take_up(self, order_no: str, *, actor: str, reason: str, key: str) -> WorkOrder:
        """See `OrderDesk.take_up`."""
        needed = order_input.text("reason", reason, SENTENCE, least=1)
        today = self._store.clock().date()
        changes = {"kind": "complaint", "due_on": due_on(self._policy, "complaint", "urgent", today)}
        return self._move(order_no, "take_up", actor, key, reason=needed, changes=changes)

    def _reopen(self, db: Connection, row: RowMapping, actor: str) -> RowMapping:
        """退回重办: the answer goes into the history, the department has a whole new deadline."""
        told = self._store.vault.open("work_orders.answer", row["answer"])
        day = due_on(self._policy, row["kind"], row["urgency"], self._store.clock().date())
        changes = {"answer": "", **UNTOLD, "due_on": day, "reopens": work_orders.c.reopens + 1}
        fresh = self._book.step(
            db, row, "reopen", actor=actor, reason="not_satisfied", note=told, until=day, changes=changes
        )
        mine = (work_orders.c.main == row["order_no"]) & (work_orders.c.state == "merged")
        db.execute(update(work_orders).where(mine).values(**UNTOLD))
        return fresh

    def _may_close(self, db: Connection, row: RowMapping, note: str) -> None:
        proven = row["kind"] not in self._policy.evidence_kinds
        if not proven and not self._book.files(db, row["order_no"], row["round"]):
            where = f"{row['order_no']}, round {row['round']}"
            raise EvidenceMissing(f"{where}: no evidence of the answer, expected a file; add it")
        if not note.strip() and order_watch.is_unresolved(db, row["order_no"]):
            raise OrderRefused("note", "what the supervisor decided: the citizen says that it is not solved")

    def _end_followers(self, db: Connection, main: RowMapping, step: str) -> None:
        """What was merged into an order ends with it, with its answer; from then on it stands alone."""
        same = ("answer", "department", "due_on", "closed_at")
        for follower in self._book.followers(db, main["order_no"]):
            changes = {name: main[name] for name in same}
            ended = self._book.step(db, follower, step, actor="system", changes=changes)
            order_ratings.pass_on(db, self._book, ended)

    def _step(
        self, db: Connection, row: RowMapping, step: str, actor: str, key: str, **values: Any
    ) -> RowMapping:
        reason = order_input.text("reason", values.pop("reason", ""), SENTENCE)
        note = order_input.text("note", values.pop("note", ""), SENTENCE)
        full = _key(step, row["order_no"], key)
        return self._book.step(db, row, step, actor=actor, key=full, reason=reason, note=note, **values)

    def _move(self, order_no: str, step: str, actor: str, key: str, **values: Any) -> WorkOrder:
        who = order_input.actor(actor)

        def act(db: Connection, row: RowMapping) -> RowMapping:
            return self._step(db, row, step, who, key, **values)

        return self._once(order_no, step, who, key, act)

    def _once(
        self,
        order_no: str,
        step: str,
        actor: str,
        key: str,
        act: Callable[[Connection, RowMapping], RowMapping],
        also: tuple[str, ...] = (),
    ) -> WorkOrder:
        """Hold the order, do `act` unless this key did it before, show the order."""
        full = _key(step, order_no, order_input.key(key))
        with self._store.begin() as db:
            row = self._book.family(db, order_no, *also)
            again = self._book.replayed(db, full)
            if not again:
                row = act(db, row)
            view = self._book.view(db, row, staff=True)
            if not again:
                self._book.audit(db, actor, step, order_no, state=view.state)
            return view


def _answered(row: RowMapping, now: datetime) -> dict[str, Any]:
    """When an order was answered, and the working days since it was filed."""
    day = now.date()
    days = workdays_between(row["created_at"].date(), day)
    return {"answered_at": now, "answered_on": day, "answer_workdays": days}


def _key(step: str, order_no: str, key: str) -> str:
    return f"{step}:{order_no}:{key}"


def _department(name: str) -> str:
    return order_input.text("department", name, order_input.LABEL, least=2)
