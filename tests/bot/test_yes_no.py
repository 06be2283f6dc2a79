"""bot/yes_no.py."""

from __future__ import annotations

import pytest

from bot.yes_no import yes_or_no

YES = [
    "是",
    "是的",
    "对",
    "对对对",
    "好",
    "好的",
    "行",
    "行吧",
    "可以",
    "嗯",
    "嗯嗯",
    "没错",
    "没问题",
    "要得",
    "中",
    "OK",
    "ｏｋ",
    "确认",
    "确定",
    "是我",
    "就这个",
    "需要",
    "要的",
    "有的",
    "正确",
    "当然",
    "同意",
    "好嘞",
    "没毛病",
    "yes",
    "对，就是周六",
    "可以啊 没问题",
]
NO = [
    "不是",
    "不",
    "不用",
    "不要",
    "不对",
    "不行",
    "没有",
    "不用了",
    "不需要",
    "错了",
    "不是这个",
    "没",
    "否",
    "no",
    "冇",
    "不好",
    "不是的，是周日",
    "不可以",
    "不同意",
    "别",
    "算了",
    "不，我要周六",
    "不想",
]
NEITHER = [
    "是不是要带户口本",
    "可以吗",
    "好不好",
    "",
    "   ",
    "周六上午",
    "我想问一下居住证",
    "不知道",
    "不确定",
    "多少钱",
    "行不行啊",
    "红谷滩",
    "不是不可以",
    "你好吗?",
]


@pytest.mark.parametrize("text", YES)
def test_yes(text: str) -> None:
    assert yes_or_no(text) is True


@pytest.mark.parametrize("text", NO)
def test_no(text: str) -> None:
    assert yes_or_no(text) is False


@pytest.mark.parametrize("text", NEITHER)
def test_neither(text: str) -> None:
    assert yes_or_no(text) is None
