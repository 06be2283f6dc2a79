"""Notices over HTTP, for the gateway: what citizens are to be told without having asked.

GET  /notices                    -> {"notices": [{"id", "owner", "message": BotMessage}]}, oldest first
POST /notices/told {"ids": [..]} -> {}; the gateway has them in its log
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

from sanic import Request, Sanic
from sanic.response import HTTPResponse, json

from actions import messages
from actions.backends.ports import BackendUnavailable, Notice, NoticeBoard
from actions.phrases import Phrases

log = logging.getLogger(__name__)
LIMIT = 50
DATA = Path(__file__).resolve().parent / "data" / "notices.yml"
ANY = "notice_any"
"""Said when a notice has no sentence of its own or lacks a value of it: nobody stays untold."""


def worded(notice: Notice, phrases: Phrases) -> messages.Message:
    """The notice as a message: `notice_<kind>` of notices.yml, with its buttons (`replies_notice_<kind>`)."""
    key = f"notice_{notice.kind}"
    buttons = f"replies_{key}"
    try:
        sentence = phrases.say(key, **notice.payload)
        replies = phrases.replies(buttons) if buttons in phrases.keys() else []
        filled = [_filled(r, notice.payload) for r in replies]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as odd:
        # One that cannot be said, such as with a value called "key", must not hold up those behind it.
        # Only the name of a missing value is told: the values themselves are a citizen's.
        what = str(odd) if isinstance(odd, KeyError) else type(odd).__name__
        log.error("notice kind=%s id=%d lacks %s; %s is said instead", notice.kind, notice.id, what, ANY)
        return messages.text(phrases.say(ANY), status=ANY)
    return messages.text(sentence, status=key, replies=filled)


def _filled(value: Any, payload: Any) -> Any:
    if isinstance(value, str):
        return value.format(**payload)
    if isinstance(value, dict):
        return {key: _filled(inner, payload) for key, inner in value.items()}
    return value


def add_notice_routes(app: Sanic[Any, Any], board: NoticeBoard, phrases: Phrases) -> None:
    """Register both routes on the action server's app."""

    @app.get("/notices")
    async def due(request: Request) -> HTTPResponse:
        try:
            found = await asyncio.to_thread(board.due, LIMIT)
        except BackendUnavailable as down:
            return json({"error": {"code": "unavailable", "message": down.system}}, status=503)
        listed = [{"id": n.id, "owner": n.owner, "message": worded(n, phrases)} for n in found]
        return json({"notices": listed}, ensure_ascii=False)

    @app.post("/notices/told")
    async def told(request: Request) -> HTTPResponse:
        ids = request.json.get("ids") if isinstance(request.json, dict) else None
        if not isinstance(ids, list) or not all(type(i) is int and 0 < i < 2**53 for i in ids):
            message = 'expected {"ids": [whole numbers]}'
            return json({"error": {"code": "bad_request", "message": message}}, status=422)
        try:
            await asyncio.to_thread(board.told, ids)
        except BackendUnavailable as down:
            return json({"error": {"code": "unavailable", "message": down.system}}, status=503)
        return json({})
