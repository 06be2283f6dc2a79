"""The book of work orders: rows to values, and one way to write a step with everything that goes with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from actions.backends import audit, notices, order_states
from actions.backends.database import hold
from actions.backends.order_view import OrderViews
from actions.backends.ports import Attachment, OrderRefused
from actions.backends.tables import order_attachments, order_steps, work_orders

VISIBLE: Mapping[str, str] = {
    "transfer": "order_transferred",
    "answer": "order_answered",
    "reopen": "order_reopened",
    "extend": "order_extended",
    "refuse": "order_refused",
    "close": "order_closed",
    "merge": "order_merged",
    "follow": "order_merged",
    "split": "order_split",
    "take_up": "order_taken_up",
}
"""Step -> notice that tells the citizen."""
SHARED = ("transfer", "answer", "reopen", "extend", "refuse", "close")
"""Steps of a main order that are told to whoever was merged into it, too."""


class Proposed(Protocol):
    """What this system needs of `actions.departments.Proposal`."""

    @property
    def department(self) -> str | None: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def confidence(self) -> float: ...  # noqa: D102
    @property
    def emergency(self) -> str | None: ...  # noqa: D102
    @property
    def topic(self) -> str | None: ...  # noqa: D102
    def as_json(self) -> dict[str, Any]: ...  # noqa: D102


Propose = Callable[[str], Proposed]


class OrderBook(OrderViews):
    """Shared by the citizen's side and the staff's side. All methods run in the caller's transaction."""

    def held(self, db: Connection, *order_nos: str) -> RowMapping:
        """Be alone with these orders; the row of the first. Raises WorkOrderNotFound."""
        hold(db, *(f"order:{no}" for no in order_nos if "\0" not in no))
        return self.row(db, order_nos[0])

    def family(self, db: Connection, order_no: str, *also: str) -> RowMapping:
        """Be alone with the order, with `also` and with what is merged into it, taken in one order of names.

        Nothing can be merged into an order that is held, so the second look finds no more. Raises
        WorkOrderNotFound.
        """
        row, known = self.row(db, order_no), set[str]()
        wanted = {order_no, *also}
        while not wanted <= known:
            known |= wanted | {follower["order_no"] for follower in self.followers(db, order_no)}
            row = self.held(db, order_no, *known)
            wanted = {follower["order_no"] for follower in self.followers(db, order_no)}
        return row

    def replayed(self, db: Connection, key: str) -> bool:
        """True if a step with this key was taken before."""
        return db.execute(select(order_steps.c.id).where(order_steps.c.key == key)).first() is not None

    def first_step(self, db: Connection, order_no: str, *, actor: str, state: str) -> None:
        """The beginning of the history: accepted, or referred elsewhere."""
        self._insert(
            db, order_no=order_no, seq=1, round=1, step="accept", from_state="", to_state=state, actor=actor
        )

    def step(
        self,
        db: Connection,
        row: RowMapping,
        step: str,
        *,
        actor: str,
        key: str | None = None,
        reason: str = "",
        note: str = "",
        department: str = "",
        until: date | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> RowMapping:
        """Take one step: history, state, notices. `row` is held and fresh; returns it as it is then.

        Raises IllegalTransition.
        """
        state = order_states.after(
            row["state"], step, anonymous=row["anonymous"], rated=row["level"] is not None
        )
        no, round_ = row["order_no"], row["round"]
        kind = order_states.STEPS[step]
        seq = self._last(db, no) + 1
        self._insert(
            db,
            order_no=no,
            seq=seq,
            round=round_,
            step=step,
            from_state=row["state"],
            to_state=state,
            actor=actor,
            department=department,
            until=until,
            reason=self.store.vault.seal("order_steps.reason", reason),
            note=self.store.vault.seal("order_steps.note", note),
            key=key,
            once=order_states.once(no, step, round_),
        )
        values = {"state": state, "round": round_ + kind.opens_round, **(changes or {})}
        db.execute(update(work_orders).where(work_orders.c.order_no == no).values(**values))
        fresh = self.row(db, no)
        self._tell(db, fresh, step, seq)
        return fresh

    def remark(self, db: Connection, row: RowMapping, step: str, *, actor: str, reason: str) -> None:
        """A row of history that is no step, such as that somebody saw who filed the order."""
        self._insert(
            db,
            order_no=row["order_no"],
            seq=self._last(db, row["order_no"]) + 1,
            round=row["round"],
            step=step,
            from_state=row["state"],
            to_state=row["state"],
            actor=actor,
            reason=self.store.vault.seal("order_steps.reason", reason),
        )

    def followers(self, db: Connection, main: str) -> Sequence[RowMapping]:
        """Orders merged into `main`, by number."""
        mine = select(work_orders).where(work_orders.c.main == main, work_orders.c.state == "merged")
        return db.execute(mine.order_by(work_orders.c.order_no)).mappings().all()

    def keep_files(self, db: Connection, order_no: str, files: Sequence[Attachment], round_: int = 0) -> None:
        """Note the references of files: the citizen's, or evidence of a round. Raises OrderRefused."""
        at, kept = self.store.clock(), order_attachments.c
        known = select(kept.id).where(kept.order_no == order_no, kept.id.in_([f.id for f in files]))
        if files and db.execute(known).first() is not None:
            raise OrderRefused("attachments", "each file once")
        rows = [
            {
                "order_no": order_no,
                "round": round_,
                "id": f.id,
                "media_type": f.media_type,
                "size": f.size,
                "sha256": f.sha256,
                "at": at,
            }
            for f in files
        ]
        if rows:
            db.execute(insert(order_attachments), rows)

    def audit(self, db: Connection, actor: str, action: str, order_no: str, **detail: str) -> None:
        """The last row of a transaction."""
        audit.record(
            db,
            self.store.vault,
            at=self.store.clock(),
            actor=actor,
            action=f"order.{action}",
            subject=f"work_order:{order_no}",
            detail=detail,
        )

    def _tell(self, db: Connection, row: RowMapping, step: str, seq: int) -> None:
        """The citizen's notice, and those of whoever follows this order; each once, by its key."""
        kind = VISIBLE.get(step)
        if kind is None:
            return
        told = [row, *(self.followers(db, row["order_no"]) if step in SHARED else ())]
        for one in told:
            if not one["owner"]:
                continue  # anonymous: nobody knows whom to tell
            notices.post(
                db,
                key=f"order:{one['order_no']}:{step}:{row['order_no']}:{seq}",
                owner=one["owner"],
                kind=kind,
                payload={
                    "number": one["order_no"],
                    "department": row["department"],
                    "due": f"{row['due_on'].month}月{row['due_on'].day}日",
                },
                due_at=self.store.clock(),
            )

    @staticmethod
    def _last(db: Connection, order_no: str) -> int:
        last = select(func.max(order_steps.c.seq)).where(order_steps.c.order_no == order_no)
        return int(db.execute(last).scalar_one())

    def _insert(self, db: Connection, **values: Any) -> None:
        values = {
            "department": "",
            "until": None,
            "reason": "",
            "note": "",
            "key": None,
            "once": None,
        } | values
        db.execute(insert(order_steps).values(at=self.store.clock(), **values))
