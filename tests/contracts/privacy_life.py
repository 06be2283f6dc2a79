"""The scripted life of one person with the service, and of another who must never show up in it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from sqlalchemy import inspect, text, update

from actions.backends.ports import BackendError
from actions.backends.tables import cases
from actions.server import Systems
from tests.contracts.implementations import KNOWN

SATURDAY = date(2026, 11, 28)


@dataclass(frozen=True)
class Citizen:
    """What identifies somebody, and what they wrote."""

    name: str
    phone: str
    id_no: str
    place: str
    words: str
    owner: str

    def needles(self) -> tuple[str, ...]:
        return (self.name, self.phone, self.id_no, self.place, self.words)


ANNA = Citizen(
    "欧阳静雯", "13970912345", "360102199003071234", "红谷滩区绿茵路129号", "窗口排了整整一上午", "c-anna"
)
BORIS = Citizen(
    "司马青山", "13870598765", "360103198507214321", "青云谱区洪都大道7号", "电梯坏了没人修", "c-boris"
)


def life(systems: Systems, who: Citizen, slot: int = 0) -> dict[str, str]:
    """Book, complain, look up, rate badly with a phone; returns the numbers."""
    free = systems.bookings.free_slots("donghu", SATURDAY)[slot]
    booked = systems.bookings.book(
        free.id, item_id="residence-permit", item="居住证申领", name=who.name, phone=who.phone,
        owner=who.owner, key=f"{who.owner}:1:{who.phone}",
    )  # fmt: skip
    order = systems.work_orders.create(
        kind="complaint", text=f"{who.words}，我是{who.name}，电话{who.phone}，住{who.place}",
        contact=who.name, phone=who.phone, owner=who.owner, key=f"{who.owner}:2", place=who.place,
    )  # fmt: skip
    for last4 in ("0000", KNOWN.phone_last4):
        with suppress(BackendError):
            systems.cases.status(KNOWN.case_no, phone_last4=last4, client=who.owner)
    systems.ratings.rate(
        subject=f"booking:{booked.booking_no}", level=1, reasons=[who.words], comment="", channel="portal",
        owner=who.owner, phone=who.phone,
    )  # fmt: skip
    systems.ratings.rate(
        subject=f"work_order:{order.order_no}", level=4, reasons=["答复及时"],
        comment=f"{who.name} {who.words}", channel="portal", owner=who.owner,
    )  # fmt: skip
    return {"booking": booked.booking_no, "order": order.order_no}


def own_case(store, who: Citizen) -> None:
    """Make the known case this person's."""
    values = {
        "applicant": store.vault.seal("cases.applicant", who.name),
        "identity": store.vault.seal("cases.identity", who.id_no),
        "identity_digest": store.vault.digest("id_no", who.id_no),
    }
    with store.begin() as db:
        db.execute(update(cases).where(cases.c.case_no == KNOWN.case_no).values(**values))


def put_right(systems: Systems, subject: str) -> None:
    """All the way to closed."""
    ratings = systems.ratings
    ratings.assign(subject, department="政数局", officer="li", actor="li", reason="", key="1")
    ratings.add_evidence(subject, text="已加开窗口", attachments=[], actor="li", key="2")
    for step in ("verified", "rectified", "called_back", "closed"):
        ratings.advance(subject, to=step, actor="li", reason="", key=step)


def dump(engine) -> str:
    """Every value of every column of every table there is, as text."""
    with engine.connect() as db:
        return "\n".join(
            str(tuple(row))
            for table in inspect(db).get_table_names()
            for row in db.execute(text(f'SELECT * FROM "{table}"'))
        )


def file_bytes(folder) -> bytes:
    """The SQLite file and what stands beside it."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("services.db*")))
