"""One filling with demo data: its chance, its clock, its invented citizens."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from actions.backends.clock import is_workday
from actions.backends.store import Store

OWNER, HOLDER, ACTOR = "demo:", "演示窗口", "演示经办"
PHONES = 10_000
ITEMS = (
    ("residence-permit", "居住证申领", "南昌市公安局"),
    ("passport", "普通护照首次申领", "南昌市公安局出入境管理支队"),
    ("food-licence", "食品经营许可证新办", "南昌市市场监督管理局"),
    ("fund-rent", "住房公积金租房提取", "南昌住房公积金管理中心"),
)
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", "小明小红小军小丽建国秀英"


@dataclass
class DemoClock:
    """A clock that is set to the moment at which a thing is said to have happened."""

    at: datetime

    def __call__(self) -> datetime:
        """Each look is a second later, so that what happens one after the other is so ordered."""
        self.at += timedelta(seconds=1)
        return self.at


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much of each to make."""

    cases: int = 60
    bookings: int = 60
    orders: int = 60
    ratings: int = 40


@dataclass
class Filling:
    """One run."""

    store: Store
    seed: int
    today: datetime
    clock: DemoClock
    made: Counter[str] = field(default_factory=Counter)

    @classmethod
    def on(cls, store: Store, seed: int) -> Filling:
        """On the store's database, with a clock of its own."""
        now = store.clock()
        clock = DemoClock(now)
        return cls(replace(store, clock=clock), seed, now, clock)

    def dice(self, what: str) -> random.Random:
        """Chance that depends on the seed and the thing alone: more of one leaves the others as they are."""
        return random.Random(f"{self.seed}:{what}")

    def back(self, days: int, hour: int = 10) -> None:
        """Set the clock to a working day that many days ago or before."""
        day = self.today.date() - timedelta(days=days)
        while not is_workday(day):
            day -= timedelta(days=1)
        self.clock.at = min(
            self.today, datetime.combine(day, self.today.timetz()).replace(hour=hour, minute=0)
        )

    def person(self, number: int) -> tuple[str, str, str]:
        """(name, phone, owner) of the invented citizen with that number."""
        dice = self.dice(f"person:{number}")
        cut = dice.randrange(0, len(GIVEN), 2)
        phone = f"1990000{(self.seed * 101 + number) % PHONES:04}"
        return f"演示{dice.choice(SURNAMES)}{GIVEN[cut : cut + 2]}", phone, f"{OWNER}{self.seed}:{number}"

    def subjects(self, orders: Mapping[str, str], booked: list[str], cases: list[str]) -> list[str]:
        """What may be rated, mixed."""
        found = [f"booking:{no}" for no in booked]
        found += [f"work_order:{no}" for no, state in orders.items() if state in ("closed", "rated")]
        found += [f"case:{no}:{OWNER}{self.seed}" for no in cases]
        self.dice("subjects").shuffle(found)
        return found
