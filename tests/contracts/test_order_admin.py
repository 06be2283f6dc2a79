"""`python -m actions.admin orders …`: from the list to the figures, on both databases."""

from __future__ import annotations

import argparse

import pytest

from actions.admin import orders
from actions.backends.local_work_orders import LocalWorkOrders
from actions.backends.ports import EvidenceMissing, IllegalTransition


@pytest.fixture
def run(stand):
    """`run("show", "GD…")` -> what the command returns."""
    parser = argparse.ArgumentParser()
    orders.register(parser.add_subparsers(dest="group", required=True))

    def call(*words):
        args = parser.parse_args(["orders", *words])
        args.actor = "张三"
        return args.run(args, stand.store)

    return call


@pytest.fixture
def filed(stand):
    return LocalWorkOrders(stand.store).create(
        kind="complaint", text="红谷滩区路灯坏了", contact="王小明", phone="13800138000", owner="c-1", key="k"
    )


def test_an_order_goes_its_way_by_commands(run, filed, tmp_path):
    no = filed.order_no
    assert [o["order_no"] for o in run("list", "--state", "accepted")] == [no]
    for _ in range(2):  # one key, one transfer
        assert run("transfer", no, "--department", "城管局", "--key", "t")["state"] == "transferred"
    with pytest.raises(IllegalTransition):
        run("transfer", no, "--department", "城管局")
    assert run("return", no, "--reason", "不归我局")["round"] == 2
    assert run("confirm", no, "--department", "住建局")["department"] == "住建局"
    assert run("transfer", no)["department"] == "住建局"
    run("start", no)
    assert run("extend", no, "--reason", "要采购", "--until", "2026-12-04")["due_on"] == "2026-12-04"
    run("answer", no, "--answer", "修好了")
    assert run("callback", no, "--reached", "--satisfied", "yes")["state"] == "called_back"
    with pytest.raises(EvidenceMissing, match=no):
        run("close", no)
    photo = tmp_path / "灯.jpg"
    photo.write_bytes(b"photo")
    with pytest.raises(FileNotFoundError):
        run("evidence", no, "--attach", str(tmp_path / "none.jpg"))
    run("evidence", no, "--attach", str(photo))
    assert run("close", no)["state"] == "closed"
    shown = run("show", no)
    assert (shown["phone"], shown["contact"]) == ("138****8000", "王**") and len(shown["steps"]) == 11
    (proof,) = shown["evidence"]
    assert (proof["media_type"], proof["size"]) == ("image/jpeg", 5) and shown["attachments"] == []
    out = tmp_path / "f.xlsx"
    (whole, *_) = run("figures", "--month", "2026-11", "--out", str(out))
    assert (whole["工单数"], whole["被退回"]) == (1, 1) and out.stat().st_size > 0
    assert run("reveal", no, "--role", "operator", "--reason", "回访")["phone"] == "13800138000"


def test_overdue_orders_and_duplicates_are_listed(run, stand, filed, clock):
    again = LocalWorkOrders(stand.store).create(
        kind="complaint", text="红谷滩区路灯坏了", contact="", phone="13800138000", owner="c-2", key="k2"
    )
    assert [d["order_no"] for d in run("duplicates", filed.order_no)] == [again.order_no]
    assert run("merge", again.order_no, "--into", filed.order_no, "--reason", "同一件事")["state"] == "merged"
    clock.set("2026-12-02T09:00")
    assert run("tick") == {"done": 2}
    assert [(a["order_no"], a["kind"]) for a in run("overdue")] == [(filed.order_no, "overdue_1")]
    refused = run("refuse", filed.order_no, "--reason", "已起诉", "--alternative", "等判决")
    assert refused["state"] == "refused"


@pytest.mark.parametrize(("month", "year"), [("2026-13", None), ("x", None), (None, "26")])
def test_a_period_that_is_none_is_refused(month, year):
    with pytest.raises(ValueError):
        orders.period_of(month, year)
    assert [d.isoformat() for d in orders.period_of("2026-12", None)] == ["2026-12-01", "2027-01-01"]
    assert [d.isoformat() for d in orders.period_of(None, "2026")] == ["2026-01-01", "2027-01-01"]
