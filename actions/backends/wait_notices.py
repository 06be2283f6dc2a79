"""What those in line are told: a place held for them, taken back, run out, or never come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from actions.backends.booking_rows import Desk
from actions.backends.notices import post, withdraw
from actions.backends.reminders import day_words, when
from actions.backends.slot_rows import by_id
from actions.backends.tables.notices import notices

OFFER, REPLACEMENT = "waitlist_offer", "displaced_offer"
TAKEN_BACK, RAN_OUT, IN_VAIN = "waitlist_taken_back", "waitlist_expired", "waitlist_lapsed"


def tell_offer(
    desk: Desk,
    db: Connection,
    wait: RowMapping,
    row: RowMapping,
    *,
    made: datetime,
    tell: datetime,
    until: datetime,
) -> None:
    """A place is held; told at `tell`. The kind says whether it stands in for a displaced booking."""
    payload = _payload(desk, wait, row) | {
        "wait_id": str(wait["id"]),
        "until": when(until.date(), f"{until:%H:%M}"),
        "booking_no": wait["booking_no"] or "",
    }
    kind = REPLACEMENT if wait["booking_no"] else OFFER
    post(db, key=_key(wait["id"], made), owner=wait["owner"], kind=kind, payload=payload, due_at=tell)


def tell_taken_back(desk: Desk, db: Connection, wait: RowMapping) -> None:
    """A closure took the place: said only to whoever was told of the offer. Before the row changes."""
    if withdraw_offer(db, wait):
        _tell(desk, db, wait, TAKEN_BACK)


def tell_ran_out(desk: Desk, db: Connection, wait: RowMapping) -> None:
    """Nobody took the offer in time. Before the row changes."""
    withdraw_offer(db, wait)
    _tell(desk, db, wait, RAN_OUT)


def tell_in_vain(desk: Desk, db: Connection, wait: RowMapping) -> None:
    """The day is over and no place came."""
    _tell(desk, db, wait, IN_VAIN)


def withdraw_offer(db: Connection, wait: RowMapping) -> bool:
    """Take back the notice of an offer that nobody was told yet; True when it was told."""
    key = _key(wait["id"], wait["offered_at"])
    told = db.execute(select(notices.c.told_at).where(notices.c.key == key)).scalar()
    withdraw(db, key)
    return told is not None


def _tell(desk: Desk, db: Connection, wait: RowMapping, kind: str) -> None:
    now = desk.store.clock()
    row = by_id(db, wait["offered_slot"]) if wait["offered_slot"] else None
    key = f"{kind}:{wait['id']}:{now.isoformat()}"
    post(db, key=key, owner=wait["owner"], kind=kind, payload=_payload(desk, wait, row), due_at=now)


def _payload(desk: Desk, wait: RowMapping, row: RowMapping | None) -> dict[str, str]:
    at = when(row["day"], row["start"]) if row else day_words(wait["day"])
    return {"item": wait["item"], "hall": desk.hall(wait["hall_id"]).name, "when": at}


def _key(wait_id: int, offered_at: datetime) -> str:
    return f"{OFFER}:{wait_id}:{offered_at.isoformat()}"
