"""Demo work orders, brought to every state step by step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from actions.backends.demo_run import ACTOR, DemoClock, Filling
from actions.backends.local_work_orders import LocalWorkOrders
from actions.backends.order_book import Propose
from actions.backends.ports.work_order import FiledKind

WORDS: tuple[tuple[FiledKind, str, str], ...] = (
    ("complaint", "小区门口的路灯坏了好几天，晚上很黑", "红谷滩区城市管理局"),
    ("complaint", "楼下烧烤店油烟很大，影响休息", "青山湖区城市管理局"),
    ("consultation", "想问问老年公交卡在哪里办", "南昌市交通运输局"),
    ("report", "路边的窨井盖松了，有响声", "东湖区城市管理局"),
    ("call_back", "请给我回个电话，咨询积分落户", "南昌市公安局"),
)
ORDER_STATES = (
    "accepted", "transferred", "handling", "returned", "answered", "called_back", "rated", "closed",
    "refused", "withdrawn", "merged", "referred",
)  # fmt: skip
DANGER = "有人晕倒了没有呼吸，快来救人"


def make_orders(run: Filling, amount: int, propose: Propose) -> dict[str, str]:
    """Order number -> state that it was brought to."""
    system = LocalWorkOrders(run.store, propose=propose)
    reached: dict[str, str] = {}
    waiting = ""
    for number in range(amount):
        goal = ORDER_STATES[number % len(ORDER_STATES)]
        dice = run.dice(f"order:{number}")
        kind, text, department = dice.choice(WORDS)
        name, phone, owner = run.person(number)
        run.back(dice.randrange(1, 15))
        order = system.create(
            kind=kind,
            text=DANGER if goal == "referred" else f"{text}（演示）",
            contact=name,
            phone=phone,
            owner=owner,
            key=f"{owner}:order",
        )
        if order.state == "accepted":
            _bring(run, system, order.order_no, goal, department, owner, waiting, run.clock)
            order = system.find(order.order_no, owner=owner)
        if order.state == "accepted":
            waiting = order.order_no
        reached[order.order_no] = order.state
        run.made[f"work_orders.{order.state}"] += 1
    return reached


def _bring(
    run: Filling,
    system: LocalWorkOrders,
    no: str,
    goal: str,
    department: str,
    owner: str,
    waiting: str,
    clock: DemoClock,
) -> None:
    """Take an accepted order to its goal, an hour or a day a step."""
    if goal == "refused":
        system.refuse(
            no, actor=ACTOR, reason="不属于受理范围（演示）", alternative="请向街道反映（演示）", key=goal
        )
    elif goal == "withdrawn":
        system.withdraw(no, owner=owner, reason="已经解决（演示）")
    elif goal == "merged" and waiting:
        system.merge(no, into=waiting, actor=ACTOR, reason="同一件事（演示）", key=goal)
    road: tuple[tuple[str, Callable[[], object]], ...] = (
        (
            "transferred",
            lambda: system.transfer(no, actor=ACTOR, reason="转办（演示）", key="t", department=department),
        ),
        ("handling", lambda: system.start(no, actor=ACTOR, key="s")),
        ("answered", lambda: system.answer(no, actor=ACTOR, answer="已经处理好了（演示）", key="a")),
        ("called_back", lambda: system.call_back(no, actor=ACTOR, key="c", reached=True, satisfied=True)),
        ("rated", lambda: system.rate(no, owner=owner, level=5, key="r")),
        ("closed", lambda: system.finish(no, actor=ACTOR, key="z")),
    )
    names = [name for name, _ in road]
    last = "transferred" if goal == "returned" else goal
    for _, go in road[: names.index(last) + 1] if last in names else ():
        clock.at = min(run.today, clock.at + timedelta(hours=3))
        go()
    if goal == "returned":
        system.give_back(no, actor=ACTOR, reason="不是我们的职责（演示）", key="b")
