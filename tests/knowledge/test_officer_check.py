"""What an officer types, held against the guide: plain contradictions are seen, its own words never."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.guide import FIELDS
from knowledge.library import GuideLibrary
from knowledge.officer_check import contradictions
from knowledge.suggest import suggestions


@pytest.fixture(scope="module")
def ours() -> GuideLibrary:
    return GuideLibrary.load(Path("knowledge/guides"))


def test_nothing_that_a_guide_says_contradicts_it(ours: GuideLibrary):
    checked = 0
    for guide in ours.guides.values():
        texts = {s.text for field in ("", *FIELDS) for s in suggestions(guide, field, {}, high=True)}
        texts |= {faq.answer.text for faq in guide.faq}
        for text in texts:
            checked += 1
            assert contradictions(text, guide, {}) == [], (guide.id, text)
    assert checked > 1500


@pytest.mark.parametrize(
    "guide_id, text, field",
    [
        ("id-card-replace", "您放心，补办是免费的", "fee"),
        ("id-card-replace", "到派出所交20元就行", "fee"),
        ("id-card-replace", "工本费四十块，大概10个工作日能办好", "time_limit"),
        ("id-card-first", "第一次办要交40块钱工本费", "fee"),
        ("shop-sign", "来的时候不用带营业执照", "materials"),
        ("company-change", "变更登记申请书？不需要变更登记申请书的", "materials"),
    ],
)
def test_a_plain_contradiction_is_seen_with_what_the_guide_says(ours: GuideLibrary, guide_id, text, field):
    [found] = contradictions(text, ours.guides[guide_id], {})
    assert found.field == field and found.guide_says and found.said in text.replace("？", "？")


@pytest.mark.parametrize(
    "guide_id, text",
    [
        ("id-card-replace", "工本费40元，60日内发证"),
        ("id-card-replace", "请您后天上午来，我等您10分钟"),
        ("id-card-replace", "本人办理，不用带委托书"),
        ("id-card-replace", "我们12345全年365天都在"),
        ("id-card-replace", "您好，请问还有什么可以帮您？"),
        ("residence-permit", "有近期照片可以调取的话不用带照片"),
        ("id-card-first", "首次办理不收费"),
        ("id-card-first", ""),
    ],
)
def test_what_does_not_contradict_gets_no_warning(ours: GuideLibrary, guide_id, text):
    assert contradictions(text, ours.guides[guide_id], {}) == []


def test_at_most_one_warning_a_field(ours: GuideLibrary):
    text = "补办免费，也可以交5元，3个工作日办好，或者2天办好"
    found = contradictions(text, ours.guides["id-card-replace"], {})
    assert [one.field for one in found] == ["fee", "time_limit"]
