"""Events each once and without a gap, whatever order the bus brings them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.conversation import StoredEvent
from gateway.in_order import InOrder


class Log:
    """Events 1 to `last` of every conversation; counts how often it is read."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.reads = 0

    async def after(self, of: str, seq: int) -> Sequence[StoredEvent]:
        self.reads += 1
        return [StoredEvent(of, n, "", "citizen_said", None, {}) for n in range(seq + 1, self.last + 1)]


def event(seq: int, of: str = "c") -> dict[str, Any]:
    return {"type": "event", "conversation_id": of, "seq": seq}


async def seqs(order: InOrder, *arriving: int) -> list[int]:
    return [e["seq"] for seq in arriving for e in await order.pass_on(event(seq))]


async def test_in_order_nothing_is_read() -> None:
    log = Log(3)
    order = InOrder(log.after)
    order.was_sent("c", 0)
    assert await seqs(order, 1, 2, 2, 3) == [1, 2, 3]
    assert log.reads == 0


@given(st.permutations(range(1, 9)), st.integers(0, 8))
async def test_in_any_order_every_event_is_told_once_and_in_order(arriving: list[int], known: int) -> None:
    order = InOrder(Log(8).after)
    order.was_sent("c", known)
    assert await seqs(order, *arriving) == list(range(known + 1, 9))


async def test_a_transcripts_last_events_may_still_come_and_what_is_missing_after_it_is_read() -> None:
    order = InOrder(Log(9).after)
    order.has_read("c", 5)
    assert await seqs(order, 5, 5) == [
        5
    ]  # it carries the acknowledgement of a word that is in the transcript
    assert await seqs(order, 8) == [6, 7, 8, 9]


async def test_where_the_position_is_unknown_the_first_event_is_the_beginning() -> None:
    order = InOrder(Log(9).after)
    assert await order.missing("c") == []
    assert await seqs(order, 7) == [7]
    assert [e["seq"] for e in await order.missing("c")] == [8, 9]
    assert await order.missing("c") == [] and order.sent("other") == 0
