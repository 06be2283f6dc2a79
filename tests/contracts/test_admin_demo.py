"""Demo data: in every state, marked, the same for a seed, and gone without a trace of real rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from actions.backends import audit
from actions.backends.demo_clear import clear
from actions.backends.demo_data import fill
from actions.backends.demo_orders import ORDER_STATES
from actions.backends.demo_run import Amounts
from actions.backends.tables import bookings, cases, metadata, ratings, slots, work_orders
from actions.departments import Proposer

PROPOSE = Proposer().propose
AMOUNTS = Amounts(cases=8, bookings=20, orders=24, ratings=24)
STAY = {"audit_log", "slots"}
KINDS = {"cases", "bookings", "waits", "closures", "work_orders", "ratings"}


def counts(store):
    with store.engine.connect() as db:
        return {
            table.name: db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name not in STAY
        }


def taken(store):
    with store.engine.connect() as db:
        return db.execute(select(func.coalesce(func.sum(slots.c.taken), 0))).scalar_one()


def real(stand):
    """A booking, a work order and a rating of a real citizen."""
    systems, day = stand.systems, stand.store.clock().date() + timedelta(days=2)
    hall = next(h for h in systems.bookings.halls() if systems.bookings.free_slots(h.id, day))
    slot = systems.bookings.free_slots(hall.id, day)[0]
    booked = systems.bookings.book(
        slot.id, item_id="x", item="居住证申领", name="张三", phone="13900001234", owner="c1", key="k"
    )
    order = systems.work_orders.create(
        kind="complaint", text="路灯坏了", contact="李四", phone="13900001235", owner="c2", key="k"
    )
    systems.ratings.rate(
        subject=f"booking:{booked.booking_no}", level=1, reasons=(), comment="慢", channel="x", owner="c1"
    )
    return booked, order


def test_filled_in_every_state_and_cleared_without_touching_real_rows(stand):
    booked, order = real(stand)
    before, places = counts(stand.store), taken(stand.store)
    made = fill(stand.store, 1, AMOUNTS, PROPOSE)
    assert {f"work_orders.{state}" for state in (*ORDER_STATES, "anonymous")} <= made.keys()
    alerts = stand.systems.work_orders.overdue(actor="tester")
    assert "unresolved" in {alert.kind for alert in alerts}
    rows = stand.systems.work_orders.figures(
        start=stand.store.clock().date() - timedelta(days=60),
        end=stand.store.clock().date() + timedelta(days=1),
    )
    assert rows[0].reopened >= 2
    states = {"booked", "cancelled", "no_show", "displaced"}
    assert all(made[f"bookings.{state}"] > 0 for state in states)
    assert made["waits.offered"] == 1 and made["waits.waiting"] == 2
    assert sum(n for name, n in made.items() if name.startswith("cases.")) == 8 and len(made) > 18
    assert sum(name.startswith("rectifications.") for name in made) >= 3
    again = counts(stand.store)
    fill(stand.store, 1, AMOUNTS, PROPOSE)
    later = counts(stand.store)
    assert {n: c for n, c in later.items() if n in KINDS} == {
        n: c for n, c in again.items() if n in KINDS
    }
    gone = clear(stand.store, "tester")
    assert gone["work_orders"] == 24 and gone["cases"] == 8
    assert counts(stand.store) == before
    assert taken(stand.store) == places == 1
    assert stand.systems.bookings.find(booked.booking_no, owner="c1") == booked
    assert stand.systems.work_orders.find(order.order_no, owner="c2").text == "路灯坏了"
    assert audit.verify(stand.store)[1] == []
    assert clear(stand.store, "tester") == {}


def test_everything_is_marked(stand):
    fill(stand.store, 3, Amounts(4, 6, 12, 6), PROPOSE)
    seeded = 0
    with stand.store.engine.connect() as db:
        for table in (bookings, work_orders, ratings):
            rows = db.execute(select(table)).mappings().all()
            hidden = [row for row in rows if table is work_orders and row["anonymous"]]
            assert all((row["owner"], row["channel"]) == ("", "demo") for row in hidden)
            assert rows and all(row["owner"].startswith("demo:3:") for row in rows if row not in hidden)
            assert len(hidden) == (table is work_orders)
            for row in (row for row in rows if row not in hidden):
                phone = stand.store.vault.open(f"{table.name}.phone", row["phone"])
                assert phone.startswith("1990000") or (table is ratings and phone == "")
        for row in db.execute(select(cases).where(cases.c.result_where == "演示窗口")).mappings():
            seeded += 1
            assert row["demo"]
            assert stand.store.vault.open("cases.applicant", row["applicant"]).startswith("演示")
    assert seeded == 4


@pytest.mark.parametrize("amounts", [Amounts(cases=-1), Amounts(orders=10_001)])
def test_impossible_amounts_are_refused(stand, amounts):
    before = counts(stand.store)
    with pytest.raises(ValueError, match="负数|最多"):
        fill(stand.store, 1, amounts, PROPOSE)
    assert counts(stand.store) == before
