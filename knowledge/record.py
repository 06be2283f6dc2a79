"""An answer as one JSON object: for files, other programs and receipts. docs/knowledge.md lists the keys."""

from __future__ import annotations

from typing import Any

from knowledge.answer import Answer
from knowledge.library import GuideLibrary
from knowledge.passages import Hit
from knowledge.plain import plain_text


def answer_record(answer: Answer, library: GuideLibrary, snapshot: str) -> dict[str, Any]:
    """What was decided, what is said, what it rests on. No words of the citizen."""
    first = answer.hits[0].guide_id if answer.hits else ""
    about = answer.guide_id or (answer.stub or {}).get("stub_id", "")
    known = library.guides.get(about) or library.stubs.get(about)
    candidates = sorted((*answer.hits, *answer.rejected), key=lambda hit: -hit.score)
    return {
        "outcome": answer.outcome,
        "why": answer.why,
        "guide_id": about or None,
        "name": known.name if known else None,
        "best": about or first or (candidates[0].guide_id if candidates else None),
        "options": [option["guide_id"] for option in answer.options],
        "candidates": [_candidate(hit) for hit in candidates],
        "fields": list(answer.fields),
        "followup": answer.followup,
        "situation": dict(answer.facts),
        "fits": answer.card["fits"] if answer.card else "",
        "lead": answer.lead,
        "text": plain_text(answer),
        "sources": _sources(answer, library, about),
        "confidence": round(answer.confidence, 4),
        "explain": answer.explain,
        "snapshot": snapshot,
    }


def _candidate(hit: Hit) -> dict[str, Any]:
    return {
        "guide_id": hit.guide_id,
        "name": hit.name,
        "score": round(hit.score, 4),
        "cosine": round(hit.cosine, 4),
        "stub": hit.stub,
        "passage": hit.passage,
    }


def _sources(answer: Answer, library: GuideLibrary, about: str) -> list[dict[str, Any]]:
    known = library.guides.get(about) or library.stubs.get(about)
    if known is None or answer.outcome not in ("answered", "redirect"):
        return []
    if answer.card is not None:
        basis = answer.card["basis"]
    else:
        basis = [{"title": e.title, "article": e.article, "number": e.number} for e in known.basis]
    source = {"guide_id": known.id, "version": known.version, "reviewed_on": known.reviewed_on.isoformat()}
    return [{**source, "basis": basis}]
