"""No order of calls, repeats, crashes and clock jumps leads a rectification astray."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import event, select

from actions.backends.local_ratings import LocalRatings
from actions.backends.ports import AlreadyRated, EvidenceMissing, IllegalRectification, RectificationNotFound
from actions.backends.tables import ratings, rectification_steps, rectifications
from tests import postgres
from tests.contracts.implementations import postgres_store, sqlite_store
from tests.fakes import HeldClock

ENDS = ("verified", "unfounded", "rectified", "called_back", "closed")
REFUSALS = (AlreadyRated, EvidenceMissing, IllegalRectification, RectificationNotFound)
ORDER = ("opened", "assigned", "verified", "unfounded", "rectified", "called_back", "closed")
LEADS = {
    "opened": {"assigned"},
    "assigned": {"assigned", "verified", "unfounded"},
    "verified": {"rectified"},
    "unfounded": {"called_back", "closed"},
    "rectified": {"called_back", "closed"},
    "called_back": {"closed"},
    "closed": set(),
}


class Crash(Exception):
    """What an interrupted transaction looks like from outside."""


class Rectifying(RuleBasedStateMachine):
    """Over one database, which subclasses give; each run has subjects of its own."""

    store = None
    clock = None
    armed = None
    runs = count()

    def __init__(self):
        super().__init__()
        run = next(self.runs)
        self.subjects = [f"booking:R{run}-{n}" for n in range(2)]
        self.system = LocalRatings(self.store)
        self.results = {}
        self.rated = {}

    def attempt(self, what, call):
        try:
            result = call()
        except (*REFUSALS, Crash):
            return None
        finally:
            self.armed["left"] = None
        assert self.results.setdefault(what, result) == result, "a repeated key gave another result"
        return result

    @rule(n=st.integers(0, 1), level=st.integers(1, 3), phone=st.sampled_from(["", "13800138000"]))
    def rate(self, n, level, phone):
        subject = self.subjects[n]
        given = self.attempt(
            (subject, "rate", level, phone),
            lambda: self.system.rate(
                subject=subject, level=level, reasons=[], comment="", channel="portal", owner="c-1",
                phone=phone, key=f"{subject}/{level}/{phone}",
            ),
        )  # fmt: skip
        if given is not None:
            assert self.rated.setdefault(subject, given) == given, "rated twice"

    @rule(n=st.integers(0, 1), key=st.integers(0, 2))
    def assign(self, n, key):
        subject = self.subjects[n]
        self.attempt(
            (subject, "assign", key),
            lambda: self.system.assign(
                subject, department="d", officer="o", actor="a", reason="", key=f"assign{key}"
            ),
        )

    @rule(n=st.integers(0, 1), key=st.integers(0, 1))
    def prove(self, n, key):
        subject = self.subjects[n]
        self.attempt(
            (subject, "evidence", key),
            lambda: self.system.add_evidence(
                subject, text="证据", attachments=[], actor="a", key=f"evidence{key}"
            ),
        )

    @rule(n=st.integers(0, 1), to=st.sampled_from(ENDS), key=st.integers(0, 1))
    def advance(self, n, to, key):
        subject = self.subjects[n]
        self.attempt(
            (subject, to, key),
            lambda: self.system.advance(subject, to=to, actor="a", reason="", key=f"{to}{key}"),
        )

    @rule(n=st.integers(0, 1), steps=st.integers(0, 5))
    def in_order(self, n, steps):
        """The right way, so that the far states are reached too."""
        self.assign(n, 9)
        self.prove(n, 9)
        for to in ("verified", "rectified", "called_back", "closed")[:steps]:
            self.advance(n, to, 9)

    @rule(hours=st.sampled_from([-30, 1, 7, 26]))
    def jump(self, hours):
        self.clock.move(hours=hours)

    @rule()
    def tick(self):
        try:
            self.system.tick()
        except Crash:
            pass
        finally:
            self.armed["left"] = None

    @rule(statements=st.integers(0, 9))
    def crash_soon(self, statements):
        self.armed["left"] = statements

    @invariant()
    def sound(self):
        left, self.armed["left"] = self.armed["left"], None
        with self.store.begin() as db:
            mine = rectifications.c.subject.in_(self.subjects)
            rows = {r["subject"]: r for r in db.execute(select(rectifications).where(mine)).mappings()}
            told = db.execute(
                select(rectification_steps)
                .where(rectification_steps.c.subject.in_(self.subjects))
                .order_by(rectification_steps.c.id)
            ).mappings()
            steps = {s: [] for s in self.subjects}
            for step in told:
                steps[step["subject"]].append(step)
            rated = db.execute(
                select(ratings.c.subject, ratings.c.level).where(ratings.c.subject.in_(self.subjects))
            ).all()
        self.armed["left"] = left
        assert rows.keys() == {r.subject for r in rated if r.level <= 2}
        for subject, row in rows.items():
            check(row, steps[subject])


def machine(store, clock):
    """The machine over one database, with crashes at a statement of one's choice."""
    armed = {"left": None}

    @event.listens_for(store.engine, "before_cursor_execute")
    def _crash(*_):
        if armed["left"] is not None:
            armed["left"] -= 1
            if armed["left"] < 0:
                armed["left"] = None
                raise Crash

    return type("Here", (Rectifying,), {"store": store, "clock": clock, "armed": armed})


def check(row, steps):
    """A rectification and its steps agree, and neither breaks a rule."""
    whats = [s["what"] for s in steps]
    states = [w for w in whats if w in ORDER]
    assert states[0] == "opened" and states[-1] == row["state"] == steps[-1]["state"]
    assert all(after in LEADS[before] for before, after in zip(states, states[1:], strict=False))
    for once in ("opened", "called_back", "closed", "due_soon", "overdue"):
        assert whats.count(once) <= 1
    assert whats.count("evidence") == row["evidence"]
    assert len({s["key"] for s in steps}) == len(steps)
    stages = [w for w in whats if w in ("due_soon", "overdue")]
    assert (stages[-1] if stages else "") == row["stage"]
    if row["state"] == "closed":
        assert row["evidence"] > 0 and ("called_back" in whats) == row["named"]


@pytest.fixture(params=["sqlite", "postgres"])
def rectifying(request, tmp_path):
    clock = HeldClock()
    if request.param == "sqlite":
        store, url = sqlite_store(tmp_path, clock), None
    else:
        store, url = postgres_store(clock)
    yield machine(store, clock)
    store.engine.dispose()
    if url:
        postgres.drop(url)


def test_no_sequence_breaks_a_rule(rectifying):
    run_state_machine_as_test(
        rectifying,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
