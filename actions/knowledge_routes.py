"""Knowledge over HTTP, for the gateway: one process holds the encoder and the index.

POST /knowledge/suggest {"text", "guide_id"?, "k"?} -> {"suggestions": [...]}
GET  /knowledge/guides?q=                            -> {"guides": [GuideOption]}
GET  /knowledge/guides/<id>                          -> GuideCard, 404 if unknown
POST /knowledge/assist {"texts"}                     -> {"card": GuideCard or null}
POST /knowledge/check {"text", "guide_id"}           -> {"warnings": [...]}
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from sanic import Request, Sanic
from sanic.response import HTTPResponse, json

from knowledge.answer_source import AnswerSource
from knowledge.officer_check import contradictions
from knowledge.talk import Talk

TEXT_LIMIT = 500
TEXTS = 8
"""Words of a citizen that an assist looks back on."""
SUGGESTIONS = 3
"""How many sentences an officer gets when the gateway names no number."""


def add_knowledge_routes(app: Sanic[Any, Any], source: AnswerSource) -> None:
    """Register the routes on the action server's app."""

    @app.post("/knowledge/suggest")
    async def suggest(request: Request) -> HTTPResponse:
        body = request.json if isinstance(request.json, dict) else {}
        text = str(body.get("text") or "")[:TEXT_LIMIT]
        asked = body.get("k")
        most = asked if isinstance(asked, int) else SUGGESTIONS
        guide_id = body.get("guide_id")
        if not text.strip():
            return json({"suggestions": []})
        found = await asyncio.to_thread(
            source.current.suggest, text, guide_id=str(guide_id) if guide_id else None, k=max(1, most)
        )
        return json({"suggestions": [asdict(s) for s in found]}, ensure_ascii=False)

    @app.get("/knowledge/guides")
    async def guides(request: Request) -> HTTPResponse:
        query = (request.args.get("q") or "")[:TEXT_LIMIT]
        answer = await asyncio.to_thread(source.current.answer, query)
        found = [
            {"guide_id": hit.guide_id, "name": hit.name, "department": hit.department, "summary": hit.summary}
            for hit in (*answer.hits, *answer.rejected)
            if not hit.stub
        ]
        return json({"guides": found}, ensure_ascii=False)

    @app.get("/knowledge/guides/<guide_id:str>")
    async def guide(request: Request, guide_id: str) -> HTTPResponse:
        answerer = source.current
        if guide_id not in answerer.library.guides:
            return json({"error": {"code": "not_found", "message": guide_id}}, status=404)
        _, card = await asyncio.to_thread(answerer.card, guide_id, {})
        return json(card, ensure_ascii=False)

    def assisted(texts: list[str]) -> dict[str, Any] | None:
        talk, card = Talk(source.current), None
        for text in texts:
            found = talk.ask(text)
            card = found.card if found.card is not None else card
        return card

    @app.post("/knowledge/assist")
    async def assist(request: Request) -> HTTPResponse:
        body = request.json if isinstance(request.json, dict) else {}
        said = body.get("texts")
        texts = [t[:TEXT_LIMIT] for t in said if isinstance(t, str)] if isinstance(said, list) else []
        card = await asyncio.to_thread(assisted, texts[-TEXTS:])
        return json({"card": card}, ensure_ascii=False)

    @app.post("/knowledge/check")
    async def check(request: Request) -> HTTPResponse:
        body = request.json if isinstance(request.json, dict) else {}
        guide = source.current.library.guides.get(str(body.get("guide_id") or ""))
        text = str(body.get("text") or "")[:TEXT_LIMIT]
        if guide is None or not text.strip():
            return json({"warnings": []})
        found = await asyncio.to_thread(contradictions, text, guide, {})
        return json({"warnings": [asdict(one) for one in found]}, ensure_ascii=False)
