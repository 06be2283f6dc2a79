"""The log against a model: appends, repeats, moves and lost turns in any order; several at once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine

from gateway.conversation import Mode, ModeConflict, OpenTurn
from gateway.log import ConversationLog
from tests.gateway.databases import KINDS, opened

IDS = st.sampled_from(["c-1", "c-2", "c-3", "c-4"])
OFFICERS = st.sampled_from(["desk01", "desk02"])
TELLS = {Mode.WAITING: "handoff_requested", Mode.AGENT: "handoff_accepted", Mode.BOT: "handoff_ended"}


def said(text: str) -> dict[str, Any]:
    return {"kind": "citizen_said", "text": text}


def step(log: ConversationLog, of: str, operation: tuple[str, Any]) -> Any:
    """Do one operation; what it returned, or the ModeConflict."""
    name, value = operation
    try:
        if name == "say":
            return log.append(of, said(value), client_id=value, turn_of="a")
        if name == "answer":
            return log.append(of, {"kind": "bot_said", "messages": [], "reply_to": value}, expect=Mode.BOT)
        expect, to, officer = value
        return log.move(
            of,
            expect=expect,
            to=to,
            payload={"kind": TELLS[to], "text": "", "outcome": "closed"},
            agent_id=officer if to == Mode.AGENT else None,
            holder=officer if expect == Mode.AGENT else None,
            outcome="closed",
        )
    except ModeConflict as conflict:
        return conflict


MOVE = st.tuples(
    st.sampled_from(
        [
            (Mode.BOT, Mode.WAITING),
            (Mode.WAITING, Mode.AGENT),
            (Mode.WAITING, Mode.BOT),
            (Mode.AGENT, Mode.BOT),
            (Mode.AGENT, Mode.WAITING),
        ]
    ),
    OFFICERS,
).map(lambda found: ("move", (*found[0], found[1])))
OPERATION = st.one_of(
    IDS.map(lambda client_id: ("say", client_id)),
    st.integers(1, 8).map(lambda seq: ("answer", seq)),
    MOVE,
)


class LogMachine(RuleBasedStateMachine):
    """`kinds` and `seqs` are the model: what must lie in the log, and under which number each id."""

    def __init__(self, engine: Engine, several: bool) -> None:
        super().__init__()
        self.log = ConversationLog(engine)
        self.several = several
        self.of = self.log.create("portal")[0].id
        self.kinds: list[str] = []
        self.seqs: dict[str, int] = {}
        self.mode, self.agent, self.open = Mode.BOT, None, 0

    @rule(operation=OPERATION)
    def one(self, operation: tuple[str, Any]) -> None:
        self.check(operation, step(self.log, self.of, operation))

    @rule()
    def lost(self) -> None:
        payload = {"kind": "bot_said", "messages": [], "reply_to": self.open}
        stored = self.log.own_up(OpenTurn(self.of, self.open, "a", 0.0), payload)
        assert (stored is not None) == (self.open > 0)
        if stored:
            self.kinds.append("bot_said")
            self.open = 0

    @rule(operations=st.lists(OPERATION, min_size=2, max_size=4))
    def at_once(self, operations: list[tuple[str, Any]]) -> None:
        """Whatever order they took effect in: they could have been done so one by one."""
        if not self.several:
            return
        with ThreadPoolExecutor(len(operations)) as pool:
            results = list(pool.map(lambda o: step(self.log, self.of, o), operations))
        # What stored something took effect in the order of the numbers; the rest was refused or resent.
        stored = [(seq_of(r), o, r) for o, r in zip(operations, results, strict=True) if seq_of(r)]
        for _, operation, result in sorted(stored, key=lambda found: found[0]):
            self.check(operation, result)
        for operation, result in zip(operations, results, strict=True):
            if operation[0] == "say" and not seq_of(result):
                assert result.seq == self.seqs[operation[1]]

    def check(self, operation: tuple[str, Any], result: Any) -> None:
        """Compare one result with the model, and move the model on."""
        name, value = operation
        if name == "say" and value in self.seqs:
            assert (result.fresh, result.seq) == (False, self.seqs[value])
            return
        if not self.allowed(name, value):
            assert isinstance(result, ModeConflict), f"{operation} in {self.mode} gave {result}"
            return
        assert not isinstance(result, ModeConflict), f"{operation} in {self.mode} was refused"
        seq = len(self.kinds) + 1
        if name == "say":
            assert (result.fresh, result.seq) == (True, seq)
            self.kinds.append("citizen_said")
            self.seqs[value] = seq
            self.open = seq if self.mode == Mode.BOT else 0
        elif name == "answer":
            assert result.seq == seq
            self.kinds.append("bot_said")
            self.open = 0 if value >= self.open else self.open
        else:
            _, to, officer = value
            assert result[1].seq == seq
            self.kinds.append(TELLS[to])
            self.mode, self.agent, self.open = to, officer if to == Mode.AGENT else None, 0

    def allowed(self, name: str, value: Any) -> bool:
        if name == "answer":
            return self.mode == Mode.BOT
        if name == "move":
            expect, _, officer = value
            return self.mode == expect and (expect != Mode.AGENT or officer == self.agent)
        return True

    @invariant()
    def the_log_is_the_model(self) -> None:
        events = self.log.after(self.of, 0)
        assert [e.seq for e in events] == list(range(1, len(self.kinds) + 1))
        assert [e.kind for e in events] == self.kinds
        now = self.log.get(self.of)
        assert (now.mode, now.agent_id, now.last_seq) == (self.mode, self.agent, len(self.kinds))
        assert (now.queued_at is not None) == (self.mode == Mode.WAITING)
        assert [t.seq for t in self.log.open_turns() if t.conversation_id == self.of] == [self.open][
            : self.open
        ]

    def teardown(self) -> None:
        if self.open:
            self.log.settle(self.of, self.open)


def seq_of(result: Any) -> int:
    """The number that was given out; 0 where nothing was stored."""
    if isinstance(result, ModeConflict):
        return 0
    stored = result[1] if isinstance(result, tuple) else result
    return stored.seq if stored.fresh else 0


@pytest.fixture(scope="module", params=KINDS)
def made(request: Any) -> Iterator[Callable[[], LogMachine]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = stack.enter_context(opened(request.param, folder))
        yield lambda: LogMachine(engine, several=True)


def test_the_log_does_what_the_model_does(made: Callable[[], LogMachine]) -> None:
    fast = settings(
        max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(made, settings=fast)
