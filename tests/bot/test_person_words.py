"""bot/person_words.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.person_words import asks_for_person, only_asks_for_person, speaks_of_person

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize(
    "text",
    ["转人工", "我要人工客服", "转人公", "专人工服务", "人工", "叫你们经理来", "跟真人说", "zhuan ren gong"],
)
def test_asked(text: str) -> None:
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text", ["", "人工智能企业认定", "人工费补贴", "个人所得税", "找人代办可以吗", "居住证怎么办"]
)
def test_not_asked(text: str) -> None:
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    "text", ["人工", "人攻", "真仁", "客伏", "rengong", "ZhuanRenGong!", "人工人工人工", "找人。", "转 人 工"]
)
def test_the_bare_wish_needs_no_model(text: str) -> None:
    assert only_asks_for_person(text) and asks_for_person(text)


@pytest.mark.parametrize("text", ["", "你好", "人工智能", "转人工之前问一句居住证", "!!!", "忍耐", "任何人"])
def test_what_is_more_or_less_than_the_wish_is_left_to_the_model(text: str) -> None:
    assert not only_asks_for_person(text)


@pytest.mark.parametrize("text", ["人工湖臭了", "周六窗口有没有人上班", "客服态度差", "不用转人工了"])
def test_a_person_spoken_of_is_not_asked_for(text: str) -> None:
    assert speaks_of_person(text) and not asks_for_person(text)


@pytest.mark.parametrize(
    ("name", "least"), [("person_blind", 0.9), ("person_dev", 0.8), ("person_dev2", 0.95)]
)
def test_words_alone_find_most(name: str, least: float) -> None:
    """The words only lower the floor of the model; what they must not do is hold a real wish back."""
    rows = [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines() if line]
    wanted = [row["q"] for row in rows if row["person"]]
    assert sum(map(asks_for_person, wanted)) >= least * len(wanted)
    assert not [text for text in wanted if speaks_of_person(text)]
    assert not [row["q"] for row in rows if not row["person"] and only_asks_for_person(row["q"])]
