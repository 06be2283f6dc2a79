"""A guide cut to a citizen's situation: lead sentence and card, in the guide's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from knowledge.guide import Fact, Guide, Material
from knowledge.lead import as_fields, lead_sentence
from knowledge.outcome import fitting
from knowledge.situations import Facts, contradicted, known, open_question, when_text
from knowledge.wording import data, phrase

_DURATION = re.compile(
    r"(?:\d+|[一二两三四五六七八九十]+)个?(?:工作日|自然日|小时|分钟|月内|个月|日|天|年)(?:以内|之内|内)?"
    r"|当场(?:办结|办理|登记|领取)?|即时(?:办结|办理|出结果)?|即办|当天|当日|立等可取"
)
_SHORT = 12
"""Characters a headline value may have."""
_ORDER = (
    "materials",
    "steps_online",
    "steps",
    "where",
    "online",
    "conditions",
    "time_limit",
    "fee",
    "proxy",
    "cross_region",
    "post",
    "result",
    "faq",
)
_STYLE = {"materials": "checklist", "steps": "steps", "steps_online": "steps"}
_WITH_FIELD = {"online": ("online", "steps_online"), "steps": ("steps", "steps_online")}


def kept(parts: Sequence[Any], facts: Facts) -> list[Any]:
    """Parts that the known facts do not rule out, in order."""
    return [part for part in parts if not contradicted(part.when, facts)]


def build_card(guide: Guide, facts: Facts, fields: str | Sequence[str] = ()) -> tuple[str, dict[str, Any]]:
    """Lead and card for what is known.

    Args:
        guide: the guide.
        facts: situation facts; those of other guides are ignored.
        fields: the asked fields (guide.FIELDS); their sections come first.

    Returns:
        The lead (one or two sentences) and a dict in the shape of the wire's GuideCard.

    """
    facts, fields = known(guide, facts), as_fields(fields)
    shown = _sections(guide, facts)
    order = [key for field in fields for key in _WITH_FIELD.get(field, (field,))]
    sections = [_section(guide, facts, key, shown[key]) for key in (*order, *_ORDER) if shown.get(key)]
    unique = list({section["key"]: section for section in sections}.values())
    question = open_question(guide, facts)
    visible = [part for parts in shown.values() for part in parts]
    row = fitting(guide, facts)
    visible += [row] if row else []
    card = {
        "guide_id": guide.id,
        "name": guide.name,
        "department": guide.department,
        "summary": guide.summary,
        "fits": "、".join(s.label(facts[s.key]) for s in guide.situations if s.key in facts),
        "question": None
        if question is None
        else {
            "key": question.key,
            "ask": question.ask,
            "options": [{"value": option.value, "label": option.label} for option in question.options],
        },
        "headlines": headlines(guide, facts),
        "sections": unique,
        "basis": basis_list(guide, [*visible, guide.visits]),
        "reviewed_on": guide.reviewed_on.isoformat(),
        "version": guide.version,
        "unverified": _unverified(guide, shown, facts),
    }
    return lead_sentence(guide, facts, fields), card


def _sections(guide: Guide, facts: Facts) -> dict[str, list[Any]]:
    where = guide.where
    parts: dict[str, Sequence[Any]] = {
        "materials": guide.materials,
        "steps_online": guide.steps.online,
        "steps": guide.steps.window,
        "where": (*where.place, *where.hours, *where.phone),
        "online": where.online,
        "conditions": guide.conditions,
        "time_limit": (*guide.time_limit.promised, *guide.time_limit.statutory),
        "fee": guide.fee.facts,
        "proxy": guide.proxy,
        "cross_region": guide.cross_region,
        "post": guide.post,
        "result": (*guide.result, *guide.validity),
        "faq": [faq.answer for faq in guide.faq],
    }
    return {key: kept(value, facts) for key, value in parts.items()}


def _section(guide: Guide, facts: Facts, key: str, parts: list[Any]) -> dict[str, Any]:
    return {
        "key": key,
        "title": phrase(f"parts.{key}"),
        "style": _STYLE.get(key, "list"),
        "items": [_item(guide, facts, key, part) for part in parts],
    }


def _item(guide: Guide, facts: Facts, key: str, part: Fact | Material) -> dict[str, Any]:
    item = {
        "text": "",
        "note": "",
        "tag": "",
        "when": when_text(guide, part.when, facts),
        "verified": part.verified,
    }
    if isinstance(part, Material):
        form = part.form
        if part.copies is not None and part.form not in ("到场", "填写", "电子"):
            form = phrase("copies", form=part.form, copies=part.copies)
        item["text"] = part.name if form in part.name else f"{part.name}（{form}）"
        item["note"] = _with_alternative(part)
        item["tag"] = phrase("tags.ecert") if part.ecert else ""
    elif key == "faq":
        asked = next(faq.question for faq in guide.faq if faq.answer is part)
        item["text"], item["note"] = asked, part.text
    else:
        item["text"] = part.text
        item["tag"] = _where_tag(guide, part) if key == "where" else part.scope or part.channel
    return item


def _with_alternative(material: Material) -> str:
    """The note, and what to do without the document."""
    if material.without is None:
        return material.note
    other = phrase("without", text=material.without.text.rstrip("。"))
    caution = "" if material.without.verified or not material.verified else phrase("without_unverified")
    return "；".join(text for text in (material.note.rstrip("。"), other + caution) if text)


def _where_tag(guide: Guide, part: Fact) -> str:
    for key in ("place", "hours", "phone"):
        if any(part is other for other in getattr(guide.where, key)):
            return phrase(f"parts.{key}")
    return ""


def headlines(guide: Guide, facts: Facts) -> list[dict[str, Any]]:
    """Time, fee and visits: two or three short values; what the guide does not know is left out."""
    found = []
    for kind in ("promised", "statutory"):
        parts = [part for part in kept(getattr(guide.time_limit, kind), facts)]
        value = _duration(parts[0].text) if parts else ""
        if value:
            note = when_text(guide, parts[0].when, facts)
            found.append(_headline(phrase(f"headlines.time_{kind}"), value, note, parts[0].verified))
            break
    verified = bool(guide.fee.facts) and all(part.verified for part in kept(guide.fee.facts, facts))
    found.append(_headline(phrase("headlines.fee"), guide.fee.summary, "", verified))
    count = guide.visits.count
    if count is not None:
        value = phrase("headlines.visits_count", count=count) if count else phrase("headlines.visits_none")
        found.append(_headline(phrase("headlines.visits"), value, guide.visits.note, guide.visits.verified))
    return found


def _headline(label: str, value: str, note: str, verified: bool) -> dict[str, Any]:
    return {"label": label, "value": value, "note": note, "verified": verified}


def _duration(text: str) -> str:
    """The first length of time in a sentence, as written there; the sentence itself when it is short."""
    found = _DURATION.search(text)
    if found:
        return found.group(0)
    plain = text.rstrip("。")
    return plain if len(plain) <= _SHORT else ""


def basis_list(guide: Guide, parts: Iterable[Any]) -> list[dict[str, str]]:
    """Sources of `parts`, one entry per document with its articles joined, in the guide's order."""
    cited = {key for part in parts for key in part.basis}
    merged: dict[tuple[str, str], list[str]] = {}
    for entry in guide.basis:
        if entry.key in cited:
            articles = merged.setdefault((entry.title, entry.number), [])
            if entry.article and entry.article not in articles:
                articles.append(entry.article)
    return [
        {"title": title, "article": "、".join(articles), "number": number}
        for (title, number), articles in merged.items()
    ]


def _unverified(guide: Guide, shown: dict[str, list[Any]], facts: Facts) -> list[str]:
    found = []
    for key, parts in shown.items():
        if key == "where":
            for name in ("place", "hours", "phone"):
                if any(not part.verified for part in kept(getattr(guide.where, name), facts)):
                    found.append(name)
        elif any(not part.verified for part in parts):
            found.append(key)
    if guide.visits.count is not None and not guide.visits.verified:
        found.append("visits")
    names = data("phrases")["parts"]
    return [names[key] for key in found]
