"""The guides that ship: in order, and every situation of every guide gives a card."""

from datetime import date

import pytest

from gateway.wire import GuideCard
from knowledge.card import build_card
from knowledge.library import check_folder
from knowledge.settings import KnowledgeSettings
from knowledge.situations import facts_in_words


@pytest.fixture(scope="module")
def report():
    return check_folder(KnowledgeSettings().guides_dir, date.today())


def test_no_faults(report) -> None:
    assert report.faults == []


def test_every_situation_of_every_guide_gives_a_card(report) -> None:
    from itertools import product

    for guide in report.guides.values():
        for values in product(*([o.value for o in s.options] for s in guide.situations)):
            facts = dict(zip([s.key for s in guide.situations], values, strict=True))
            lead, card = build_card(guide, facts)
            GuideCard.model_validate(card)
            assert card["question"] is None and lead
            assert not any(item["when"] for section in card["sections"] for item in section["items"])


def test_every_label_is_understood_as_an_answer(report) -> None:
    wrong = [
        (guide.id, situation.key, option.label)
        for guide in report.guides.values()
        for situation in guide.situations
        for option in situation.options
        if facts_in_words(guide, option.label).get(situation.key) != option.value
    ]
    assert wrong == []
