"""bot/person_words.py."""

from __future__ import annotations

import pytest

from bot.person_words import asks_for_person


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
