"""bot/tracker_store.py: a bounded memory that loses neither slots nor the form in hand."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Optional

import pytest

pytest.importorskip("rasa")

from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import ActionExecuted, ActiveLoop, SlotSet, UserUttered  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402

from bot.tracker_store import KEEP_TURNS, CompactTrackerStore, compact  # noqa: E402

DOMAIN = Domain.load(str(Path(__file__).resolve().parents[2] / "domain.yml"))


def talked(turns: int, form: Optional[str] = None) -> DialogueStateTracker:
    """A conversation of so many turns, in a form if one is given."""
    events = [ActiveLoop(form)] if form else []
    for number in range(turns):
        events += [
            ActionExecuted("action_listen"),
            UserUttered(f"话{number}", {"name": "inform", "confidence": 1.0}),
            SlotSet("booking_hall", "donghu"),
            SlotSet("requested_slot", "booking_day" if form else None),
            ActionExecuted(form or "action_say"),
        ]
    return DialogueStateTracker.from_events("c-1", [*events, ActionExecuted("action_listen")], DOMAIN.slots)


@pytest.mark.parametrize("form", [None, "booking_form"])
def test_turn_200_costs_what_turn_5_costs(form: Optional[str]) -> None:
    store = CompactTrackerStore(DOMAIN)
    asyncio.run(store.save(talked(200, form)))
    kept = asyncio.run(store.retrieve("c-1"))
    assert kept is not None and len(kept.events) < 12
    assert kept.get_slot("booking_hall") == "donghu"
    assert kept.active_loop_name == form
    assert kept.get_slot("requested_slot") == ("booking_day" if form else None)


def test_a_short_talk_is_kept_as_it_is() -> None:
    tracker = talked(KEEP_TURNS)
    assert compact(tracker) == list(tracker.events)


def test_the_conversation_longest_unused_is_forgotten() -> None:
    store = CompactTrackerStore(DOMAIN, conversations=2)
    for name in ("a", "b", "a", "c"):
        tracker = DialogueStateTracker.from_events(name, [ActionExecuted("action_listen")], DOMAIN.slots)
        asyncio.run(store.save(tracker))
    assert set(store.store) == {"a", "c"}
