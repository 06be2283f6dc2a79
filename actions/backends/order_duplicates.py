"""Orders about the same matter: who to compare with, and how alike they are. Only a person decides.

Reading is done in the caller's transaction, comparing after it: nobody waits for the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from actions.backends.order_likeness import likenesses
from actions.backends.order_places import places_of
from actions.backends.order_policy import OrderPolicy
from actions.backends.order_states import UNANSWERED
from actions.backends.ports import DuplicateCandidate
from actions.backends.store import Store
from actions.backends.tables import work_orders


@dataclass(frozen=True, slots=True)
class Read:
    """One order to compare, its words opened; `because`: what it shares with the other."""

    order_no: str
    state: str
    created_at: datetime
    words: str
    because: str


def read_own(db: Connection, store: Store, policy: OrderPolicy, owner: str) -> Sequence[Read]:
    """The owner's unanswered orders, newest first."""
    orders = work_orders.c
    mine = select(*_columns()).where(orders.owner == owner, orders.state.in_(UNANSWERED))
    rows = db.execute(mine.order_by(orders.created_at.desc()).limit(policy.number("duplicates.most_read")))
    return [_read(store, row, "own") for row in rows.mappings()]


def read_near(
    db: Connection, store: Store, policy: OrderPolicy, row: RowMapping
) -> tuple[str, Sequence[Read]]:
    """(the order's words, other unanswered orders of the same phone, place or topic).

    Each is looked for by its index; of each kind at most `duplicates.most_read` texts are opened.
    """
    found: dict[str, Read] = {}
    for because, where in _same(store, row).items():
        for other in _rows(db, policy, row, where):
            found.setdefault(other["order_no"], _read(store, other, because))
    return _words(store, row), list(found.values())


def alike(policy: OrderPolicy, words: str, others: Sequence[Read]) -> Sequence[tuple[float, Read]]:
    """Those that are alike enough for what they share, with their likeness, likeliest first."""

    def places(text: str) -> Iterable[str]:
        return places_of(policy, text)

    scores = likenesses(words, [other.words for other in others], places)
    near = [
        (round(score, 3), other)
        for score, other in zip(scores, others, strict=True)
        if score >= policy.numbers[f"duplicates.{other.because}"]
    ]
    return sorted(near, key=lambda pair: (-pair[0], pair[1].order_no))


def candidates(policy: OrderPolicy, words: str, others: Sequence[Read]) -> Sequence[DuplicateCandidate]:
    """See `OrderDesk.duplicates`."""
    return [
        DuplicateCandidate(other.order_no, other.state, other.created_at, score, other.because)
        for score, other in alike(policy, words, others)
    ]


def _columns() -> tuple[ColumnElement[object], ...]:
    one = work_orders.c
    return one.order_no, one.state, one.created_at, one.text, one.place


def _read(store: Store, row: RowMapping, because: str) -> Read:
    return Read(row["order_no"], row["state"], row["created_at"], _words(store, row), because)


def _words(store: Store, row: RowMapping) -> str:
    """What was said, and the place where it was told apart from that."""
    text = store.vault.open("work_orders.text", row["text"])
    place = store.vault.open("work_orders.place", row["place"])
    return text if place in text else f"{text}，{place}"


def _same(store: Store, row: RowMapping) -> dict[str, ColumnElement[bool]]:
    orders, opened = work_orders.c, store.vault.open
    same: dict[str, ColumnElement[bool]] = {}
    phone = "".join(c for c in opened("work_orders.phone", row["phone"]) if c.isdigit())
    if phone:
        same["same_citizen"] = orders.phone_digest.in_(store.vault.digests("phone", phone))
    place = opened("work_orders.place", row["place"])
    if place:
        same["same_place"] = orders.place_digest.in_(store.vault.digests("place", place))
    if row["topic"]:
        same["same_topic"] = orders.topic == row["topic"]
    return same


def _rows(
    db: Connection, policy: OrderPolicy, row: RowMapping, where: ColumnElement[bool]
) -> Sequence[RowMapping]:
    orders = work_orders.c
    since = row["created_at"] - timedelta(days=policy.number("duplicates.days"))
    until = row["created_at"] + timedelta(days=policy.number("duplicates.days"))
    query = (
        select(*_columns())
        .where(where, orders.created_at >= since, orders.created_at <= until)
        .where(orders.order_no != row["order_no"], orders.state.in_(UNANSWERED))
        .order_by(orders.created_at.desc())
        .limit(policy.number("duplicates.most_read"))
    )
    return db.execute(query).mappings().all()
