"""The one or two sentences before a card: for an asked field the guide's own words about it."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.guide import Fact, Guide, Material
from knowledge.outcome import outcome_sentence
from knowledge.situations import Facts, contradicted, known, when_text
from knowledge.wording import phrase

MOST_FACTS = 2


def lead_sentence(guide: Guide, facts: Facts, fields: str | Sequence[str] = ()) -> str:
    """What to say first: about each asked field (keys of guide.FIELDS), else about the whole matter."""
    fields = as_fields(fields)
    facts = known(guide, facts)
    if not fields:
        whole = phrase("lead.whole", name=guide.name, summary=guide.summary)
        return whole + outcome_sentence(guide, facts)
    said = []
    for field in fields:
        words = field_sentences(guide, facts, field)
        missing = phrase("lead.missing", name=guide.name, part=phrase(f"parts.{field}"))
        said.append(missing if words is None else words)
    return "".join(dict.fromkeys(said))


def as_fields(fields: str | Sequence[str]) -> tuple[str, ...]:
    """One field, several, or "" for none."""
    return ((fields,) if fields else ()) if isinstance(fields, str) else tuple(fields)


def field_sentences(guide: Guide, facts: Facts, field: str) -> str | None:
    """The guide's words on one field under the known facts; None when it has none."""
    if field == "materials":
        return _materials(guide, facts)
    if field == "steps":
        return _steps(guide, facts)
    if field == "visits":
        return _visits(guide)
    if field == "basis":
        return _basis(guide)
    if field == "fee":
        head = "" if _fee_is_said(guide) else f"{guide.fee.summary}。"
        return head + (_facts(guide, facts, guide.fee.facts) or "")
    return _facts(guide, facts, field_facts(guide, field))


def _fee_is_said(guide: Guide) -> bool:
    """Whether the facts already say what the summary says."""
    texts = [fact.text for fact in guide.fee.facts]
    free = guide.fee.amount_yuan == 0 and any("不收" in text or "免" in text for text in texts)
    return free or any(guide.fee.summary in text for text in texts)


def field_facts(guide: Guide, field: str) -> tuple[Fact, ...]:
    """The facts that answer a plain field, most telling first."""
    where = guide.where
    return {
        "conditions": guide.conditions,
        "time_limit": (*guide.time_limit.promised, *guide.time_limit.statutory),
        "where": (*where.place, *where.hours, *where.phone),
        "online": (*where.online, *guide.steps.online),
        "proxy": guide.proxy,
        "post": guide.post,
        "cross_region": guide.cross_region,
        "result": (*guide.result, *guide.validity),
        "fee": guide.fee.facts,
    }.get(field, ())


def point_sentence(guide: Guide, facts: Facts, fact: Fact) -> str:
    """One fact with its open condition, and a word of caution when it is not verified."""
    return _conditional(guide, facts, fact) + ("" if fact.verified else phrase("lead.not_verified"))


def _facts(guide: Guide, facts: Facts, parts: Sequence[Fact]) -> str | None:
    live = [part for part in parts if not contradicted(part.when, facts)]
    if not live:
        return None
    certain = [part for part in live if not when_text(guide, part.when, facts)]
    chosen = (certain + [part for part in live if part not in certain])[:MOST_FACTS]
    said = "".join(_conditional(guide, facts, part) for part in chosen)
    return said + ("" if all(part.verified for part in chosen) else phrase("lead.not_verified"))


def _conditional(guide: Guide, facts: Facts, part: Fact) -> str:
    when = when_text(guide, part.when, facts)
    text = part.text if part.text.endswith(("。", "！", "？")) else f"{part.text}。"
    return f"{when}：{text}" if when else text


def _materials(guide: Guide, facts: Facts) -> str:
    groups: dict[str, list[Material]] = {}
    for material in guide.materials:
        if not contradicted(material.when, facts):
            groups.setdefault(when_text(guide, material.when, facts), []).append(material)
    if not groups:
        return phrase("lead.materials_none")
    said = []
    for when, materials in sorted(groups.items(), key=lambda pair: bool(pair[0])):
        names = "、".join(m.name if m.form in m.name else f"{m.name}（{m.form}）" for m in materials)
        key = "lead.materials_when" if when else "lead.materials"
        said.append(phrase(key, name=guide.name, names=names, when=when))
    return "".join(said)


def _steps(guide: Guide, facts: Facts) -> str | None:
    online = [s for s in guide.steps.online if not contradicted(s.when, facts)]
    window = [s for s in guide.steps.window if not contradicted(s.when, facts)]
    first = (window or online)[:1]
    if not first:
        return None
    both = phrase("lead.steps_both", name=guide.name) if online and window else ""
    step = phrase("lead.steps_first", text=_conditional(guide, facts, first[0]))
    return both + step + ("" if first[0].verified else phrase("lead.not_verified"))


def _visits(guide: Guide) -> str | None:
    visits = guide.visits
    if visits.count is None:
        return phrase("lead.visits_note", note=visits.note.rstrip("。")) if visits.note else None
    head = phrase("lead.visits_count", count=visits.count) if visits.count else phrase("lead.visits_none")
    note = phrase("lead.visits_note", note=visits.note.rstrip("。")) if visits.note else ""
    return head + note + ("" if visits.verified else phrase("lead.not_verified"))


def _basis(guide: Guide) -> str | None:
    titles = list(dict.fromkeys(f"《{entry.title}》" for entry in guide.basis))
    return phrase("lead.basis", titles="、".join(titles)) if titles else None
