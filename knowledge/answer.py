"""What comes of a question."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from knowledge.guide import Stub
from knowledge.passages import Hit
from knowledge.wording import phrase

Status = Literal["answered", "clarify", "unanswerable_no_guide", "not_handled_here"]
Outcome = Literal["answered", "clarify", "redirect", "refuse"]
OUTCOMES: dict[Status, Outcome] = {
    "answered": "answered",
    "clarify": "clarify",
    "not_handled_here": "redirect",
    "unanswerable_no_guide": "refuse",
}
Why = Literal["", "item_unclear", "no_item_named", "not_handled_here", "no_guide", "no_service", "empty"]
"""item_unclear: several items fit; no_item_named: a field alone; no_guide: about a service without a guide;
no_service: not about a service at all; empty: no words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question."""

    status: Status
    guide_id: str = ""
    field: str = ""
    """The first of `fields`; "" for the whole card."""
    followup: bool = False
    """True when answered from the guide at hand."""
    facts: dict[str, str] = dataclasses.field(default_factory=dict)
    """Situation facts of this guide known now."""
    lead: str = ""
    card: dict[str, Any] | None = None
    """In the shape of the wire's GuideCard; only when answered."""
    options: list[dict[str, str]] = dataclasses.field(default_factory=list)
    """Guides to choose from; only when status is clarify. None when the words name no matter at all."""
    stub: dict[str, Any] | None = None
    """Only when not_handled_here."""
    hits: list[Hit] = dataclasses.field(default_factory=list)
    """Used, best first."""
    rejected: list[Hit] = dataclasses.field(default_factory=list)
    """Looked at and not used, best first."""
    confidence: float = 0.0
    """In [0, 1]: estimated probability that the first hit is right."""
    fields: tuple[str, ...] = ()
    """The asked fields, keys of guide.FIELDS, most asked for first."""
    why: Why = ""
    """Why it was not answered."""
    explain: dict[str, float] = dataclasses.field(default_factory=dict)
    """What the decision rests on: both probabilities, their thresholds, the features."""

    @property
    def outcome(self) -> Outcome:
        """What is done with the question."""
        return OUTCOMES[self.status]


def not_handled(stub: Stub, hits: list[Hit], confidence: float) -> Answer:
    """The answer that sends the citizen to who handles it; `hits` begin with the stub."""
    shown = {
        "stub_id": stub.id,
        "name": stub.name,
        "department": stub.department,
        "summary": stub.summary,
        "handled_by": stub.handled_by.text,
        "reach": stub.reach.text,
        "unverified": not (stub.handled_by.verified and stub.reach.verified),
    }
    lead = phrase("lead.stub", name=stub.name, summary=stub.summary) + stub.handled_by.text + stub.reach.text
    return Answer(
        "not_handled_here",
        lead=lead,
        stub=shown,
        hits=hits[:1],
        rejected=hits[1:],
        confidence=confidence,
        why="not_handled_here",
    )


def clarify(hits: list[Hit], confidence: float, most: int) -> Answer:
    """The answer that asks back with up to `most` guides; without any, that nothing was found."""
    chosen = [hit for hit in hits if not hit.stub][:most]
    if not chosen:
        return Answer("unanswerable_no_guide", rejected=hits, confidence=confidence, why="no_guide")
    options = [
        {"guide_id": h.guide_id, "name": h.name, "department": h.department, "summary": h.summary}
        for h in chosen
    ]
    rest = [hit for hit in hits if hit not in chosen]
    return Answer(
        "clarify",
        lead=phrase("clarify"),
        options=options,
        hits=chosen,
        rejected=rest,
        confidence=confidence,
        why="item_unclear",
    )
