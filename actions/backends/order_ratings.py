"""How a rating of a work order reaches the order: in the transaction of whichever of the two comes last.

A citizen may rate as soon as there is an answer; the order takes the rating after its call-back. Until then
the rating waits in its own table, and the step that makes it fit (call-back, closing) takes it along.
"""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, select

from actions.backends.order_book import OrderBook
from actions.backends.order_states import allowed
from actions.backends.tables import ratings, work_orders
from actions.backends.vault import Vault

KIND = "work_order"
NOBODY = "anonymous"
"""Who rates an anonymous order, in history and trail."""
VEIL = "anon:"
"""Stands before the keyed hash that takes the place of whoever rated an anonymous order."""
LONGEST_OWNER = 64


def order_of(subject: str) -> str:
    """The order that "work_order:NO" or "work_order:NO:filing" names; "" for any other subject."""
    kind, _, rest = subject.partition(":")
    return rest.split(":")[0] if kind == KIND and "\0" not in rest else ""


def is_result(subject: str) -> bool:
    """True for "work_order:NO", which rates what became of it; ":filing" rates only how it was taken in."""
    return subject == f"{KIND}:{order_of(subject)}" and bool(order_of(subject))


def is_anonymous(db: Connection, subject: str) -> bool:
    """True if nobody may learn from the rating which conversation filed the order."""
    number = order_of(subject)
    if not number:
        return False
    found = select(work_orders.c.anonymous).where(work_orders.c.order_no == number)
    return bool(db.execute(found).scalar())


def veiled(vault: Vault, text: str) -> tuple[str, ...]:
    """What is kept in place of a conversation or a key: its hash under every data key, the current first."""
    return tuple(f"{VEIL}{digest}"[:LONGEST_OWNER] for digest in vault.digests("rating_owner", text))


def pass_on(db: Connection, book: OrderBook, order: RowMapping) -> RowMapping:
    """Let the order (held, fresh) take the rating that waits for it, if it can now; returns it as it is then.

    The order is rated once (`order_steps.once`), so whoever comes second finds nothing to do.
    """
    may = allowed(order["state"], anonymous=order["anonymous"], rated=order["level"] is not None)
    if "rate" not in may or order["level"] is not None:
        return order
    mine = ratings.c.subject == f"{KIND}:{order['order_no']}"
    given = db.execute(select(ratings.c.level, ratings.c.owner).where(mine)).first()
    if given is None:
        return order
    who = NOBODY if order["anonymous"] else given.owner or NOBODY
    key = f"rate:{order['order_no']}:rating"
    return book.step(db, order, "rate", actor=who, key=key, changes={"level": given.level})
