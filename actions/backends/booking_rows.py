"""Bookings as rows: personal data sealed on the way in, opened on the way out, found by digest."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, insert, select
from sqlalchemy.exc import IntegrityError

from actions.backends import audit
from actions.backends.clock import SHANGHAI
from actions.backends.numbers import BOOKING, new_number
from actions.backends.ports import Booking, BookingNotFound, BookingRefused, Hall, Missed
from actions.backends.slot_plan import HallPlan
from actions.backends.store import Store
from actions.backends.tables import bookings, slots

LENGTHS = {"item_id": 60, "item": 80, "name": 40, "phone": 20, "owner": 64, "key": 200}
"""Most characters of each value, as wide as its column was or is."""
LEAST_DIGITS = 5
MOBILE = re.compile(r"(?:0086|86|0)?(1[3-9]\d{9})", re.ASCII)
DEMO = "demo:"
"""Owners of demo data begin with it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What everything about bookings works on: the store, and the plan of halls."""

    store: Store
    plan: HallPlan

    def hall(self, hall_id: str) -> Hall:
        """A hall of the plan; one that the plan no longer has is shown by its id."""
        gone = Hall(hall_id, hall_id, (), "", "", False)
        return next((hall for hall in self.plan.halls if hall.id == hall_id), gone)

    def note(self, db: Connection, actor: str, action: str, subject: str, **detail: str) -> None:
        """The audit row; the last thing in a transaction."""
        audit.record(
            db,
            self.store.vault,
            at=self.store.clock(),
            actor=actor[:64],
            action=action,
            subject=subject,
            detail=detail,
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Who a place is for, what for, and who asked."""

    item_id: str
    item: str
    name: str
    phone: str
    owner: str
    key: str

    def checked(self) -> Person:
        """The same with the phone in digits. Raises BookingRefused."""
        for field, most in LENGTHS.items():
            value = getattr(self, field)
            if not value.strip() or len(value) > most or "\0" in value:
                raise BookingRefused(field, f"1 to {most} characters")
        phone = phone_digits(self.phone)
        if len(phone) < LEAST_DIGITS:
            raise BookingRefused("phone", f"at least {LEAST_DIGITS} digits")
        return Person(self.item_id, self.item, self.name, phone, self.owner, self.key)


def phone_digits(text: str) -> str:
    """The digits of a phone, without the country's 86 (or a trunk 0) before a mobile number.

    >>> phone_digits("+86 138-0013 8000")
    '13800138000'
    """
    digits = "".join(c for c in unicodedata.normalize("NFKC", text) if c in "0123456789")
    mobile = MOBILE.fullmatch(digits)
    return mobile[1] if mobile else digits


def plain_name(text: str) -> str:
    """A name as it is compared: width and spaces do not make another person."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def starts(row: RowMapping | Mapping[str, Any]) -> datetime:
    """When the slot of a row with `day` and `start` begins."""
    return datetime.combine(row["day"], time.fromisoformat(row["start"]), SHANGHAI)


def joined() -> Select[Any]:
    """Bookings with hall, day and times of their slots."""
    return select(bookings, slots.c.hall_id, slots.c.day, slots.c.start, slots.c.end, slots.c.session).join(
        slots, slots.c.id == bookings.c.slot_id
    )


def row_of(db: Connection, where: ColumnElement[bool]) -> RowMapping | None:
    """One booking's row."""
    return db.execute(joined().where(where)).mappings().first()


def known(desk: Desk, db: Connection, where: ColumnElement[bool]) -> Booking:
    """A booking that is there."""
    row = row_of(db, where)
    assert row is not None, "a booking vanished inside its own transaction"
    return booking(desk, row)


def booking(desk: Desk, row: RowMapping, missed: Missed | None = None) -> Booking:
    """Open a row of `joined`; `missed`: what the no-show rule says, where that was asked."""
    vault = desk.store.vault
    return Booking(
        booking_no=row["booking_no"],
        item_id=row["item_id"],
        item=row["item"],
        hall=desk.hall(row["hall_id"]),
        day=row["day"],
        start=time.fromisoformat(row["start"]),
        end=time.fromisoformat(row["end"]),
        name=vault.open("bookings.name", row["name"]),
        phone=vault.open("bookings.phone", row["phone"]),
        status=row["status"],
        owner=row["owner"],
        demo=not desk.plan.verified or row["owner"].startswith(DEMO),
        voucher=row["voucher"],
        missed=missed,
    )


def there(db: Connection, booking_no: str) -> RowMapping:
    """The row of a booking that was proven (`Proof`). Raises BookingNotFound: it may be gone since."""
    row = row_of(db, bookings.c.booking_no == booking_no)
    if row is None:
        raise BookingNotFound
    return row


def insert_booking(desk: Desk, db: Connection, slot_id: str, day: date, person: Person) -> str:
    """Write a booking and return its number. The place is the caller's business."""
    vault = desk.store.vault
    values = {
        "key": vault.seal("bookings.key", person.key),
        "key_digest": vault.digest("key", person.key),
        "slot_id": slot_id,
        "item_id": person.item_id,
        "item": person.item,
        "name": vault.seal("bookings.name", person.name),
        "phone": vault.seal("bookings.phone", person.phone),
        "phone_digest": vault.digest("phone", person.phone),
        "status": "booked",
        "owner": person.owner,
        "created_at": desk.store.clock(),
        "voucher": secrets.token_urlsafe(24),
        "sequence": 0,
    }
    for _ in range(20):
        number = new_number(BOOKING, day)
        try:
            with db.begin_nested():
                db.execute(insert(bookings).values(booking_no=number, **values))
            return number
        except IntegrityError as clash:
            if "booking_no" not in str(clash.orig) and "bookings_pkey" not in str(clash.orig):
                raise
    raise RuntimeError(f"no free booking number for {day} after 20 tries; widen the number")


def active_of_phone(desk: Desk, phone: str) -> ColumnElement[bool]:
    """Bookings of a phone whose slots have not begun."""
    now = desk.store.clock()
    ahead = (slots.c.day > now.date()) | ((slots.c.day == now.date()) & (slots.c.start > f"{now:%H:%M}"))
    return (
        bookings.c.phone_digest.in_(desk.store.vault.digests("phone", phone))
        & (bookings.c.status == "booked")
        & ahead
    )


def count(db: Connection, where: ColumnElement[bool]) -> int:
    """How many bookings."""
    asked = select(func.count()).select_from(bookings.join(slots, slots.c.id == bookings.c.slot_id))
    return int(db.execute(asked.where(where)).scalar_one())
