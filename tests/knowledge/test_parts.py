"""Which parts of a guide a turn asks for, and how it refers to the turn before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from knowledge.answerer import Answerer
from knowledge.encode import HashEncoder
from knowledge.field import asking_clauses, asks, mended
from knowledge.field_model import FieldExample, FieldModel, fit_field_model
from knowledge.focus import done, in_passing, new_event, points, put_right, read_move, refers
from knowledge.followup import only_a_part, parts_asked
from knowledge.library import GuideLibrary
from knowledge.talk import Talk
from knowledge.text import normalise

from .conftest import FIELD_EXAMPLES

TODAY = date(2026, 11, 24)
LEAST = (0.25, 0.45)


class ReadingEncoder(HashEncoder):
    """A HashEncoder that also reads: the same vectors, stretched, as a reader's are not of unit length."""

    def readings(self, texts: Sequence[str]) -> np.ndarray | None:
        return self.queries(texts) * 7.0 + 1.0


@pytest.fixture(scope="module")
def model() -> FieldModel:
    return fit_field_model(FIELD_EXAMPLES, LEAST)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("补身份证什么流呈", "补身份证什么流程"),
        ("网上申抱要哪些证建", "网上申报要哪些证件"),
        ("晚上几点下班", "晚上几点下班"),
        ("那里能办理离婚", "那里能办理离婚"),
        ("必须要本人去吗", "必须要本人去吗"),
        ("", ""),
    ],
)
def test_homophones_of_field_words_are_undone_and_words_that_sound_alike_are_kept(
    text: str, right: str
) -> None:
    assert mended(text) == right


def test_only_the_clauses_that_ask_are_read_for_themselves() -> None:
    text = "我上个月刚搬来，房子是租的，要带什么，几天能好"
    assert asking_clauses(text) == ["要带什么", "几天能好"]
    assert asking_clauses("要带什么") == []
    assert not asks("那二手房呢？")
    assert asks("那二手房怎么过户呢")


@pytest.mark.parametrize(
    ("text", "words", "back", "corrects"),
    [
        ("不是，我问的是二手房", "二手房", False, True),
        ("讲错了，是装电表", "装电表", False, True),
        ("错了错了，不是到期，是丢了", "丢了", False, True),
        ("我问的是多少钱不是材料", "多少钱", False, True),
        ("不是要材料，是多少钱", "多少钱", False, True),
        ("先不说材料，我想问要几天", "要几天", False, True),
        ("先不说这个，刚才居住证要钱吗", "居住证要钱吗", True, False),
        ("是不是要跑好几次", "是不是要跑好几次", False, False),
        ("没有居住证行吗", "没有居住证行吗", False, False),
        ("那件事要多少钱", "那件事要多少钱", False, False),
        ("我说反了，是离婚", "离婚", False, True),
        ("已经结了，是证找不到了", "证找不到了", False, True),
        ("不是", "不是", False, True),
    ],
)
def test_what_a_turn_denies_is_taken_away(text: str, words: str, back: bool, corrects: bool) -> None:
    move = read_move(normalise(text))
    assert (move.text, move.back, move.corrects) == (words, back, corrects)


@pytest.mark.parametrize(
    ("text", "before", "first"),
    [
        ("那居住证呢", ("fee",), ("fee",)),
        ("不是，我问的是二手房", ("materials", "fee"), ("materials", "fee")),
        ("我问的是多少钱不是材料", ("materials",), ("fee",)),
        ("那网上呢", ("fee",), ("online",)),
        ("不是，是居住证怎么办理", ("fee",), ()),
        ("不是，我问的是二手房", (), ()),
    ],
)
def test_a_turn_that_only_names_another_thing_asks_for_the_parts_asked_before(
    model: FieldModel, encoder: HashEncoder, text: str, before: tuple[str, ...], first: tuple[str, ...]
) -> None:
    text = normalise(text)
    found = parts_asked(text, read_move(text), before, model, encoder)
    assert found[: len(first)] == first
    if before and not first:
        assert "fee" not in found


def test_sure_parts_stand_in_the_order_of_asking(model: FieldModel, encoder: HashEncoder) -> None:
    story = "我前几天把身份证弄丢了，到处都找过了"
    assert model.asked(f"{story}，补一张要多少钱，要带什么材料", encoder)[:2] == ("fee", "materials")
    assert model.asked(f"{story}，要带什么材料，补一张要多少钱", encoder)[:2] == ("materials", "fee")


def test_a_reader_of_any_scale_is_learned_from(encoder: HashEncoder) -> None:
    reading = ReadingEncoder()
    known = [FieldExample(f"第{n}件要多少钱", ("fee",)) for n in range(20)]
    known += [FieldExample(f"第{n}件几天能好", ("time_limit",), guide=n % 2 == 0) for n in range(20)]
    fitted = fit_field_model(known, LEAST, encoder=reading)
    assert fitted.head is not None
    assert fitted.asked("第三十件要多少钱", reading) == ("fee",)
    assert fit_field_model(known, LEAST, encoder=encoder).head is None
    assert fit_field_model([], LEAST, encoder=reading).asked("多少钱", reading) == ()


def test_a_correction_replaces_what_it_denies() -> None:
    text = normalise("不是户口本，我问身份证")
    assert put_right("户口本丢了能不能代办", text, read_move(text)) == "身份证丢了能不能代办"
    text = normalise("我问的是身份证")
    assert put_right("户口本丢了", text, read_move(text)) == "户口本丢了，身份证"


def test_event_done_and_what_is_named_in_passing(library: GuideLibrary) -> None:
    guide = library.guides["id-card-replace"]
    assert done(guide) == "丢失补领"
    assert new_event("那到期了呢", guide)
    assert not new_event("补领要多久", guide)
    assert in_passing("没发票可以吗")
    assert in_passing("有居住证代替行吗")
    assert not in_passing("那发票呢")
    assert points("那个证几年一换")
    assert not points("那二手房呢")
    assert only_a_part("要多少钱")
    assert not only_a_part("二手房要多少钱")
    text = normalise("那到期了呢")
    assert refers(text, read_move(text))


def test_a_talk_inherits_changes_and_leaves_parts(answerer: Answerer) -> None:
    talk = Talk(answerer, guide_id="id-card-replace", asked=("materials",))
    second = talk.ask("我问的是多少钱不是材料", TODAY)
    assert (second.guide_id, second.fields) == ("id-card-replace", ("fee",))
    third = talk.ask("那居住证呢", TODAY)
    assert (third.guide_id, third.fields) == ("residence-permit", ("fee",))
