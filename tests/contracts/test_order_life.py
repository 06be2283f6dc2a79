"""Work orders live a legal life whatever is called, repeated, broken off or late (both databases)."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, select

from actions.backends import audit
from actions.backends.order_book import VISIBLE
from actions.backends.order_states import FINISHED, STATES, STEPS, allowed
from actions.backends.ports import (
    AlreadyRated,
    Attachment,
    DepartmentNotConfirmed,
    EvidenceMissing,
    IllegalTransition,
    OrderRefused,
)
from actions.backends.tables import notices, order_alerts, order_steps, ratings, work_orders
from tests.contracts.implementations import IMPLEMENTATIONS
from tests.fakes import HeldClock

WORDS = ("小区的路灯坏了没人修", "小区的路灯坏了很久没人修", "楼下烧烤店冒烟", "公交车总是不来")
REFUSALS = (IllegalTransition, OrderRefused, DepartmentNotConfirmed, EvidenceMissing, AlreadyRated)
PICK = st.integers(0, 3)
KEY = st.sampled_from("abc")
ONCE_A_ROUND = ("transfer", "answer", "call_back")


FILES = itertools.count()


def proofs():
    """A file that no order has yet."""
    return (Attachment(f"proof-{next(FILES):04}", "image/jpeg", 1, "a" * 64),)


class Crash(Exception):
    """The process dies here."""


class Life(RuleBasedStateMachine):
    """Citizens and staff act on up to four orders."""

    database = "sqlite"

    @initialize()
    def begin(self):
        self.folder = TemporaryDirectory()
        self.clock = HeldClock()
        self.stand = IMPLEMENTATIONS[self.database](Path(self.folder.name), self.clock)
        self.orders = self.stand.systems.work_orders
        self.filed: list[str] = []
        self.keys = itertools.count()
        self.crash_after = -1
        event.listen(self.stand.store.engine, "before_cursor_execute", self._maybe_crash)

    def teardown(self):
        if hasattr(self, "stand"):
            self.crash_after = -1
            self.state_is_legal_and_history_is_the_path()
            event.remove(self.stand.store.engine, "before_cursor_execute", self._maybe_crash)
            self.stand.close()
            self.folder.cleanup()

    def _maybe_crash(self, _c, _cursor, statement, *_rest):
        if self.crash_after >= 0 and statement.lstrip().startswith(("INSERT", "UPDATE")):
            self.crash_after -= 1
            if self.crash_after < 0:
                raise Crash

    def call(self, method, *args, system=None, **how):
        """Call it; on a crash call it again with the same key, as a caller does."""
        system = system or self.orders
        try:
            return getattr(system, method)(*args, **how)
        except REFUSALS:
            return None
        except Crash:
            self.crash_after = -1
            try:
                return getattr(system, method)(*args, **how)
            except REFUSALS:
                return None

    def no(self, pick):
        return self.filed[pick % len(self.filed)]

    def own(self, number):
        return f"c-{self.filed.index(number) % 2}"

    @precondition(lambda self: len(self.filed) < 4)
    @rule(word=st.sampled_from(WORDS), kind=st.sampled_from(("complaint", "report", "call_back")))
    def file(self, word, kind):
        owner, key = f"c-{len(self.filed) % 2}", f"m{next(self.keys)}"
        how = {"kind": kind, "text": word, "contact": "王小明", "phone": "13800138000"}
        order = self.call("create", owner=owner, key=key, **how)
        assert self.orders.create(owner=owner, key=key, **how) == order
        self.filed.append(order.order_no)

    filed_any = precondition(lambda self: bool(self.filed))

    @filed_any
    @rule(pick=PICK, key=KEY, step=st.just("start"))
    def plain(self, pick, key, step):
        self.call(step, self.no(pick), actor="张三", key=key)

    @filed_any
    @rule(pick=PICK, key=KEY, department=st.sampled_from(("", "城管局", "交通局")))
    def transfer(self, pick, key, department):
        self.call("transfer", self.no(pick), actor="张三", reason="", key=key, department=department)

    @filed_any
    @rule(pick=PICK, key=KEY)
    def answer(self, pick, key):
        self.call("answer", self.no(pick), actor="李四", answer="已经修好", evidence=proofs(), key=key)

    @filed_any
    @rule(pick=PICK, key=KEY, satisfied=st.sampled_from((True, False, None)))
    def answered_at_once(self, pick, key, satisfied):
        """Straight through, so that the late states are reached often enough."""
        number = self.no(pick)
        for method, how in (
            ("transfer", {"department": "城管局", "reason": ""}),
            ("start", {}),
            ("answer", {"answer": "修好了", "evidence": proofs()}),
            ("call_back", {"reached": True, "satisfied": satisfied}),
        ):
            self.call(method, number, actor="张三", key=key, **how)

    @filed_any
    @rule(pick=PICK, key=KEY, step=st.sampled_from(("give_back", "take_up")))
    def reasoned(self, pick, key, step):
        self.call(step, self.no(pick), actor="张三", reason="不归我局", key=key)

    @filed_any
    @rule(pick=PICK, key=KEY, days=st.integers(-1, 20))
    def extend(self, pick, key, days):
        until = self.orders.show(self.no(pick), actor="张三").due_on + timedelta(days)
        self.call("extend", self.no(pick), actor="张三", reason="要采购", until=until, key=key)

    @filed_any
    @rule(pick=PICK, key=KEY)
    def refuse(self, pick, key):
        how = {"reason": "已经起诉", "alternative": "请等法院判决"}
        self.call("refuse", self.no(pick), actor="张三", key=key, **how)

    @filed_any
    @rule(pick=PICK, into=PICK, key=KEY)
    def merge(self, pick, into, key):
        self.call("merge", self.no(pick), into=self.no(into), actor="张三", reason="同一盏灯", key=key)

    @filed_any
    @rule(pick=PICK, key=KEY, step=st.sampled_from(("urge", "add", "rate", "withdraw")))
    def citizen(self, pick, key, step):
        number = self.no(pick)
        how = {
            "urge": {"key": key},
            "add": {"key": key, "text": "灯杆023"},
            "rate": {"key": key, "level": 4},
            "withdraw": {"reason": ""},
        }[step]
        self.call(step, number, owner=self.own(number), **how)

    @filed_any
    @rule(pick=PICK, key=KEY, note=st.sampled_from(("", "已向市民解释")))
    def finish(self, pick, key, note):
        self.call("finish", self.no(pick), actor="张三", key=key, note=note)

    @filed_any
    @rule(pick=PICK, key=KEY)
    def prove(self, pick, key):
        self.call("add_evidence", self.no(pick), actor="张三", evidence=proofs(), key=key)

    @filed_any
    @rule(pick=PICK, level=st.integers(1, 5), key=KEY)
    def rate_the_service(self, pick, level, key):
        number = self.no(pick)
        how = {"level": level, "reasons": [], "comment": "", "channel": "portal", "owner": self.own(number)}
        subject = f"work_order:{number}"
        self.call("rate", subject=subject, key=f"{number}:{key}", system=self.stand.systems.ratings, **how)

    @rule(hours=st.sampled_from((1, 24, 72, 24 * 9)))
    def time_passes(self, hours):
        self.clock.move(hours=hours)

    @rule()
    def tick(self):
        self.call("tick")
        assert self.orders.tick() == 0

    @rule(after=st.integers(0, 6))
    def crash_soon(self, after):
        self.crash_after = after

    @rule()
    def look(self):
        self.state_is_legal_and_history_is_the_path()

    def state_is_legal_and_history_is_the_path(self):
        if not getattr(self, "filed", None):
            return
        with self.stand.store.engine.connect() as db:
            orders = {r.order_no: r for r in db.execute(select(work_orders))}
            steps = db.execute(select(order_steps).order_by(order_steps.c.order_no, order_steps.c.seq)).all()
            given = dict(db.execute(select(ratings.c.subject, ratings.c.level)).all())
        assert set(self.filed) == set(orders)
        for number, order in orders.items():
            self._check_path(order, [s for s in steps if s.order_no == number])
            if order.state == "merged":
                main = orders[order.main]
                assert main.state not in ("merged", *FINISHED), "a merged order follows one under way"
                view, followed = (self.orders.show(n, actor="张三") for n in (number, order.main))
                assert (view.answer, view.due_on) == (followed.answer, followed.due_on)
                assert view.main_state == main.state
            if order.level is None and f"work_order:{number}" in given:
                assert "rate" not in allowed(order.state), "a rating waits only for as long as it must"
        self._check_notices(orders, steps)

    def _check_path(self, order, mine):
        state = ""
        assert [s.seq for s in mine] == list(range(1, len(mine) + 1))
        for one in mine:
            assert one.from_state == state
            if one.step != "accept":
                may = allowed(state, anonymous=order.anonymous, rated=False)
                assert one.step in may and one.to_state in STATES
                assert state not in FINISHED or one.step == "rate"
            state = one.to_state
        assert state == order.state
        for step in ONCE_A_ROUND:
            rounds = [s.round for s in mine if s.step == step]
            assert len(rounds) == len(set(rounds))
        for step in ("extend", "reopen", "rate", "closed_with"):
            assert sum(s.step == step for s in mine) <= 1
        assert order.reopens == sum(s.step == "reopen" for s in mine)
        assert (order.level is not None) == any(s.step == "rate" for s in mine)
        assert order.round == 1 + sum(bool(STEPS.get(s.step) and STEPS[s.step].opens_round) for s in mine)
        assert order.urged == sum(s.step == "urge" for s in mine)
        followed = any(s.step == "merge" for s in mine)
        assert (order.answered_at is None) or followed or any(s.step == "answer" for s in mine)

    def _check_notices(self, orders, steps):
        with self.stand.store.engine.connect() as db:
            mine = notices.c.key.like("order:%")
            told = db.execute(select(notices.c.key, notices.c.owner).where(mine)).all()
            given = order_alerts.c
            alerts = db.execute(select(given.order_no, given.kind, given.due_on)).all()
        assert len(alerts) == len(set(alerts))
        own = {key: owner for key, owner in told}
        for one in steps:
            if one.step in VISIBLE:
                key = f"order:{one.order_no}:{one.step}:{one.order_no}:{one.seq}"
                assert own[key] == orders[one.order_no].owner, "every visible step is told"
        heard = [k for k in own if k.split(":")[1] == k.split(":")[3]]
        assert len(heard) == sum(s.step in VISIBLE for s in steps), "and told once"


@pytest.mark.parametrize(("database", "lives"), [("sqlite", 25), ("postgres", 12)])
def test_a_work_order_lives_a_legal_life(database, lives):
    run_state_machine_as_test(
        type("LifeHere", (Life,), {"database": database}),
        settings=settings(
            max_examples=lives,
            stateful_step_count=35,
            phases=(Phase.generate,),
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_trail_holds_after_a_life(stand):
    orders = stand.systems.work_orders
    order = orders.create(
        kind="complaint", text="路灯坏了", contact="王小明", phone="13800138000", owner="c-1", key="k"
    )
    orders.transfer(order.order_no, actor="张三", reason="", key="t", department="城管局")
    orders.reveal(order.order_no, actor="张三", role="operator", reason="要回电")
    assert audit.verify(stand.store)[1] == []
