"""The line for full slots. A place that falls free is held for the first in line, in the same transaction.

So a place is never free while somebody who wants it waits, and nobody is passed over: the line is the order
of the ids, and every step (offer, expiry, next offer) is one transaction under the day's lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from actions.backends.booking_rows import Desk, Person, starts
from actions.backends.booking_rules import check_same_slot
from actions.backends.notices import post, withdraw
from actions.backends.ports import DuplicateBooking, Wait
from actions.backends.reminders import when
from actions.backends.slot_rows import bookable, by_id, give_back, of_day, slot, take_place
from actions.backends.tables import waits

IN_LINE = ("waiting", "offered")
KIND = "waitlist_offer"


def join(desk: Desk, db: Connection, *, hall_id: str, day: date, wish: tuple[str, str], who: Person) -> int:
    """Write a turn at the end of the line; `wish`: (session, slot id). Returns its id."""
    vault = desk.store.vault
    row = {
        "key": vault.seal("waits.key", who.key),
        "key_digest": vault.digest("key", who.key),
        "hall_id": hall_id,
        "day": day,
        "session": wish[0],
        "slot_id": wish[1],
        "item_id": who.item_id,
        "item": who.item,
        "name": vault.seal("waits.name", who.name),
        "phone": vault.seal("waits.phone", who.phone),
        "phone_digest": vault.digest("phone", who.phone),
        "state": "waiting",
        "owner": who.owner,
        "created_at": desk.store.clock(),
    }
    return int(db.execute(insert(waits).values(**row).returning(waits.c.id)).scalar_one())


def wants(wait: RowMapping | dict[str, str], row: RowMapping) -> bool:
    """True when a slot is what this turn waits for."""
    if wait["slot_id"]:
        return bool(wait["slot_id"] == row["id"])
    return wait["session"] in ("", row["session"])


def line(db: Connection, hall_id: str, day: date, state: str = "waiting") -> Sequence[RowMapping]:
    """The turns of a hall's day in one state, first in line first."""
    asked = select(waits).where(waits.c.hall_id == hall_id, waits.c.day == day, waits.c.state == state)
    return db.execute(asked.order_by(waits.c.id)).mappings().all()


def offer_on(desk: Desk, db: Connection, hall_id: str, day: date) -> int:
    """Offer every free place of the day to the first in line who wants it. Under the day's lock."""
    queue = line(db, hall_id, day)
    if not queue:
        return 0
    now, made = desk.store.clock(), 0
    rows = [row for row in of_day(db, hall_id, day) if bookable(desk, row, now)]
    left = {row["id"]: row["capacity"] - row["taken"] for row in rows}
    for wait in queue:
        fits = [r for r in rows if left[r["id"]] > 0 and wants(wait, r)]
        fits = [r for r in fits if not _holds(desk, db, r["id"], wait)]
        if fits:
            _offer(desk, db, wait, fits[0], now)
            left[fits[0]["id"]] -= 1
            made += 1
    return made


def _holds(desk: Desk, db: Connection, slot_id: str, wait: RowMapping) -> bool:
    """True when the phone has a place there already: it needs no second one, and keeps its turn."""
    try:
        check_same_slot(desk, db, slot_id, desk.store.vault.open("waits.phone", wait["phone"]))
    except DuplicateBooking:
        return True
    return False


def _offer(desk: Desk, db: Connection, wait: RowMapping, row: RowMapping, now: datetime) -> None:
    policy = desk.plan.policy
    until = min(
        now + timedelta(minutes=policy.offer_minutes),
        starts(row) - timedelta(minutes=policy.cut_off_minutes),
    )
    take_place(db, row["id"])
    _set(db, wait["id"], state="offered", offered_slot=row["id"], offered_at=now, offer_until=until)
    payload = {
        "wait_id": str(wait["id"]),
        "item": wait["item"],
        "hall": desk.hall(row["hall_id"]).name,
        "when": when(row["day"], row["start"]),
        "until": f"{until:%H:%M}",
    }
    key = _notice(wait["id"], now)
    post(db, key=key, owner=wait["owner"], kind=KIND, payload=payload, due_at=now)


