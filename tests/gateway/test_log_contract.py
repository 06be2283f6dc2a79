"""What the conversation log promises, on SQLite and on PostgreSQL, also when many write at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from gateway.conversation import ConversationNotFound, Mode, ModeConflict, OpenTurn
from gateway.database import threads
from gateway.log import ConversationLog
from tests.gateway.databases import KINDS, opened

SAID = {"kind": "citizen_said", "text": "您好"}
ASKED = {"kind": "handoff_requested", "text": "好", "reason": "asked"}
ACCEPTED = {"kind": "handoff_accepted", "text": "好", "agent_name": "06号"}
ENDED = {"kind": "handoff_ended", "text": "好", "outcome": "expired"}


def answer(seq: int | None) -> dict[str, Any]:
    return {"kind": "bot_said", "messages": [], "reply_to": seq}


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module", params=KINDS)
def engine(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One database for the module; every test uses conversations of its own."""
    with opened(request.param, tmp_path_factory.mktemp("log")) as engine:
        yield engine


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(engine: Engine, clock: Clock) -> Iterator[ConversationLog]:
    log = ConversationLog(engine, clock)
    yield log
    for mode in (Mode.WAITING, Mode.AGENT):  # leave an empty queue to the next test
        for left in log.in_mode(mode):
            log.move(left.id, expect=mode, to=Mode.BOT)
    for turn in log.open_turns():
        log.settle(turn.conversation_id, turn.seq)


def begin(log: ConversationLog) -> str:
    return log.create("portal")[0].id


