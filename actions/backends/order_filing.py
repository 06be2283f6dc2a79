"""How a work order comes into being: once per key, proposed to a department, told apart from danger."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from actions.backends import order_input, order_watch
from actions.backends.database import hold, insert_new
from actions.backends.numbers import WORK_ORDER, new_number
from actions.backends.order_book import Propose, Proposed
from actions.backends.order_deadlines import EMERGENCY, due_on
from actions.backends.order_desk import LocalOrderDesk
from actions.backends.order_places import district_of, place_of
from actions.backends.order_policy import KINDS, URGENCIES, OrderPolicy, shared_policy
from actions.backends.ports import Attachment, WorkOrder
from actions.backends.ports.work_order import FiledKind, Urgency
from actions.backends.store import Store
from actions.backends.tables import work_orders

ANONYMOUS = "anonymous"
logger = logging.getLogger(__name__)


class OrderFiling(LocalOrderDesk):
    """Files orders. `propose` guesses the department from the words and tells danger."""

    def __init__(
        self, store: Store, policy: OrderPolicy | None = None, propose: Propose | None = None
    ) -> None:
        super().__init__(store, policy or shared_policy())
        self._propose = propose

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
        """See `WorkOrderSystem.create`."""
        words = order_input.text("text", text, self._policy.number("text.longest"), least=1)
        order_input.one_of("kind", kind, KINDS)
        order_input.one_of("urgency", urgency, URGENCIES)
        files = order_input.attachments(self._policy, attachments)
        filed = {
            "channel": order_input.text("channel", channel, 20, least=1),
            "urgency": urgency,
            "anonymous": anonymous,
            "confidential": confidential and not anonymous,
            "owner": "" if anonymous else order_input.text("owner", owner, 64, least=1),
            "key": self._own_key(order_input.key(key), anonymous),
        }
        said = {
            "text": words,
            "place": order_input.text("place", place, 200) or place_of(self._policy, words),
            "contact": "" if anonymous else order_input.text("contact", contact, 40),
            "phone": "" if anonymous else order_input.text("phone", phone, 20),
        }
        guess = self._guess(words)
        actor = str(filed["owner"]) or ANONYMOUS
        with self._store.begin() as db:
            hold(db, f"work-order-key:{filed['key']}")
            first = self._first(db, key, anonymous)
            if first is not None:
                return self._book.view(db, first, code=True)
            values = self._values(kind, filed, said, guess)
            number = self._new(db, values)
            self._book.first_step(db, number, actor=actor, state=values["state"])
            self._book.keep_files(db, number, files)
            if values["kind"] == EMERGENCY:
                order_watch.note_referred(db, number, values["due_on"], self._store.clock())
            order = self._book.view(db, self._book.row(db, number), code=True)
            self._book.audit(db, actor, "create", number, kind=order.kind, state=order.state)
            return order

    def _first(self, db: Connection, key: str, anonymous: bool) -> RowMapping | None:
        """The order that this key filed, under any data key that is still known."""
        keys = self._own_keys(key) if anonymous else (key,)
        return db.execute(select(work_orders).where(work_orders.c.key.in_(keys))).mappings().first()

    def _own_key(self, key: str, anonymous: bool) -> str:
        return self._own_keys(key)[0] if anonymous else key

    def _own_keys(self, key: str) -> tuple[str, ...]:
        """Keys name conversations, so an anonymous order's key is kept as its keyed hash."""
        plain = hashlib.sha256(key.encode()).hexdigest()
        return tuple(f"anon:{d}" for d in self._store.vault.digests("order_key", plain))

    def _guess(self, words: str) -> Proposed | None:
        if self._propose is None:
            return None
        try:
            return self._propose(words)
        except Exception as error:  # a proposal is a help; a complaint is never lost for want of one
            # The kind alone: the words of an exception may be the citizen's.
            logger.error("no proposal of a department: %s", type(error).__name__)
            return None

    def _values(
        self, kind: str, filed: dict[str, Any], said: dict[str, str], guess: Proposed | None
    ) -> dict[str, Any]:
        now, vault = self._store.clock(), self._store.vault
        emergency = (guess and guess.emergency) or ""
        kind = EMERGENCY if emergency else kind
        phone = "".join(c for c in said["phone"] if c.isdigit())
        code = f"{secrets.randbelow(10**6):06}" if filed["anonymous"] else ""
        return {
            **filed,
            **{name: vault.seal(f"work_orders.{name}", value) for name, value in said.items()},
            "kind": kind,
            "place_digest": vault.digest("place", said["place"]) if said["place"] else "",
            "phone_digest": vault.digest("phone", phone) if phone else "",
            "answer": "",
            "code": vault.seal("work_orders.code", code),
            "state": "referred" if emergency else "accepted",
            "round": 1,
            "department": "",
            "proposal": json.dumps(guess.as_json(), ensure_ascii=False) if guess else "",
            "confirmed_by": "",
            "topic": (guess and guess.topic) or "",
            "district": district_of(self._policy, f"{said['place']} {said['text']}"),
            "emergency_number": emergency,
            "created_at": now,
            "due_on": due_on(self._policy, kind, filed["urgency"], now.date()),
            "returns": 0,
            "reopens": 0,
            "urged": 0,
        }

    def _new(self, db: Connection, values: dict[str, Any]) -> str:
        """Insert under a fresh number; the key is held, so only the number can clash."""
        for _ in range(20):
            number = new_number(WORK_ORDER, self._store.clock().date())
            if insert_new(db, work_orders, [{"order_no": number, **values}]):
                return number
        raise RuntimeError("no free work-order number after 20 tries; widen the number")
