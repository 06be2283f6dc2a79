"""Bookings as a state machine: no calls, retries, crashes and clock jumps break what must hold."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import delete, event

from actions.backends.booking_closures import add_closure, remove_closure
from actions.backends.booking_rows import Desk
from actions.backends.local_bookings import LocalBookings
from actions.backends.no_shows import mark_no_show
from actions.backends.notices import LocalNotices
from actions.backends.ports import BackendError
from actions.backends.store import open_store
from actions.backends.tables import bookings, closures, notices, slots, waits
from tests import postgres
from tests.contracts.booking_model import (
    PLAN,
    SATURDAY,
    SUNDAY,
    check_places,
    check_reminders,
    idle_places,
    passed_over,
    rows,
)
from tests.contracts.implementations import KEYS
from tests.fakes import HeldClock

PEOPLE = st.integers(1, 8)
PLACES = [f"h-{d:%Y%m%d}-{t}" for d in (SATURDAY, SUNDAY) for t in ("0900", "0930")]
SLOTS = st.sampled_from(PLACES)
DAYS = st.sampled_from([SATURDAY, SUNDAY])
AT = st.integers(0, 11)


class PowerCut(Exception):
    """The process dies here."""


class Crash:
    """Raises `PowerCut` after so many more statements of the engine; 0: never."""

    def __init__(self, engine):
        self.after = 0
        event.listen(engine, "after_cursor_execute", self._count)

    def _count(self, *_):
        if self.after:
            self.after -= 1
            if not self.after:
                raise PowerCut


CLOCK = HeldClock()


@cache
def ground(database):
    """One store for all runs: each run empties its tables."""
    url = postgres.fresh() if database == "postgres" else Path(mkdtemp(prefix="nczf-machine-")) / "s.db"
    store = open_store(url, KEYS, CLOCK)
    return store, Crash(store.engine)


class Bookings(RuleBasedStateMachine):
    """Eight people, four slots of two places, all taken at the beginning: so turns and offers come about."""

    database = "sqlite"

    @initialize()
    def begin(self):
        self.store, self.crash = ground(self.database)
        self.armed = self.crash.after = 0
        CLOCK.set("2026-11-26T15:00")
        with self.store.engine.begin() as db:
            for table in (waits, bookings, slots, closures, notices):
                db.execute(delete(table))
        self.system = LocalBookings(self.store, PLAN)
        self.desk = Desk(self.store, PLAN)
        self.board = LocalNotices(self.store)
        self.keys, self.offered, self.told, self.cuts = {}, set(), [], 0
        for day in (SATURDAY, SUNDAY):
            for at, slot in enumerate(self.system.free_slots("h", day)):
                for who in (1 + 2 * at, 2 + 2 * at):
                    key = f"first:{who}:{slot.id}"
                    CLOCK.move(seconds=1)
                    self.keys[key] = (who, slot.id, self.book_as(who, slot.id, key).booking_no)

    def attempt(self, call):
        """Run; what the system refuses or a crash undoes is no fault."""
        self.crash.after, self.armed = self.armed, 0
        CLOCK.move(seconds=1)  # who came first is then never a matter of random numbers
        try:
            return call()
        except PowerCut:
            self.cuts += 1
            return None
        except BackendError:
            return None
        finally:
            self.crash.after = 0

    def book_as(self, who, slot, key):
        return self.system.book(
            slot, item_id=f"i{who % 2}", item="事", name="王小明", phone=f"1380000000{who}",
            owner=f"c-{who}", key=key,
        )  # fmt: skip

    @rule(who=PEOPLE, slot=SLOTS, item=st.integers(0, 3))
    def book(self, who, slot, item):
        key = f"{who}:{slot}:{len(self.keys)}"
        made = self.attempt(lambda: self.book_as(who, slot, key))
        if made:
            self.keys[key] = (who, slot, made.booking_no)
            again = self.book_as(who, slot, key)
            assert again.booking_no == made.booking_no

    @rule(at=AT)
    def the_same_key_again(self, at):
        if self.keys:
            key = sorted(self.keys)[at % len(self.keys)]
            who, slot, number = self.keys[key]
            assert self.book_as(who, slot, key).booking_no == number

    def one(self, table, at, *states):
        """Row number `at` in one of the states, in the order in which the rows were made."""
        found = [r for r in rows(self.desk, table) if r.get("status", r.get("state")) in states]
        found.sort(key=lambda r: (r["created_at"], r["owner"], r.get("slot_id")))
        return found[at % len(found)] if found else None

    @rule(at=AT, slot=SLOTS)
    def change(self, at, slot):
        row = self.one(bookings, at, "booked", "displaced")
        if row:
            self.attempt(lambda: self.system.change(row["booking_no"], slot, owner=row["owner"]))

    @rule(at=AT)
    def cancel(self, at):
        row = self.one(bookings, at, "booked", "displaced")
        if row:
            self.attempt(lambda: self.system.cancel(row["booking_no"], owner=row["owner"]))

    @rule(who=PEOPLE, day=DAYS, slot=SLOTS, exact=st.booleans())
    def join(self, who, day, slot, exact):
        wish = {"slot_id": slot} if exact else {}
        call = dict(
            hall_id="h", day=SATURDAY if "1128" in slot and exact else (SUNDAY if exact else day),
            item_id=f"i{who % 2}", item="事", name="王小明", phone=f"1380000000{who}", owner=f"c-{who}",
            key=f"w{who}:{slot}:{len(rows(self.desk, waits))}", **wish,
        )  # fmt: skip
        first = self.attempt(lambda: self.system.join_waitlist(**call))
        if first:  # sooner or later somebody gives a place back
            self.cancel(who)
        if first:
            assert self.system.join_waitlist(**call).id == first.id

    @precondition(lambda self: self.offered)
    @rule(at=AT)
    def accept(self, at):
        row = self.one(waits, at, "offered")
        if row:
            made = self.attempt(lambda: self.system.accept_offer(row["id"], owner=row["owner"]))
            if made:
                assert self.system.accept_offer(row["id"], owner=row["owner"]).booking_no == made.booking_no

    @precondition(lambda self: self.offered)
    @rule(minutes=st.sampled_from([30, 45]))
    def an_offer_runs_out(self, minutes):
        CLOCK.move(minutes=minutes)
        self.attempt(self.system.tick)

    @precondition(lambda self: rows(self.desk, waits))
    @rule(at=AT)
    def again(self, at):
        row = self.one(waits, at, "expired")
        if row:
            key, owner = f"again:{row['id']}", row["owner"]
            turn = self.attempt(lambda: self.system.join_again(row["id"], owner=owner, key=key))
            if turn:
                assert self.system.join_again(row["id"], owner=owner, key=key).id == turn.id

    @precondition(lambda self: rows(self.desk, waits))
    @rule(at=AT)
    def leave(self, at):
        row = self.one(waits, at, "offered", "waiting")
        if row:
            self.attempt(lambda: self.system.leave_waitlist(row["id"], owner=row["owner"]))

    @precondition(lambda self: len(rows(self.desk, closures)) < 2)
    @rule(day=DAYS, windows=st.integers(0, 2))
    def close(self, day, windows):
        self.attempt(
            lambda: add_closure(
                self.desk, hall_id="h", first_day=day, last_day=day, windows=windows, reason="修",
                actor="t",
            )
        )

    @precondition(lambda self: rows(self.desk, closures))
    @rule(at=AT)
    def reopen(self, at):
        found = rows(self.desk, closures)
        number = found[at % len(found)]["id"]
        self.attempt(lambda: remove_closure(self.desk, number, actor="t"))

    @precondition(lambda self: CLOCK.now.day >= 28)
    @rule(at=AT, came=st.booleans())
    def no_show(self, at, came):
        row = self.one(bookings, at, "booked", "no_show")
        if row:
            self.attempt(lambda: mark_no_show(self.desk, row["booking_no"], actor="t", came=came))

    @rule(minutes=st.sampled_from([1, 10, 31, 90, 600, 1440, -20]))
    def time_passes(self, minutes):
        CLOCK.move(minutes=minutes)

    @rule()
    def tick(self):
        self.attempt(self.system.tick)

    @rule()
    def tell(self):
        due = self.board.due(50)
        self.told += [(n.payload["booking_no"], n.due_at) for n in due if n.kind == "booking_reminder"]
        self.board.told([n.id for n in due])
        assert len(self.told) == len(set(self.told))

    @rule(statements=st.integers(1, 25))
    def crash_in_the_next_call(self, statements):
        self.armed = statements

    @invariant()
    def what_must_hold(self):
        if not hasattr(self, "desk"):
            return
        check_places(self.desk)
        check_reminders(self.desk)
        now = {w["id"] for w in rows(self.desk, waits) if w["state"] == "offered"}
        assert not passed_over(self.desk, now - self.offered)
        self.offered = now
        if CLOCK.now >= self.latest():
            assert not idle_places(self.desk)

    def latest(self):
        """The clock may be set back: a slot is then open again that nobody had to offer."""
        self._latest = max(getattr(self, "_latest", CLOCK.now), CLOCK.now)
        return self._latest


class OnPostgres(Bookings):
    """The same on PostgreSQL."""

    database = "postgres"


HOW = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
TestOnSqlite = Bookings.TestCase
TestOnSqlite.settings = HOW
TestOnPostgres = OnPostgres.TestCase
TestOnPostgres.settings = HOW


def walk(machine, seed, steps):
    """A long walk that crashes in every eighth call; returns the states that rows came to."""
    choice, reached = random.Random(seed), set()
    days = [SATURDAY, SUNDAY]
    moves = {
        "book": 3, "same": 1, "change": 3, "cancel": 3, "join": 5, "accept": 4, "leave": 1, "close": 1,
        "reopen": 2, "no_show": 3, "pass": 2, "expire": 2, "tick": 1, "tell": 1,
        "again": 1,
    }  # fmt: skip
    machine.begin()
    for step in range(steps):
        if step in (steps * 2 // 3, steps * 5 // 6):  # shortly before the first slots, then among them
            CLOCK.set("2026-11-28T08:25" if step < steps * 5 // 6 else "2026-11-28T09:10")
        move = choice.choices(list(moves), list(moves.values()))[0]
        at, who, slot = choice.randrange(12), choice.randint(1, 8), choice.choice(PLACES)
        machine.armed = choice.randint(1, 25) if choice.random() < 0.125 else 0
        day = choice.choice(days)
        {
            "book": lambda: machine.book(who, slot, at % 4),
            "same": lambda: machine.the_same_key_again(at),
            "change": lambda: machine.change(at, slot),
            "cancel": lambda: machine.cancel(at),
            "join": lambda: machine.join(who, day, slot, at % 2 == 0),
            "accept": lambda: machine.accept(at),
            "leave": lambda: machine.leave(at),
            "close": lambda: machine.close(day, at % 3) if not rows(machine.desk, closures) else None,
            "reopen": lambda: machine.reopen(at) if rows(machine.desk, closures) else None,
            "no_show": lambda: machine.no_show(at, at % 3 == 0),
            "pass": lambda: machine.time_passes(choice.choice([1, 5, 10, 20, 31])),
            "expire": lambda: machine.an_offer_runs_out(choice.choice([5, 30])),
            "tick": machine.tick,
            "tell": machine.tell,
            "again": lambda: machine.again(at),
        }[move]()
        machine.what_must_hold()
        reached |= {b["status"] for b in rows(machine.desk, bookings)}
        reached |= {w["state"] for w in rows(machine.desk, waits)}
    machine.armed = 0
    for who in range(1, 9):
        machine.join(who, SUNDAY, PLACES[2], False)
    CLOCK.set("2026-11-29T11:00")  # both days are over
    machine.tick()
    machine.what_must_hold()
    assert not {"waiting", "offered"} & {w["state"] for w in rows(machine.desk, waits)}
    return reached | {w["state"] for w in rows(machine.desk, waits)}


@pytest.mark.parametrize("machine", [Bookings, OnPostgres], ids=["sqlite", "postgres"])
def test_a_long_walk_reaches_every_state_and_breaks_nothing(machine):
    reached, cuts = set(), 0
    for seed in (1, 5, 9):  # together they come to every state
        one = machine()
        reached |= walk(one, seed, 130)
        cuts += one.cuts
    assert reached == {
        "booked", "cancelled", "displaced", "no_show",
        "waiting", "offered", "accepted", "declined", "expired", "left", "lapsed",
    }  # fmt: skip
    assert cuts >= 10