def wait(log: ConversationLog) -> str:
    conversation_id = begin(log)
    log.move(conversation_id, expect=Mode.BOT, to=Mode.WAITING, payload=ASKED, reason="asked")
    return conversation_id


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work` in so many threads, all let go at one moment; results or exceptions in order."""
    gate = threading.Barrier(count)

    def one(number: int) -> Any:
        gate.wait(5)
        try:
            return work(number)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


# ---- one after the other


def test_events_are_numbered_from_one_and_read_in_order(log: ConversationLog) -> None:
    conversation_id = begin(log)
    stored = [log.append(conversation_id, {**SAID, "text": str(n)}) for n in range(5)]
    assert [e.seq for e in stored] == [1, 2, 3, 4, 5]
    assert [e.payload["text"] for e in log.after(conversation_id, 2)] == ["2", "3", "4"]
    assert stored[-1].conversation is not None and stored[-1].conversation.preview == "4"
    assert log.positions([conversation_id, "none"]) == {conversation_id: 5}


def test_a_secret_opens_its_own_conversation_alone(log: ConversationLog) -> None:
    one, secret = log.create("portal")
    two, other = log.create("app")
    assert log.authenticate(one.id, secret).id == one.id
    for wrong in ((one.id, other), (two.id, secret), ("none", secret)):
        with pytest.raises(ConversationNotFound):
            log.authenticate(*wrong)


def test_a_resent_frame_is_its_first_event(log: ConversationLog) -> None:
    conversation_id = begin(log)
    first = log.append(conversation_id, SAID, client_id="c-1")
    again = log.append(conversation_id, {**SAID, "text": "别的"}, client_id="c-1")
    assert (first.fresh, again.fresh) == (True, False)
    assert (again.seq, again.payload) == (first.seq, first.payload)
    assert log.append(begin(log), SAID, client_id="c-1").fresh is True


def test_what_is_not_expected_is_not_stored(log: ConversationLog) -> None:
    conversation_id = wait(log)
    with pytest.raises(ModeConflict):
        log.append(conversation_id, answer(1), expect=Mode.BOT)
    with pytest.raises(ConversationNotFound):
        log.append("none", SAID)
    assert len(log.after(conversation_id, 0)) == 1


def test_the_queue_is_in_order_and_who_was_left_alone_is_its_front(
    log: ConversationLog, clock: Clock
) -> None:
    ids = []
    for _ in range(3):
        ids.append(wait(log))
        clock.now += 1
    log.move(ids[2], expect=Mode.WAITING, to=Mode.AGENT, payload=ACCEPTED, agent_id="desk01")
    log.move(ids[2], expect=Mode.AGENT, to=Mode.WAITING, payload=ENDED, holder="desk01")
    assert [c.id for c in log.in_mode(Mode.WAITING)] == [ids[2], ids[0], ids[1]]


def test_waits_that_are_over_are_found_by_when_this_wait_began(log: ConversationLog, clock: Clock) -> None:
    early = wait(log)
    clock.now += 60
    late = wait(log)
    log.move(early, expect=Mode.WAITING, to=Mode.AGENT, payload=ACCEPTED, agent_id="desk01")
    log.move(early, expect=Mode.AGENT, to=Mode.WAITING, payload=ENDED, holder="desk01")
    assert set(log.waited_out(clock.now)) == {early, late}
    assert log.waited_out(clock.now - 1) == []  # the officer vanished: the limit counts anew
    with pytest.raises(ModeConflict):
        log.move(late, expect=Mode.WAITING, to=Mode.BOT, payload=ENDED, waited_since=clock.now - 1)
    log.move(late, expect=Mode.WAITING, to=Mode.BOT, payload=ENDED, waited_since=clock.now)


# ---- which messages have no answer


def open_turns(log: ConversationLog, conversation_id: str) -> list[OpenTurn]:
    return [turn for turn in log.open_turns() if turn.conversation_id == conversation_id]


def test_a_message_is_open_until_its_answer_is_stored(log: ConversationLog) -> None:
    conversation_id = begin(log)
    log.append(conversation_id, SAID, turn_of="a")
    assert open_turns(log, conversation_id) == [OpenTurn(conversation_id, 1, "a", 1000.0)]
    log.append(conversation_id, answer(None))  # a notice answers nothing
    assert [turn.seq for turn in open_turns(log, conversation_id)] == [1]
    log.append(conversation_id, answer(1))
    assert open_turns(log, conversation_id) == []


def test_the_answer_to_an_earlier_message_leaves_the_later_one_open(log: ConversationLog) -> None:
    conversation_id = begin(log)
    log.append(conversation_id, SAID, turn_of="a")
    log.append(conversation_id, SAID, turn_of="b")
    log.append(conversation_id, answer(1))
    assert [(t.seq, t.owner) for t in open_turns(log, conversation_id)] == [(2, "b")]
    log.append(conversation_id, answer(2))
    assert open_turns(log, conversation_id) == []


def test_who_reaches_a_person_waits_for_no_answer(log: ConversationLog) -> None:
    conversation_id = begin(log)
    log.append(conversation_id, SAID, turn_of="a")
    log.move(conversation_id, expect=Mode.BOT, to=Mode.WAITING, payload=ASKED)
    log.append(conversation_id, SAID, turn_of="a")
    assert open_turns(log, conversation_id) == []


def test_a_settled_message_is_no_longer_open_and_a_later_one_is(log: ConversationLog) -> None:
    conversation_id = begin(log)
    log.append(conversation_id, SAID, turn_of="a")
    log.settle(conversation_id, 1)
    assert open_turns(log, conversation_id) == []
    log.append(conversation_id, SAID, turn_of="a")
    log.settle(conversation_id, 1)
    assert [t.seq for t in open_turns(log, conversation_id)] == [2]


def test_a_lost_message_is_owned_up_to_once(log: ConversationLog) -> None:
    conversation_id = begin(log)
    log.append(conversation_id, SAID, turn_of="a")
    (turn,) = open_turns(log, conversation_id)
    stored = [s for s in at_once(4, lambda _: log.own_up(turn, answer(1)))]
    assert not [s for s in stored if isinstance(s, Exception)]
    assert [s.seq for s in stored if s] == [2]
    assert [e.kind for e in log.after(conversation_id, 0)] == ["citizen_said", "bot_said"]


def test_an_answered_message_is_not_owned_up_to(log: ConversationLog) -> None:
    conversation_id = begin(log)
    log.append(conversation_id, SAID, turn_of="a")
    (turn,) = open_turns(log, conversation_id)
    log.append(conversation_id, answer(1))
    assert log.own_up(turn, answer(1)) is None
    log.append(conversation_id, SAID, turn_of="a")
    log.move(conversation_id, expect=Mode.BOT, to=Mode.WAITING, payload=ASKED)
    assert log.own_up(OpenTurn(conversation_id, 3, "a", 0), answer(3)) is None


# ---- all at once


def test_numbers_have_no_gap_and_no_double_when_many_write(log: ConversationLog) -> None:
    conversation_id = begin(log)

    def write(n: int) -> list[int]:
        return [log.append(conversation_id, SAID, client_id=f"{n}-{i}").seq for i in range(5)]

    results = at_once(8, write)
    assert not [r for r in results if isinstance(r, Exception)]
    assert sorted(seq for seqs in results for seq in seqs) == list(range(1, 41))
    assert all(seqs == sorted(seqs) for seqs in results)
    assert [e.seq for e in log.after(conversation_id, 0)] == list(range(1, 41))


def test_the_same_frame_at_several_gateways_is_stored_once(log: ConversationLog) -> None:
    for round_ in range(5):
        conversation_id = begin(log)
        results = at_once(6, lambda _, of=conversation_id: log.append(of, SAID, client_id="c-1"))
        assert not [r for r in results if isinstance(r, Exception)], f"round {round_}"
        assert Counter(r.fresh for r in results) == {True: 1, False: 5}
        assert {r.seq for r in results} == {1}
        assert len(log.after(conversation_id, 0)) == 1
        assert log.append(conversation_id, SAID, client_id="c-2").seq == 2  # no number was used up


def test_of_two_officers_one_wins(log: ConversationLog) -> None:
    for _ in range(5):
        conversation_id = wait(log)
        results = at_once(
            4,
            lambda n, of=conversation_id: log.move(
                of, expect=Mode.WAITING, to=Mode.AGENT, payload=ACCEPTED, agent_id=f"desk{n}"
            ),
        )
        won = [r for r in results if not isinstance(r, Exception)]
        assert len(won) == 1 and sum(isinstance(r, ModeConflict) for r in results) == 3
        assert log.get(conversation_id).agent_id == won[0][0].agent_id
        kinds = [e.kind for e in log.after(conversation_id, 0)]
        assert kinds == ["handoff_requested", "handoff_accepted"]


def test_the_bot_is_silent_from_the_moment_a_person_was_asked_for(log: ConversationLog) -> None:
    for _ in range(5):
        conversation_id = begin(log)

        def work(n: int, of: str = conversation_id) -> Any:
            if n == 0:
                return log.move(of, expect=Mode.BOT, to=Mode.WAITING, payload=ASKED)
            return log.append(of, answer(None), expect=Mode.BOT)

        results = at_once(5, work)
        assert not isinstance(results[0], Exception)
        kinds = [e.kind for e in log.after(conversation_id, 0)]
        assert "bot_said" not in kinds[kinds.index("handoff_requested") :]
        assert kinds.count("bot_said") == sum(not isinstance(r, Exception) for r in results[1:])


def test_as_many_threads_as_the_database_takes(engine: Engine) -> None:
    assert threads(engine) == (1 if engine.dialect.name == "sqlite" else 8)
