"""Turns in line as rows: personal data sealed on the way in, opened on the way out; who is before whom.

The line is the order of joining. Before it come those whose booking a closure displaced: they had a place.
Such a turn names its booking from the start (`booking_no`); accepting an offer moves that booking.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from actions.backends.booking_rows import Desk, Person
from actions.backends.ports import Booking, Wait
from actions.backends.slot_rows import by_id, of_day, slot
from actions.backends.tables import waits

IN_LINE = ("waiting", "offered")


def add_turn(
    desk: Desk,
    db: Connection,
    *,
    hall_id: str,
    day: date,
    wish: tuple[str, str],
    who: Person,
    moves: str = "",
) -> int:
    """Write a turn; `wish`: (session, slot id); `moves`: the displaced booking it is for. Returns its id."""
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
        "booking_no": moves or None,
    }
    return int(db.execute(insert(waits).values(**row).returning(waits.c.id)).scalar_one())


def put_first(desk: Desk, db: Connection, lost: Booking, times: int) -> None:
    """A turn before all others for a booking that lost its place; `times`: how often the booking changed."""
    key = f"displaced:{lost.booking_no}:{times}"
    who = Person(lost.item_id, lost.item, lost.name, lost.phone, lost.owner, key)
    add_turn(desk, db, hall_id=lost.hall.id, day=lost.day, wish=("", ""), who=who, moves=lost.booking_no)


def wants(wait: RowMapping | dict[str, str], row: RowMapping) -> bool:
    """True when a slot is what this turn waits for."""
    if wait["slot_id"]:
        return bool(wait["slot_id"] == row["id"])
    return wait["session"] in ("", row["session"])


def line(db: Connection, hall_id: str, day: date, state: str = "waiting") -> Sequence[RowMapping]:
    """The turns of a hall's day in one state, first in line first."""
    asked = select(waits).where(waits.c.hall_id == hall_id, waits.c.day == day, waits.c.state == state)
    return db.execute(asked.order_by(waits.c.booking_no.is_(None), waits.c.id)).mappings().all()


def set_turn(db: Connection, wait_id: int, **values: Any) -> None:
    """Change one turn."""
    db.execute(update(waits).where(waits.c.id == wait_id).values(**values))


def turn_row(db: Connection, wait_id: int) -> RowMapping | None:
    """One turn."""
    return db.execute(select(waits).where(waits.c.id == wait_id)).mappings().first()


def known_turn(db: Connection, wait_id: int) -> RowMapping:
    """A turn that is there."""
    row = turn_row(db, wait_id)
    assert row is not None, "a turn in line vanished inside its own transaction"
    return row


def of_owner(db: Connection, owner: str, today: date) -> list[RowMapping]:
    """Those in line, oldest first, then those whose offer ran out and that nothing followed."""
    mine = waits.c.owner == owner
    asked = select(waits).where(mine, waits.c.state.in_(IN_LINE)).order_by(waits.c.id)
    same = (waits.c.hall_id, waits.c.day, waits.c.phone_digest)
    last = select(func.max(waits.c.id)).where(mine, waits.c.day >= today).group_by(*same)
    out = select(waits).where(waits.c.id.in_(last), waits.c.state == "expired").order_by(waits.c.id)
    return [*db.execute(asked).mappings(), *db.execute(out).mappings()]


def person(desk: Desk, wait: RowMapping, key: str = "") -> Person:
    """Who waits; the key is by default that of the booking that an accepted offer becomes."""
    vault = desk.store.vault
    return Person(
        wait["item_id"],
        wait["item"],
        vault.open("waits.name", wait["name"]),
        vault.open("waits.phone", wait["phone"]),
        wait["owner"],
        key or f"wait:{wait['id']}",
    )


def view(desk: Desk, db: Connection, wait: RowMapping) -> Wait:
    """A row as a turn in line."""
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
        place=_place(db, wait) if wait["state"] == "waiting" else 0,
        owner=wait["owner"],
        offered=slot(offered) if offered else None,
        until=wait["offer_until"] if wait["state"] == "offered" else None,
        booking_no=wait["booking_no"] or "",
    )


def _place(db: Connection, wait: RowMapping) -> int:
    """1 and those before who may get a place that this turn waits for."""
    wanted = [row for row in of_day(db, wait["hall_id"], wait["day"]) if wants(wait, row)]
    place = 1
    for other in line(db, wait["hall_id"], wait["day"]):
        if other["id"] == wait["id"]:
            break
        place += any(wants(other, row) for row in wanted)
    return place
