"""Questions to answers over the small guides, with the deterministic encoder."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from gateway.wire import GuideCard, GuideOption
from knowledge.answerer import Answerer
from knowledge.errors import UnknownGuide

TODAY = date(2026, 11, 24)


def test_a_question_is_answered_from_its_guide(answerer: Answerer) -> None:
    found = answerer.answer("身份证丢了怎么补", today=TODAY)
    assert (found.status, found.guide_id, found.field, found.followup) == (
        "answered",
        "id-card-replace",
        "",
        False,
    )
    assert GuideCard.model_validate(found.card).name == "身份证丢失补领"
    assert found.lead == "您说的是“身份证丢失补领”。身份证丢了，可以在任一派出所申请补领。"
    assert found.hits[0].guide_id == "id-card-replace" and found.hits[0].passage == "身份证丢了怎么补"
    assert 0.5 < found.confidence <= 1
    assert all(hit.guide_id != "id-card-replace" for hit in found.rejected)


def test_field_and_facts_are_read_from_the_question(answerer: Answerer) -> None:
    found = answerer.answer("我家小孩的身份证弄丢了怎么办，要带什么材料", today=TODAY)
    assert (found.guide_id, found.field, found.facts) == ("id-card-replace", "materials", {"age": "minor"})
    assert "监护人身份证（原件）" in found.lead and found.card["fits"] == "未满16周岁"


def test_out_of_scope_is_refused_with_what_was_looked_at(answerer: Answerer) -> None:
    for text in ("今天天气怎么样", "红烧肉怎么做才好吃", "哈哈哈哈"):
        found = answerer.answer(text, today=TODAY)
        assert (found.status, found.card, found.hits) == ("unanswerable_no_guide", None, [])
        assert found.rejected


def test_a_stub_says_where_to_go(answerer: Answerer) -> None:
    found = answerer.answer("养狗要办狗证吗", today=TODAY)
    assert found.status == "not_handled_here" and found.card is None
    assert found.stub["handled_by"] == "由住所地派出所办理。" and found.stub["unverified"] is True
    assert found.lead.endswith("由住所地派出所办理。可以拨打12345咨询。")


@pytest.mark.parametrize(
    ("text", "field"),
    [("要多少钱", "fee"), ("多久能好呢", "time_limit"), ("要本人去吗", "proxy"), ("那在哪办", "where")],
)
def test_followups_are_answered_from_the_guide_at_hand(answerer: Answerer, text: str, field: str) -> None:
    found = answerer.answer(text, "id-card-replace", {"age": "minor"}, TODAY)
    assert (found.status, found.guide_id, found.followup) == ("answered", "id-card-replace", True)
    assert found.field == field and found.facts == {"age": "minor"}


def test_a_bare_fact_renders_the_card_again(answerer: Answerer) -> None:
    found = answerer.answer("没满16岁", "id-card-replace", {"hukou": "local"}, TODAY)
    assert found.facts == {"hukou": "local", "age": "minor"} and found.followup
    assert found.lead == (
        "适用于您，因为您的情况是“未满16周岁、户口在本省”：由监护人陪同申请。如果是“满16周岁”，则不同。"
    )
    assert found.card["question"] is None


def test_a_correction_replaces_the_older_fact(answerer: Answerer) -> None:
    found = answerer.answer("说错了，是成年了", "id-card-replace", {"age": "minor"}, TODAY)
    assert found.facts == {"age": "adult"}


def test_another_service_by_name_takes_over(answerer: Answerer) -> None:
    found = answerer.answer("那办居住证要多少钱", "id-card-replace", {"hukou": "local"}, TODAY)
    assert (found.guide_id, found.field, found.followup, found.facts) == (
        "residence-permit",
        "fee",
        False,
        {},
    )


def test_small_talk_does_not_stay_with_the_guide_at_hand(answerer: Answerer) -> None:
    assert answerer.answer("今天天气怎么样", "id-card-replace", today=TODAY).status == "unanswerable_no_guide"


def test_a_field_without_any_matter_is_asked_back(answerer: Answerer) -> None:
    found = answerer.answer("要多少钱", today=TODAY)
    assert (found.status, found.field, found.options) == ("clarify", "fee", [])
    assert found.lead.startswith("请问您想办的是哪一件事")


def test_clarify_offers_up_to_three_guides(answerer: Answerer) -> None:
    found = next(
        answer
        for text in ("户口", "证件", "派出所", "外地人", "本人到场", "领证", "登记", "申请")
        if (answer := answerer.answer(text, today=TODAY)).status == "clarify" and answer.options
    )
    assert 1 <= len(found.options) <= 3 and found.card is None
    for option in found.options:
        assert GuideOption.model_validate(option).guide_id in answerer.library.guides


def test_expired_guides_are_not_used(answerer: Answerer) -> None:
    late = date(2027, 7, 1)
    assert answerer.answer("办居住证", today=date(2027, 6, 30)).guide_id == "residence-permit"
    found = answerer.answer("办居住证", today=late)
    assert found.guide_id != "residence-permit"
    assert all(hit.guide_id != "residence-permit" for hit in (*found.hits, *found.rejected))
    assert answerer.answer("要多少钱", "residence-permit", today=late).status == "clarify"


def test_unknown_or_missing_guides(answerer: Answerer) -> None:
    assert answerer.answer("要多少钱", "no-such-guide", today=TODAY).status == "clarify"
    with pytest.raises(UnknownGuide):
        answerer.card("no-such-guide", {})
    with pytest.raises(ValueError, match="field 'price' is unknown"):
        answerer.card("marriage", {}, "price")


@pytest.mark.parametrize("text", ["", "   ", "？？？", "a" * 500, "😀", "\u200b"])
def test_odd_input_never_raises(answerer: Answerer, text: str) -> None:
    assert answerer.answer(text, today=TODAY).status in ("unanswerable_no_guide", "clarify", "answered")


def test_items_are_found_by_their_names(answerer: Answerer) -> None:
    assert answerer.find_item("结婚登记").guide_id == "marriage"
    assert answerer.find_item("我想办居住证").guide_id == "residence-permit"
    assert answerer.find_item("吃饭") is None
    assert answerer.find_item("犬证办理") is None
    assert answerer.find_item("") is None


def test_suggestions_are_the_guides_words(answerer: Answerer) -> None:
    found = answerer.suggest("补办身份证要多少钱", today=TODAY)
    first = found[0]
    assert (first.guide_id, first.field, first.confidence) == ("id-card-replace", "fee", "high")
    assert first.text.endswith("补领身份证每证收工本费40元。") and not first.unverified
    assert first.source == "身份证丢失补领 · 2026-11-24 版" and first.basis == "《居民身份证法》第二十条"
    assert "身份证丢了，可以在任一派出所申请补领。" in found[1].text and "工本费40元" in found[1].text
    assert len(found) <= 3
    assert answerer.suggest("今天天气怎么样", today=TODAY) == []


def test_below_the_answer_zone_nothing_is_high(answerer: Answerer) -> None:
    for text in ("户口", "证件", "派出所", "外地人", "领证", "登记"):
        if answerer.answer(text, today=TODAY).status != "answered":
            assert all(s.confidence == "fair" for s in answerer.suggest(text, today=TODAY))


def test_answers_do_not_depend_on_threads(answerer: Answerer) -> None:
    texts = ["身份证丢了怎么补", "办居住证", "领结婚证要带什么", "今天天气怎么样"] * 8
    alone = [answerer.answer(text, today=TODAY) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: answerer.answer(text, today=TODAY), texts)) == alone


def test_a_common_question_very_near_is_answered_first(answerer: Answerer) -> None:
    found = answerer.answer("身份证补领后旧证找到了还能用吗", "id-card-replace", today=TODAY)
    assert found.guide_id == "id-card-replace"
    near = answerer.answer("旧证找到了还能用吗", "id-card-replace", today=TODAY)
    assert near.lead == "关于“旧证找到了还能用吗”：不能用，补领后旧证作废。"
    assert near.card["guide_id"] == "id-card-replace"


def test_a_general_question_is_not_answered_with_one_point(answerer: Answerer) -> None:
    assert answerer.answer("身份证丢了怎么补", today=TODAY).lead.startswith("您说的是")
