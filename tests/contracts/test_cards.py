"""Every card that knowledge/ can build from the real guides is one that the gateway accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import wire
from knowledge.card import build_card
from knowledge.guide import FIELDS
from knowledge.library import GuideLibrary
from knowledge.suggest import suggestions

GUIDES = Path(__file__).resolve().parents[2] / "knowledge" / "guides"


@pytest.fixture(scope="module")
def library() -> GuideLibrary:
    """The real guides."""
    return GuideLibrary.load(GUIDES)


def test_every_card_is_accepted_in_every_situation(library):
    assert len(library.guides) > 50
    for guide in library.guides.values():
        facts = [{}, *({s.key: o.value} for s in guide.situations for o in s.options)]
        for known in facts:
            lead, card = build_card(guide, known)
            shown = wire.GuideCard.model_validate(card)
            assert lead and shown.guide_id == guide.id
            asked = {q.key for q in [shown.question] if q}
            assert not asked & known.keys(), (guide.id, known)


def test_every_field_can_be_asked_for(library):
    for guide in library.guides.values():
        for field in FIELDS:
            lead, card = build_card(guide, {}, field)
            assert lead, (guide.id, field)
            wire.AnswerMessage(lead=lead, field=field, card=wire.GuideCard.model_validate(card), compact=True)


def test_every_suggestion_is_accepted(library):
    from dataclasses import asdict

    for guide in library.guides.values():
        for found in suggestions(guide, "fee", {}, high=True):
            values = {k: v for k, v in asdict(found).items() if k in wire.Suggestion.model_fields}
            wire.Suggestion(suggestion_id="s-1", **values)
