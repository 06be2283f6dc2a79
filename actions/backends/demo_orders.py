"""Demo work orders, brought to every state step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from actions.backends.demo_run import ACTOR, Filling
from actions.backends.local_work_orders import LocalWorkOrders
from actions.backends.order_book import Propose
from actions.backends.ports import Attachment
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
GOALS = (*ORDER_STATES, "reopened", "unresolved")
"""States, and what an order comes to that its citizen finds not solved, once and twice."""
ANONYMOUS_EVERY = 5
"""Each so-manieth order whose goal asks for no citizen is anonymous."""
WITHOUT_CITIZEN = (
    "accepted", "transferred", "handling", "returned", "answered", "closed", "refused", "merged",
)  # fmt: skip
CHANNEL = "demo"
"""Of anonymous orders: with it `demo_clear` knows what no owner marks."""
DANGER = "有人晕倒了没有呼吸，快来救人"


def make_orders(run: Filling, amount: int, propose: Propose) -> dict[str, str]:
    """Order number -> state that it was brought to, of those whose citizen has a name."""
    system = LocalWorkOrders(run.store, propose=propose)
    reached: dict[str, str] = {}
    waiting = ""
    for number in range(amount):
        goal = GOALS[number % len(GOALS)]
        anonymous = number % ANONYMOUS_EVERY == ANONYMOUS_EVERY - 1 and goal in WITHOUT_CITIZEN
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
            channel=CHANNEL if anonymous else "portal",
            anonymous=anonymous,
        )
        if order.state == "accepted":
            way = Way(run, system, order.order_no, department, owner, anonymous)
            way.to(goal, waiting)
            order = system.show(order.order_no, actor=ACTOR)
        if order.state == "accepted":
            waiting = order.order_no
        if anonymous:
            run.made["work_orders.anonymous"] += 1
        else:
            reached[order.order_no] = order.state
        run.made[f"work_orders.{order.state}"] += 1
    return reached


@dataclass(frozen=True, slots=True)
class Way:
    """Takes an accepted order to its goal, some hours a step."""

    run: Filling
    system: LocalWorkOrders
    no: str
    department: str
    owner: str
    anonymous: bool

    def to(self, goal: str, waiting: str) -> None:
        """`waiting`: an order that can take in others, "" if there is none."""
        no, system = self.no, self.system
        if goal == "refused":
            system.refuse(
                no, actor=ACTOR, reason="不属于受理范围（演示）", alternative="请向街道反映（演示）", key=goal
            )
        elif goal == "withdrawn":
            system.withdraw(no, owner=self.owner, reason="已经解决（演示）")
        elif goal == "merged" and waiting:
            system.merge(no, into=waiting, actor=ACTOR, reason="同一件事（演示）", key=goal)
        elif goal == "returned":
            self._walk("transferred")
            system.give_back(no, actor=ACTOR, reason="不是我们的职责（演示）", key="b")
        elif goal in ("reopened", "unresolved"):
            self._walk("answered")
            system.call_back(no, actor=ACTOR, key="n", reached=True, satisfied=False)
            if goal == "unresolved":
                self._walk("answered", "2")
                system.call_back(no, actor=ACTOR, key="n2", reached=True, satisfied=False)
        else:
            self._walk(goal)

    def _walk(self, goal: str, again: str = "") -> None:
        """Up to `goal` on the usual way; `again` marks a later round."""
        no, system = self.no, self.system
        proof = Attachment(f"demo-{no}-{again or 1}", "image/jpeg", 1, sha256(no.encode()).hexdigest())
        road: tuple[tuple[str, Callable[[], object]], ...] = (
            (
                "transferred",
                lambda: system.transfer(
                    no, actor=ACTOR, reason="转办（演示）", key=f"t{again}", department=self.department
                ),
            ),
            ("handling", lambda: system.start(no, actor=ACTOR, key=f"s{again}")),
            (
                "answered",
                lambda: system.answer(
                    no, actor=ACTOR, answer="已经处理好了（演示）", evidence=(proof,), key=f"a{again}"
                ),
            ),
            ("called_back", lambda: system.call_back(no, actor=ACTOR, key="c", reached=True, satisfied=True)),
            ("rated", lambda: system.rate(no, owner=self.owner, level=5, key="r")),
            ("closed", lambda: system.finish(no, actor=ACTOR, key="z")),
        )
        names = [name for name, _ in road]
        for name, go in road[: names.index(goal) + 1] if goal in names else ():
            if self.anonymous and name in ("called_back", "rated"):
                continue  # nobody to call
            clock = self.run.clock
            clock.at = min(self.run.today, clock.at + timedelta(hours=3))
            go()
