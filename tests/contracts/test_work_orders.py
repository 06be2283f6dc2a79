"""The contract of `WorkOrderSystem`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest


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
