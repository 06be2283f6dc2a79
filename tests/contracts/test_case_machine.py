"""Any course of look-ups, guesses, deliveries, crashes and clock jumps keeps the promises of cases."""

from __future__ import annotations

import hashlib
import hmac
import json
import tempfile
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event as on
from sqlalchemy import func, select

from actions.backends.case_feed import LocalCaseFeed
from actions.backends.case_locks import BUDGET, CLIENT_TRIES, REFILL, WINDOW
from actions.backends.ports import CaseNotFound, FeedConflict, TooManyAttempts
from actions.backends.tables import case_events, cases, notices
from tests.contracts.implementations import IMPLEMENTATIONS, KNOWN, OTHER
from tests.fakes import HeldClock

SECRET = "s"
BOTH = {case.case_no: case for case in (KNOWN, OTHER)}
NUMBERS = st.sampled_from([*BOTH, "NC209901010000000"])
CLIENTS = st.integers(0, 40).map(lambda n: f"c-{n}")


class Courses(RuleBasedStateMachine):
    """The model: what was delivered, who looked, when which guess failed."""

    where = "sqlite"

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.clock = HeldClock()
        self.stand = IMPLEMENTATIONS[self.where](Path(self.folder.name), self.clock)
        self.feed = LocalCaseFeed(self.stand.store, SECRET)
        self.delivered: dict[str, dict] = {}
        self.newest: dict[str, tuple] = {}
        self.followers = defaultdict(set)
        self.expected: set[str] = set()
        self.by_client = defaultdict(list)
        self.by_number = defaultdict(list)

    def teardown(self):
        if hasattr(self, "stand"):
            self.stand.close()
            self.folder.cleanup()

    def look(self, number, last4, client):
        return self.stand.systems.cases.status(number, phone_last4=last4, client=client)

    @rule(number=NUMBERS, client=CLIENTS, guess=st.integers(0, 9999).map("{:04}".format))
    def guesses(self, number, client, guess):
        if number in BOTH and guess == BOTH[number].phone_last4:
            return
        self.guess(number, client, guess)

    def guess(self, number, client, guess):
        now = self.clock.now
        try:
            self.look(number, guess, client)
        except CaseNotFound:
            self.by_client[client].append((now, number))
            self.by_number[number].append((now, client))
        except TooManyAttempts as locked:
            assert 0 < locked.retry_after_s <= REFILL.total_seconds() * (len(self.by_number[number]) + 1)
        else:
            raise AssertionError("a wrong pair opened a case")

    @rule(number=NUMBERS, first=st.integers(0, 1000), count=st.integers(5, 30))
    def sprays(self, number, first, count):
        """Many clients, one number."""
        for n in range(count):
            self.guess(number, f"spray-{first + n}", "----")

    @rule(case=st.sampled_from([KNOWN, OTHER]), client=CLIENTS)
    def owner_looks(self, case, client):
        recent = [at for at, _ in self.by_client[client] if at > self.clock.now - WINDOW]
        known = client in self.followers[case.case_no]
        try:
            found = self.look(case.case_no, case.phone_last4, client)
        except TooManyAttempts:
            assert len(recent) >= CLIENT_TRIES or not known, "a follower was locked by others"
            return
        assert found.item == case.item and "*" in found.applicant
        assert len(recent) < CLIENT_TRIES
        self.by_client[client] = [f for f in self.by_client[client] if f[1] != case.case_no]
        self.followers[case.case_no].add(client)

    @rule(case=st.sampled_from([KNOWN, OTHER]))
    def strangers_spend_the_budget_and_the_owner_comes_back(self, case):
        """What random courses seldom reach: a follower, and no place left for anybody else."""
        self.owner_looks(case, "owner")
        for n in range(BUDGET + 1):
            self.guess(case.case_no, f"crowd-{self.clock.now}-{n}", "----")
        with pytest.raises(TooManyAttempts):
            self.look(case.case_no, case.phone_last4, "newcomer")
        if "owner" in self.followers[case.case_no]:
            self.owner_looks(case, "owner")

    def deliver(self, number, body):
        stamp = str(int(self.clock.now.timestamp()))
        signature = hmac.new(SECRET.encode(), stamp.encode() + body, hashlib.sha256).hexdigest()
        return self.feed.deliver(body, signature=signature, timestamp=stamp)

    @rule(case_no=st.sampled_from([*BOTH]), event=st.integers(0, 12), version=st.integers(0, 3),
          minute=st.integers(0, 59), crash=st.booleans())
    def delivers(self, case_no, event, version, minute, crash):
        raw = {"event_id": f"e-{event}", "case_no": case_no, "version": version, "status": f"状态{event}",
               "at": f"2026-11-24T09:{minute:02}:00+08:00"}
        raw = self.delivered.get(raw["event_id"], raw)  # an id always comes with the same event
        body, number = json.dumps(raw).encode(), raw["case_no"]
        if crash:
            self.crash(lambda: self.deliver(number, body))
        receipt = self.deliver(number, body)
        if raw["event_id"] in self.delivered:
            assert receipt.outcome == "repeated"
            return
        self.delivered[raw["event_id"]] = raw
        order = (raw["version"], raw["at"], raw["event_id"])
        applied = order > self.newest.get(number, (-1,))
        assert receipt.outcome == ("applied" if applied else "late")
        if applied:
            self.newest[number] = order
            told = {f"case_changed:{raw['event_id']}:{owner}" for owner in self.followers[number]}
            assert receipt.told == len(told)
            self.expected |= told

    def crash(self, call):
        """The power goes at the last statement before the commit."""

        def cut(connection, cursor, statement, *rest):
            if statement.startswith("INSERT INTO audit_log"):
                raise RuntimeError("power cut")

        on.listen(self.stand.store.engine, "before_cursor_execute", cut)
        try:
            call()
        except RuntimeError:
            pass
        finally:
            on.remove(self.stand.store.engine, "before_cursor_execute", cut)

    @rule(event=st.integers(0, 12))
    def another_event_under_an_id_is_refused(self, event):
        if raw := self.delivered.get(f"e-{event}"):
            with pytest.raises(FeedConflict):
                self.deliver(raw["case_no"], json.dumps({**raw, "note": "别的"}).encode())

    @rule(minutes=st.sampled_from([1, 14, 15, 16, 240, 3000]))
    def time_passes(self, minutes):
        self.clock.move(minutes=minutes)

    @rule()
    def ticks(self):
        self.stand.systems.cases.tick()
        assert self.stand.systems.cases.tick() == 0

    @invariant()
    def no_limit_was_passed(self):
        if not hasattr(self, "stand"):
            return
        for number, failures in self.by_number.items():
            strangers = [at for at, client in failures if client not in self.followers[number]]
            for i, start in enumerate(strangers):  # at most the budget and what it was refilled since
                for j in range(i + BUDGET, len(strangers)):
                    assert (j - i + 1) <= BUDGET + (strangers[j] - start) / REFILL + 1e-9
        for failures in self.by_client.values():
            for early, late in zip(failures, failures[CLIENT_TRIES:]):
                assert late[0] - early[0] >= WINDOW - timedelta(seconds=1)

    @invariant()
    def state_events_and_notices_agree(self):
        if not hasattr(self, "stand"):
            return
        with self.stand.store.begin() as db:
            stored = {no: status for no, status in db.execute(select(cases.c.case_no, cases.c.status))}
            count = db.execute(select(func.count()).select_from(case_events)).scalar_one()
            keys = db.execute(select(notices.c.key)).scalars().all()
        for number, (_, _, event_id) in self.newest.items():
            assert stored[number] == self.delivered[event_id]["status"]
        assert count == len(self.delivered)
        assert sorted(keys) == sorted(self.expected)


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_every_course(where):
    machine = type("Machine", (Courses,), {"where": where})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