def _notice(wait_id: int, offered_at: datetime) -> str:
    return f"{KIND}:{wait_id}:{offered_at.isoformat()}"


def _set(db: Connection, wait_id: int, **values: Any) -> None:
    db.execute(update(waits).where(waits.c.id == wait_id).values(**values))


def accept(db: Connection, wait: RowMapping, booking_no: str) -> None:
    """The held place is the booking's from now on."""
    withdraw(db, _notice(wait["id"], wait["offered_at"]))
    _set(db, wait["id"], state="accepted", booking_no=booking_no)


def end(db: Connection, wait: RowMapping, state: str) -> None:
    """End a turn, giving the held place back; a turn taken back (state "waiting") keeps its place in line."""
    if wait["state"] == "offered":
        withdraw(db, _notice(wait["id"], wait["offered_at"]))
        give_back(db, wait["offered_slot"])
    _set(db, wait["id"], state=state, offered_slot=None, offered_at=None, offer_until=None)


def expire(desk: Desk, db: Connection, hall_id: str, day: date) -> list[tuple[int, str]]:
    """End offers that nobody took in time, and turns for which no slot is left. [(id, new state)]."""
    now, done = desk.store.clock(), []
    for wait in line(db, hall_id, day, "offered"):
        if wait["offer_until"] <= now:
            end(db, wait, "expired")
            done.append((wait["id"], "expired"))
    if day > now.date():
        return done
    open_rows = [r for r in of_day(db, hall_id, day) if _to_come(desk, r, now)]
    for wait in line(db, hall_id, day):
        if not any(wants(wait, row) for row in open_rows):
            end(db, wait, "lapsed")
            done.append((wait["id"], "lapsed"))
    return done


def _to_come(desk: Desk, row: RowMapping, now: datetime) -> bool:
    """Before its cut-off; a closed one may be opened again."""
    return starts(row) - timedelta(minutes=desk.plan.policy.cut_off_minutes) > now


def days_due(db: Connection, now: datetime) -> list[tuple[str, date]]:
    """(hall, day) where `expire` or `offer_on` may have something to do."""
    late = (waits.c.state == "offered") & (waits.c.offer_until <= now)
    over = (waits.c.state == "waiting") & (waits.c.day <= now.date())
    asked = select(waits.c.hall_id, waits.c.day).where(late | over).distinct()
    return sorted((row.hall_id, row.day) for row in db.execute(asked))


def wait_row(db: Connection, wait_id: int) -> RowMapping | None:
    """One turn."""
    return db.execute(select(waits).where(waits.c.id == wait_id)).mappings().first()


def person(desk: Desk, wait: RowMapping) -> Person:
    """Who waits; the key is that of the booking that an accepted offer becomes."""
    vault = desk.store.vault
    return Person(
        wait["item_id"],
        wait["item"],
        vault.open("waits.name", wait["name"]),
        vault.open("waits.phone", wait["phone"]),
        wait["owner"],
        f"wait:{wait['id']}",
    )


def view(desk: Desk, db: Connection, wait: RowMapping) -> Wait:
    """A row as a turn in line."""
    place = 0
    if wait["state"] == "waiting":
        before = (
            (waits.c.hall_id == wait["hall_id"])
            & (waits.c.day == wait["day"])
            & (waits.c.state == "waiting")
            & (waits.c.id < wait["id"])
        )
        place = 1 + int(db.execute(select(func.count()).select_from(waits).where(before)).scalar_one())
    offered = by_id(db, wait["offered_slot"]) if wait["offered_slot"] else None
    return Wait(
        id=wait["id"],
        hall=desk.hall(wait["hall_id"]),
        day=wait["day"],
        session=wait["session"],
        slot_id=wait["slot_id"],
        item_id=wait["item_id"],
        item=wait["item"],
        state=wait["state"],
        place=place,
        owner=wait["owner"],
        offered=slot(offered) if offered else None,
        until=wait["offer_until"] if wait["state"] == "offered" else None,
        booking_no=wait["booking_no"] or "",
    )
