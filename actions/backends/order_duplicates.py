"""Orders about the same matter: likeness of words, and who else to compare with. Candidates only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from actions.backends.order_policy import OrderPolicy
from actions.backends.order_states import UNANSWERED
from actions.backends.ports import DuplicateCandidate
from actions.backends.store import Store
from actions.backends.tables import work_orders

NOT_WORDS = re.compile(r"[\W_]+")


def trigrams(text: str) -> frozenset[str]:
    """The runs of three characters of a text, folded and without punctuation; a short text is one run."""
    plain = NOT_WORDS.sub("", unicodedata.normalize("NFKC", text)).lower()
    if len(plain) < 3:
        return frozenset({plain} if plain else ())
    return frozenset(plain[i : i + 3] for i in range(len(plain) - 2))


def similarity(one: str, other: str) -> float:
    """Likeness of two texts, 0 to 1: twice the trigrams they share over all that they have (Dice)."""
    a, b = trigrams(one), trigrams(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def place_of(policy: OrderPolicy, text: str) -> str:
    """The first thing in the words that looks like a street, an estate or the like; "" without one."""
    found = policy.place.search(text)
    return found.group(1) if found else ""


def district_of(policy: OrderPolicy, text: str) -> str:
    """The district that is named first in the words; "" without one."""
    places = [
        (text.index(word), name) for name, words in policy.districts.items() for word in words if word in text
    ]
    return min(places)[1] if places else ""


def own_similar(
    db: Connection, store: Store, policy: OrderPolicy, owner: str, text: str
) -> Sequence[RowMapping]:
    """The owner's unanswered orders that sound like `text`, likeliest first."""
    rows = db.execute(
        select(work_orders)
        .where(work_orders.c.owner == owner, work_orders.c.state.in_(UNANSWERED))
        .order_by(work_orders.c.created_at.desc())
        .limit(policy.number("duplicates.most_read"))
    ).mappings()
    scored = [(similarity(text, store.vault.open("work_orders.text", row["text"])), row) for row in rows]
    near = [pair for pair in scored if pair[0] >= policy.numbers["duplicates.own"]]
    return [row for _, row in sorted(near, key=lambda pair: -pair[0])]


def candidates(
    db: Connection, store: Store, policy: OrderPolicy, row: RowMapping
) -> Sequence[DuplicateCandidate]:
    """Other unanswered orders that may be about the same, likeliest first.

    Looked for by the phone's digest, the place's digest and the topic, each by its index; of each at most
    `duplicates.most_read` texts are opened.
    """
    text = store.vault.open("work_orders.text", row["text"])
    found: dict[str, DuplicateCandidate] = {}
    for because, where in _same(store, row).items():
        for other in _rows(db, policy, row, where):
            likeness = similarity(text, store.vault.open("work_orders.text", other["text"]))
            number = other["order_no"]
            if likeness < policy.numbers[f"duplicates.{because}"] or number in found:
                continue
            found[number] = DuplicateCandidate(
                number, other["state"], other["created_at"], round(likeness, 3), because
            )
    return sorted(found.values(), key=lambda one: (-one.similarity, one.order_no))


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
        select(orders.order_no, orders.state, orders.created_at, orders.text)
        .where(where, orders.created_at >= since, orders.created_at <= until)
        .where(orders.order_no != row["order_no"], orders.state.in_(UNANSWERED))
        .order_by(orders.created_at.desc())
        .limit(policy.number("duplicates.most_read"))
    )
    return db.execute(query).mappings().all()
