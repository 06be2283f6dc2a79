"""Which item and department a rated record belongs to, for the figures."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from actions.backends.tables import metadata

RECORDS = {
    "booking": ("bookings", "booking_no"),
    "case": ("cases", "case_no"),
    "work_order": ("work_orders", "order_no"),
}
"""Kind of subject -> table and the column of its number."""


LONGEST = {"item": 80, "department": 40}
"""Characters that a rating keeps; a record may hold more."""


@dataclass(frozen=True, slots=True)
class RatedService:
    """Both "" where nothing is known."""

    item: str = ""
    department: str = ""


def rated_service(db: Connection, subject: str) -> RatedService:
    """What the record of "booking:NO", "case:NO:…" says; the item of "guide:ID:…" is the guide's id.

    "work_order:NO:filing" is about the hotline, not about the department that has the order.
    """
    kind, _, rest = subject.partition(":")
    number = rest.split(":")[0]
    if kind == "guide":
        return RatedService(item=number[:80])
    if kind not in RECORDS or (kind == "work_order" and rest != number):
        return RatedService()
    name, column = RECORDS[kind]
    table = metadata.tables[name]
    wanted = [c for c in ("item", "department") if c in table.c and not table.c[c].info.get("sealed")]
    row = (
        db.execute(select(*(table.c[c] for c in wanted)).where(table.c[column] == number)).mappings().first()
    )
    return RatedService(**{c: str(row[c] or "")[: LONGEST[c]] for c in wanted}) if row else RatedService()
