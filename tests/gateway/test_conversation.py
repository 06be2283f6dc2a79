"""The moves of a conversation, in the pure table and in the real log."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from gateway.conversation import MOVES, ConversationNotFound, IllegalMove, Mode, ModeConflict, check_move
from gateway.database import open_database
from gateway.log import ConversationLog

SAID = {"kind": "citizen_said", "text": "您好"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A real file."""
    engine = open_database(tmp_path_factory.mktemp("log") / "gateway.db")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def log(engine: Engine) -> ConversationLog:
    """The log over it."""
    return ConversationLog(engine)


@pytest.mark.parametrize(("expect", "to"), list(itertools.product(Mode, Mode)))
def test_only_the_listed_moves_exist(expect: Mode, to: Mode) -> None:
    if (expect, to) in MOVES:
        check_move(expect, to)
    else:
        with pytest.raises(IllegalMove, match=f"{expect} -> {to}; allowed: .*bot->waiting"):
            check_move(expect, to)


def test_the_moves_are_the_ones_the_product_needs() -> None:
    assert {f"{a}->{b}" for a, b in MOVES} == {
        "bot->waiting",
        "waiting->agent",
        "waiting->bot",
        "agent->bot",
        "agent->waiting",
        "agent->agent",
        "bot->closed",
        "waiting->closed",
    }
    assert not any(a == Mode.CLOSED for a, _ in MOVES), "a closed conversation stays closed"
    assert {a for a, b in MOVES if a == b} == {Mode.AGENT}, "only officers hand on among themselves"


COMMANDS = st.lists(
    st.tuples(
        st.sampled_from(list(Mode)), st.sampled_from(list(Mode)), st.sampled_from([None, "desk01", "desk02"])
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(commands=COMMANDS)
def test_no_sequence_of_commands_reaches_an_illegal_mode(log: ConversationLog, commands: list[Any]) -> None:
    """A model of mode and holder walks beside the real log; both must always agree."""
    conversation, _ = log.create("portal")
    mode, holder, count = Mode.BOT, None, 0
    for expect, to, officer in commands:
        agent = (officer or "desk01") if to == Mode.AGENT else None
        asked_holder = officer if expect == Mode.AGENT else None
        try:
            moved, stored = log.move(
                conversation.id, expect=expect, to=to, payload=SAID, agent_id=agent, holder=asked_holder
            )
        except IllegalMove:
            assert (expect, to) not in MOVES
        except ModeConflict as conflict:
            assert mode != expect or (asked_holder is not None and asked_holder != holder)
            assert conflict.actual == mode
        else:
            assert (expect, to) in MOVES and expect == mode
            assert asked_holder is None or asked_holder == holder
            mode, holder, count = to, agent, count + 1
            assert stored is not None and stored.seq == count == moved.last_seq
        now = log.get(conversation.id)
        assert (now.mode, now.agent_id, now.last_seq) == (mode, holder, count)
        assert (now.waiting_since is not None) == (mode in (Mode.WAITING, Mode.AGENT))
        assert [e.seq for e in log.after(conversation.id, 0)] == list(range(1, count + 1))


def test_a_refused_move_stores_nothing(log: ConversationLog) -> None:
    conversation, _ = log.create("portal")
    with pytest.raises(ModeConflict, match="expected mode waiting, found bot"):
        log.move(conversation.id, expect=Mode.WAITING, to=Mode.AGENT, payload=SAID, agent_id="desk01")
    assert log.after(conversation.id, 0) == []


def test_words_can_be_stored_only_while_the_mode_is_as_expected(log: ConversationLog) -> None:
    conversation, _ = log.create("portal")
    assert log.append(conversation.id, SAID, expect=Mode.BOT).seq == 1
    log.move(conversation.id, expect=Mode.BOT, to=Mode.WAITING)
    with pytest.raises(ModeConflict, match="expected mode bot, found waiting"):
        log.append(conversation.id, SAID, expect=Mode.BOT)
    assert len(log.after(conversation.id, 0)) == 1
    assert log.get(conversation.id).last_seq == 1


def test_one_client_id_is_one_event_per_conversation(log: ConversationLog) -> None:
    one, two = log.create("portal")[0], log.create("portal")[0]
    first = log.append(one.id, SAID, client_id="c-1")
    again = log.append(one.id, {**SAID, "text": "etwas anderes"}, client_id="c-1")
    assert (again.seq, again.payload, first.fresh, again.fresh) == (first.seq, SAID, True, False)
    assert log.append(two.id, SAID, client_id="c-1").fresh is True


def test_unknown_conversations_and_secrets_are_not_told_apart(log: ConversationLog) -> None:
    conversation, secret = log.create("portal")
    assert log.authenticate(conversation.id, secret).id == conversation.id
    for bad in ((conversation.id, secret + "x"), (conversation.id, ""), ("0" * 24, secret), ("", "")):
        with pytest.raises(ConversationNotFound):
            log.authenticate(*bad)
    for action in (
        lambda: log.get("x"),
        lambda: log.append("x", SAID),
        lambda: log.move("x", expect=Mode.BOT, to=Mode.WAITING),
    ):
        with pytest.raises(ConversationNotFound):
            action()


def test_the_preview_is_short_and_the_citizens_last_words(log: ConversationLog) -> None:
    conversation, _ = log.create("portal")
    log.append(conversation.id, {"kind": "citizen_said", "text": "办" * 300})
    log.append(conversation.id, {"kind": "agent_said", "text": "不是这句"})
    assert log.get(conversation.id).preview == "办" * 60
    assert log.get(conversation.id).title == f"访客 {conversation.id[:4].upper()}"


def test_only_a_last_word_of_the_citizen_to_the_bot_is_unanswered(log: ConversationLog) -> None:
    open_, answered, waiting = (log.create("portal")[0].id for _ in range(3))
    for conversation_id in (open_, answered, waiting):
        log.append(conversation_id, SAID, turn_of="gateway")
    log.append(answered, {"kind": "bot_said", "messages": [], "reply_to": 1})
    log.move(waiting, expect=Mode.BOT, to=Mode.WAITING)
    found = {turn.conversation_id: turn.seq for turn in log.open_turns()}
    assert found.get(open_) == 1 and answered not in found and waiting not in found


def test_the_file_survives_being_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "gateway.db"
    first = open_database(path)
    conversation, secret = ConversationLog(first).create("portal")
    first.dispose()
    second = open_database(path)
    assert ConversationLog(second).authenticate(conversation.id, secret).mode == Mode.BOT
    second.dispose()
