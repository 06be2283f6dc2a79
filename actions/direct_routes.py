"""Answers without the dialogue engine: what the gateway asks while Rasa is away.

POST /direct {"conversation_id", "text", "args"?, "guide_id"?} -> {"messages": [...]}

Only the guides speak here. Cases, bookings and work orders need the dialogue; for those the list is empty
and the gateway offers a person.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sanic import Request, Sanic
from sanic.response import HTTPResponse, json

from actions.answer_guide import AnswerGuide
from actions.messages import Message
from actions.turn import Turn

TEXT_LIMIT = 1000
SAID = frozenset({"answer", "clarify"})
"""Kinds of message that answer; anything else means that the guides have nothing to say."""
KEPT = frozenset({"not_handled_here", "which_service"})
"""Statuses of plain text that answer, too."""
BUTTONS = ("/open_guide", "/set_fact")


def direct_turn(body: dict[str, Any]) -> Turn:
    """The turn that stands for the request; without any memory but the guide at hand."""
    text = str(body.get("text") or "")[:TEXT_LIMIT]
    args = body.get("args")
    guide_id = body.get("guide_id")
    button = text in BUTTONS
    return Turn(
        conversation_id=str(body.get("conversation_id") or ""),
        channel="portal",
        text="" if button else text,
        intent=text[1:] if button else "ask_guide",
        confidence=1.0,
        entities={},
        slots={"guide_id": str(guide_id)} if guide_id else {},
        requested_slot=None,
        active_form=None,
        resumed=False,
        args=args if isinstance(args, dict) else {},
    )


def answering(messages: list[Message]) -> list[Message]:
    """The messages if they answer, else none."""
    fits = all(m["kind"] in SAID or m.get("status") in KEPT for m in messages)
    return messages if fits else []


def add_direct_routes(app: Sanic[Any, Any], answers: AnswerGuide) -> None:
    """Register the route on the action server's app."""

    @app.post("/direct")
    async def direct(request: Request) -> HTTPResponse:
        body = request.json
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            message = 'expected {"conversation_id", "text"}'
            return json({"error": {"code": "bad_request", "message": message}}, status=422)
        turn = direct_turn(body)
        if not turn.text.strip() and turn.intent == "ask_guide":
            return json({"messages": []})
        found = await asyncio.to_thread(answers.act, turn)
        return json({"messages": answering(found.messages)}, ensure_ascii=False)
