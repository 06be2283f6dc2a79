"""The card: the guide's own words, in the shape of the wire."""

import itertools

import pytest

from gateway.wire import GuideCard
from knowledge.card import build_card
from knowledge.guide import FIELDS, Guide
from knowledge.lead import lead_sentence
from knowledge.library import GuideLibrary


@pytest.fixture(scope="module")
def guide(library: GuideLibrary) -> Guide:
    return library.guides["id-card-replace"]


def section(card: dict, key: str) -> dict:
    return next(section for section in card["sections"] if section["key"] == key)


def test_every_card_of_every_guide_has_the_wire_shape(library: GuideLibrary) -> None:
    for guide in library.guides.values():
        choices = [[None, *(o.value for o in s.options)] for s in guide.situations]
        for combination in itertools.product(*choices):
            keys = [s.key for s in guide.situations]
            facts = {key: value for key, value in zip(keys, combination, strict=True) if value}
            for field in ("", *FIELDS):
                lead, card = build_card(guide, facts, field)
                assert GuideCard.model_validate(card).guide_id == guide.id
                assert lead and "{" not in lead and "None" not in lead


def test_parts_that_contradict_the_facts_are_dropped_and_open_ones_carry_their_condition(
    guide: Guide,
) -> None:
    _, card = build_card(guide, {"age": "adult"})
    materials = section(card, "materials")["items"]
    assert [(item["text"], item["when"]) for item in materials] == [
        ("居民户口簿（原件1份）", ""),
        ("异地受理登记表（填写）", "如果是户口在外省"),
    ]
    assert materials[0]["tag"] == "可用电子证照" and materials[0]["note"] == "没有户口簿的由派出所核对"
    assert card["fits"] == "满16周岁"
    assert card["question"]["key"] == "hukou"
    assert card["question"]["options"] == [
        {"value": "local", "label": "户口在本省"},
        {"value": "away", "label": "户口在外省"},
    ]


def test_headlines_are_short_and_taken_from_the_guide(guide: Guide, library: GuideLibrary) -> None:
    _, card = build_card(guide, {})
    shown = [(h["label"], h["value"], h["verified"]) for h in card["headlines"]]
    assert shown == [("法定时限", "60日内", True), ("收费", "工本费40元", True), ("跑动次数", "2次", False)]
    _, other = build_card(library.guides["residence-permit"], {})
    shown = [(h["label"], h["value"]) for h in other["headlines"]]
    assert shown == [("承诺时限", "10个工作日内"), ("收费", "首次申领不收费"), ("跑动次数", "不用跑")]
    _, third = build_card(library.guides["marriage"], {})
    assert third["headlines"][0]["value"] == "当场登记"


def test_the_asked_field_comes_first(guide: Guide) -> None:
    assert build_card(guide, {}, "fee")[1]["sections"][0]["key"] == "fee"
    assert build_card(guide, {}, "")[1]["sections"][0]["key"] == "materials"


def test_basis_lists_only_what_is_shown_with_articles_joined(guide: Guide) -> None:
    _, card = build_card(guide, {"age": "adult", "hukou": "local"})
    assert card["basis"] == [
        {"title": "居民身份证法", "article": "第十一条、第十二条、第二十条", "number": "主席令第五十一号"}
    ]
    _, card = build_card(guide, {"age": "minor", "hukou": "away"})
    assert [b["article"] for b in card["basis"]] == ["第七条、第十一条、第十二条、第二十条", ""]


def test_unverified_parts_are_named(guide: Guide) -> None:
    _, card = build_card(guide, {"age": "adult", "hukou": "local"})
    assert card["unverified"] == ["窗口办理步骤", "办理地点", "办公时间", "跑动次数"]
    _, card = build_card(guide, {"hukou": "away"})
    assert "要准备的材料" in card["unverified"] and "异地办理" in card["unverified"]


def test_leads_say_the_asked_fact_itself(guide: Guide, library: GuideLibrary) -> None:
    assert lead_sentence(guide, {}, "fee") == "补领身份证每证收工本费40元。"
    assert lead_sentence(guide, {}, "time_limit") == "公安机关应当自受理之日起60日内发放。"
    assert lead_sentence(guide, {}, "proxy") == "如果未满16周岁：未满16周岁的由监护人代为申请。"
    assert lead_sentence(guide, {"age": "minor"}, "proxy") == "未满16周岁的由监护人代为申请。"
    assert lead_sentence(guide, {}, "materials") == (
        "办“身份证丢失补领”要准备：居民户口簿（原件）。如果未满16周岁，还要准备：监护人身份证（原件）。"
        "如果是户口在外省，并且满16周岁，还要准备：异地受理登记表（填写）。"
    )
    assert "还没有核实" in lead_sentence(guide, {"hukou": "away"}, "cross_region")
    missing = lead_sentence(library.guides["marriage"], {}, "post")
    assert "还没有“邮寄”这一项" in missing and "12345" in missing
    assert lead_sentence(guide, {"age": "adult"}, "proxy").startswith("“身份证丢失补领”的指南里还没有")


def test_facts_of_other_guides_are_ignored(guide: Guide) -> None:
    assert build_card(guide, {"kind": "ltd", "age": "none"}) == build_card(guide, {})
