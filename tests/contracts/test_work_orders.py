"""The contract of `WorkOrderSystem`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from actions.backends.ports import WorkOrderNotFound


def file(systems, key="k", kind="call_back", owner="c-1"):
    """One work order."""
    return systems.work_orders.create(
        kind=kind, text="请回电说明补正要求", contact="王小明", phone="13800138000", owner=owner, key=key
    )


def test_an_order_comes_back_whole(systems, clock):
    order = file(systems)
    assert (order.kind, order.text, order.contact, order.phone) == (
        "call_back", "请回电说明补正要求", "王小明", "13800138000",
    )
    assert (order.state, order.owner, order.created_at) == ("accepted", "c-1", clock.now)
    assert list(systems.work_orders.orders("c-1")) == [order]
    assert list(systems.work_orders.orders("c-2")) == []


def test_the_same_key_files_once(systems):
    first = file(systems)
    assert file(systems) == first
    assert len(systems.work_orders.orders("c-1")) == 1
    assert file(systems, key="k2").order_no != first.order_no


def test_the_same_key_from_many_threads_files_once(systems):
    with ThreadPoolExecutor(8) as pool:
        numbers = {o.order_no for o in pool.map(lambda _: file(systems), range(24))}
    assert len(numbers) == 1


@pytest.mark.parametrize(
    ("filed", "kind", "due"),
    [
        ("2026-11-24T10:00", "call_back", date(2026, 11, 25)),
        ("2026-11-27T17:30", "call_back", date(2026, 11, 30)),  # Friday -> Monday
        ("2026-09-30T10:00", "call_back", date(2026, 10, 8)),  # over National Day
        ("2026-09-30T10:00", "complaint", date(2026, 10, 13)),  # 8, 9, 10 (Saturday at work), 12, 13
        ("2026-10-03T10:00", "call_back", date(2026, 10, 8)),  # filed on a holiday
    ],
)
def test_due_days_are_working_days(systems, clock, filed, kind, due):
    clock.set(filed)
    assert file(systems, kind=kind).due_on == due


def test_the_newest_order_comes_first(systems, clock):
    old = file(systems, key="a")
    clock.move(minutes=5)
    new = file(systems, key="b")
    assert list(systems.work_orders.orders("c-1")) == [new, old]


def test_the_owner_and_whoever_knows_the_phone_find_it(systems):
    order = file(systems)
    assert systems.work_orders.find(order.order_no, owner="c-1") == order
    assert systems.work_orders.find(order.order_no, owner="c-2", phone_last4="8000") == order


@pytest.mark.parametrize("last4", [None, "", "0000", "000"])
def test_a_stranger_neither_sees_urges_nor_withdraws_it(systems, last4):
    order = file(systems)
    for act in (
        lambda number: systems.work_orders.find(number, owner="c-2", phone_last4=last4),
        lambda number: systems.work_orders.urge(number, owner="c-2", key="k", phone_last4=last4),
        lambda number: systems.work_orders.withdraw(number, owner="c-2", reason="", phone_last4=last4),
    ):
        for number in (order.order_no, "GD2611240000000X"):
            with pytest.raises(WorkOrderNotFound) as refusal:
                act(number)
            assert refusal.value.args == ()
    assert systems.work_orders.find(order.order_no, owner="c-1") == order


def test_urging_counts_once_per_message(systems):
    order = file(systems)
    for key in ("m1", "m1", "m2"):
        urged = systems.work_orders.urge(order.order_no, owner="c-1", key=key)
    assert urged.urged == 2 and urged.state == "accepted"
    assert systems.work_orders.orders("c-1")[0].urged == 2


def test_withdrawing_is_final_and_idempotent(systems):
    order = file(systems)
    first = systems.work_orders.withdraw(order.order_no, owner="c-1", reason="已经解决")
    assert first.state == "withdrawn"
    assert systems.work_orders.withdraw(order.order_no, owner="c-1", reason="x") == first
    assert systems.work_orders.urge(order.order_no, owner="c-1", key="m") == first
