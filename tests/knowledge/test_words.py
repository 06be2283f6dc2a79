"""Text, fields, names, homophones: what is read out of a citizen's words."""

import pytest

from knowledge.field import asked_field, residue
from knowledge.followup import is_followup
from knowledge.guide import FIELDS
from knowledge.homophone import HomophoneLexicon, sound
from knowledge.library import GuideLibrary
from knowledge.names import ItemNames
from knowledge.passages import all_passages
from knowledge.text import clauses, normalise, strip_fillers
from knowledge.wording import data, phrase


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("要多少钱", "fee"),
        ("这个收费吗", "fee"),
        ("那要带什么材料呢", "materials"),
        ("需要准备啥", "materials"),
        ("要不要带户口本", "materials"),
        ("多久能拿到", "time_limit"),
        ("几天能办好", "time_limit"),
        ("可以让我老公代办吗", "proxy"),
        ("必须本人去吗", "proxy"),
        ("在哪办", "where"),
        ("周末上班吗", "where"),
        ("能网上办吗", "online"),
        ("要跑几趟", "visits"),
        ("能不能邮寄到家", "post"),
        ("一定要回老家办吗", "cross_region"),
        ("有什么条件", "conditions"),
        ("证件有效期几年", "result"),
        ("根据哪条规定", "basis"),
        ("具体流程是怎样的", "steps"),
        ("我妈的身份证丢了好几天了急死人，补一个要花多少钱", "fee"),
        ("身份证丢了怎么补", ""),
        ("今天天气怎么样", ""),
        ("", ""),
    ],
)
def test_asked_field(text: str, field: str) -> None:
    assert asked_field(text) == field


def test_rules_exist_for_every_field_and_for_nothing_else() -> None:
    assert set(data("fields")["rules"]) == set(FIELDS)
    assert set(FIELDS) <= set(data("phrases")["parts"])


def test_residue_is_what_names_a_service() -> None:
    assert residue("那要多少钱呢") == ""
    assert residue("多久能办好") == ""
    assert "护照" in residue("那护照呢")


def test_normalise_width_script_and_space() -> None:
    assert normalise("　ＡＢＣ１２３ ") == "ABC123"
    assert normalise("身 份 证  丢了") == "身份证丢了"
    assert normalise("營業執照丟了怎麼辦") == "营业执照丢了怎么办"
    assert normalise("怎么办") == "怎么办"


def test_fillers_are_taken_off_both_ends_only() -> None:
    assert strip_fillers("你好，请问一下身份证丢了怎么补，谢谢") == "身份证丢了怎么补"
    assert strip_fillers("你好") == "你好"
    assert clauses("身份证丢了，怎么补？急！") == ["身份证丢了", "怎么补", "急"]


def test_homophones_are_undone_against_the_guides_words(library: GuideLibrary) -> None:
    texts = ["身份证丢了", "补身份证", "身份证", "身份证挂失", "居住证", "居住证申领"]
    lexicon = HomophoneLexicon.build(["身份证", "居住证"], texts)
    assert lexicon.corrected("身分证丢了") == "身份证丢了"
    assert lexicon.corrected("我的居主正") == "我的居住证"
    assert lexicon.corrected("身份证丢了") == "身份证丢了"
    assert lexicon.corrected("今天吃什么") == "今天吃什么"
    assert sound("身份证") == sound("生分正")


def test_names_in_words(library: GuideLibrary) -> None:
    names = ItemNames.of(all_passages(library))
    assert names.exact("我想办理居住证") == ""
    assert names.exact("办居住证") == "residence-permit"
    assert names.exact("结婚登记怎么办") == "marriage"
    assert names.mentioned("补办身份证和结婚登记一起办") == {"id-card-replace", "marriage"}


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("要多少钱", True),
        ("没满16岁", True),
        ("那这个要带什么呢", True),
        ("这个身份证丢失补领多久能好", True),
        ("那结婚登记要多少钱", False),
        ("今天天气怎么样", False),
        ("社保卡要多少钱", False),
    ],
)
def test_followups(library: GuideLibrary, text: str, follows: bool) -> None:
    guide = library.guides["id-card-replace"]
    assert is_followup(text, guide, ItemNames.of(all_passages(library)).mentioned(text)) is follows


def test_out_of_scope_lines_are_many_and_stand_once() -> None:
    lines = [line for lines in data("out_of_scope_dev").values() for line in lines]
    assert (
        set(data("out_of_scope_dev"))
        == {"chat", "other", "near_miss"}
        == set(data("thresholds")["answered_at_most"])
    )
    assert len(lines) >= 200 and len(set(lines)) == len(lines)


def test_phrases_fill_in() -> None:
    assert phrase("lead.whole", name="甲", summary="乙") == "您说的是“甲”。乙"
