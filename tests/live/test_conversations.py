"""Every conversation of tests/live/conversations, through the real socket, Rasa and action server."""

from __future__ import annotations

import pytest

from tests.live.script import Talk, conversations

pytestmark = pytest.mark.live


@pytest.mark.parametrize("conversation", conversations(), ids=lambda c: c["name"])
def test_conversation(stack, conversation):
    talk = Talk(stack.base)
    try:
        for number, turn in enumerate(conversation["turns"], 1):
            talk.play(turn, number)
    finally:
        talk.citizen.close()
