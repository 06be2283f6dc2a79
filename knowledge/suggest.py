"""Sentences an officer may send: taken from a guide word for word, with their source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from knowledge.card import headlines, kept
from knowledge.guide import Fact, Guide
from knowledge.lead import field_facts, lead_sentence
from knowledge.situations import when_text
from knowledge.wording import phrase

MOST_SENTENCES = 2


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text with its source, for an officer to send, edit or dismiss."""

    guide_id: str
    field: str
    """The field it answers; "" for the summary."""
    text: str
    source: str
    """e.g. 临时居民身份证办理 · 2026-11-24 版"""
    basis: str
    """Documents it rests on, e.g. 《居民身份证法》第十一条; "" when unverified."""
    confidence: Literal["high", "fair"]
    unverified: bool = False


def suggestions(guide: Guide, field: str, facts: Mapping[str, str], *, high: bool) -> list[Suggestion]:
    """The asked field first, then the summary with the headline facts, then what a card opens with."""
    found = []
    if field:
        found.append(_of_field(guide, field, facts, high))
    found.append(_overview(guide, facts, high))
    for extra in ("materials", "steps", "where"):
        if extra != field:
            found.append(_of_field(guide, extra, facts, False))
    unique = {suggestion.text: suggestion for suggestion in reversed([s for s in found if s is not None])}
    return list(reversed(unique.values()))


def _of_field(guide: Guide, field: str, facts: Mapping[str, str], high: bool) -> Suggestion | None:
    if field in ("materials", "steps", "visits", "basis", "fee"):
        return _composed(guide, field, facts, high)
    parts = kept(field_facts(guide, field), facts)[:MOST_SENTENCES]
    if not parts:
        return None
    text = "".join(_sentence(guide, facts, part) for part in parts)
    return _suggestion(guide, field, text, parts, high)


def _composed(guide: Guide, field: str, facts: Mapping[str, str], high: bool) -> Suggestion | None:
    parts: dict[str, list[Any]] = {
        "materials": kept(guide.materials, facts),
        "steps": kept((*guide.steps.window, *guide.steps.online), facts)[:1],
        "visits": [guide.visits],
        "basis": [Fact(entry.title, (entry.key,), verified=entry.checked) for entry in guide.basis],
        "fee": kept(guide.fee.facts, facts)[:MOST_SENTENCES],
    }
    if not parts[field]:
        return None
    text = lead_sentence(guide, facts, field).replace(phrase("lead.not_verified"), "")
    return _suggestion(guide, field, text, parts[field], high)


def _overview(guide: Guide, facts: Mapping[str, str], high: bool) -> Suggestion:
    heads = headlines(guide, facts)
    text = guide.summary + "".join(
        phrase("suggest.headline", label=h["label"], value=h["value"]) for h in heads
    )
    parts = kept(guide.fee.facts, facts)
    parts += kept((*guide.time_limit.promised, *guide.time_limit.statutory), facts)[:1]
    return _suggestion(guide, "", text, parts, high)


def _sentence(guide: Guide, facts: Mapping[str, str], part: Fact) -> str:
    when = when_text(guide, part.when, facts)
    text = part.text if part.text.endswith(("。", "！", "？")) else f"{part.text}。"
    return f"{when}：{text}" if when else text


def _suggestion(guide: Guide, field: str, text: str, parts: list[Any], high: bool) -> Suggestion:
    cited = {key for part in parts for key in part.basis}
    titles = list(dict.fromkeys(f"《{e.title}》{e.article}" for e in guide.basis if e.key in cited))
    return Suggestion(
        guide_id=guide.id,
        field=field,
        text=text,
        source=phrase("suggest.source", name=guide.name, version=guide.version),
        basis="、".join(titles[:2]),
        confidence="high" if high else "fair",
        unverified=any(not part.verified for part in parts),
    )
