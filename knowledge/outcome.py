"""The row of a guide's decision table that fits: 适用于您，因为……；如果……则不同."""

from __future__ import annotations

from knowledge.guide import Fact, Guide
from knowledge.situations import Facts, contradicted, known, unknown_keys
from knowledge.wording import phrase


def fitting(guide: Guide, facts: Facts) -> Fact | None:
    """The row that the known facts decide for; None while several are possible."""
    facts = known(guide, facts)
    live = [row for row in guide.outcomes if not contradicted(row.when, facts)]
    return live[0] if len(live) == 1 and not unknown_keys(live[0].when, facts) else None


def outcome_sentence(guide: Guide, facts: Facts) -> str:
    """What comes out for this citizen, why, and when it would differ; "" while the facts do not decide."""
    facts = known(guide, facts)
    row = fitting(guide, facts)
    if row is None or not facts:
        return ""
    labels = "、".join(s.label(facts[s.key]) for s in guide.situations if s.key in facts)
    said = phrase("lead.outcome", labels=labels, text=row.text.rstrip("。"))
    said += "" if row.verified else phrase("lead.not_verified")
    others = otherwise(guide, facts)
    return said + (phrase("lead.differs", labels="、".join(others)) if others else "")


def otherwise(guide: Guide, facts: Facts) -> list[str]:
    """Labels of the answers that would lead to another row, each with the rest of the facts unchanged."""
    row, found = fitting(guide, facts), []
    for situation in guide.situations:
        if situation.key not in facts:
            continue
        for option in situation.options:
            if option.value != facts[situation.key]:
                other = fitting(guide, {**facts, situation.key: option.value})
                if other is not None and other is not row:
                    found.append(option.label)
    return found
