"""A gateway in a process of its own, with a bot that echoes: `python -m tests.gateway.served_gateway`.

Settings come from the environment, as of a real one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from gateway import wire
from gateway.app import Parts, Server, create_app
from gateway.logs import set_up
from gateway.settings import GatewaySettings
from tests.fakes_gateway import ScriptedDialogue, ScriptedKnowledge

ANSWER_S = 0.02


class SlowEcho(ScriptedDialogue):
    """Echoes after a moment, so that a kill may come in mid-answer."""

    async def respond(
        self, conversation_id: str, text: str, *, channel: str, message_id: str, args: Mapping[str, Any]
    ) -> Sequence[wire.BotMessage]:
        """See `gateway.dialogue.Dialogue`."""
        await asyncio.sleep(ANSWER_S)
        return await super().respond(conversation_id, text, channel=channel, message_id=message_id, args=args)


def main() -> None:
    """Serve until killed."""
    settings = GatewaySettings(_env_file=None)
    set_up(settings.log_level, "text")
    Server(create_app(settings, Parts(SlowEcho(), ScriptedKnowledge())), settings).run()


if __name__ == "__main__":
    main()
