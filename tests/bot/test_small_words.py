"""bot/person_names.py, bot/choice_numbers.py, bot/folded_text.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.choice_numbers import find_number, find_rating
from bot.folded_text import fold
from bot.person_names import find_name


@pytest.mark.parametrize(
    ("text", "name", "certain"),
    [
        ("我叫李建国", "李建国", True),
        ("我叫李建国,电话13800138000", "李建国", True),
        ("姓名：王小梅", "王小梅", True),
        ("罗女士", "罗女士", True),
        ("我是张先生", "张先生", True),
        ("本人姓名赵国强", "赵国强", True),
        ("名字叫欧阳志强", "欧阳志强", True),
        ("我姓陈", "陈", True),
        ("张伟", "张伟", False),
        ("欧阳娜娜", "欧阳娜娜", False),
        (" 涂美玲 ", "涂美玲", False),
    ],
)
def test_names(text: str, name: str, certain: bool) -> None:
    found = find_name(text)
    assert (found.value, found.certain) == (name, certain)
    assert text[found.start : found.end] == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "明天",
        "周六",
        "居住证",
        "高新区",
        "时间",
        "谢谢",
        "我是来办证的",
        "安义县",
        "都可以",
        "满意",
        "你好",
        "查进度",
        "我想预约",
        "红谷滩",
        "公积金",
        "何时能好呢",
        "方便吗",
    ],
)
def test_no_names(text: str) -> None:
    assert find_name(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("第二个", 2),
        ("选第三个", 3),
        ("3", 3),
        ("三个人", 3),
        ("两个", 2),
        ("十二个", 12),
        ("最后一个", -1),
        ("就2吧", 2),
        ("我要第1条", 1),
        (" 4 ", 4),
    ],
)
def test_numbers(text: str, value: int) -> None:
    assert find_number(text).value == value


@pytest.mark.parametrize(
    "text", ["", "三点", "12月", "周三", "一般", "有一点", "30号", "我有三个问题想要咨询一下你们"]
)
def test_no_numbers(text: str) -> None:
    assert find_number(text) is None


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("非常满意", 5),
        ("很满意", 5),
        ("满意", 4),
        ("挺满意的", 4),
        ("基本满意", 3),
        ("一般般", 3),
        ("不满意", 2),
        ("不太满意", 2),
        ("非常不满意", 1),
        ("很不满意", 1),
        ("打五星", 5),
        ("给3分", 3),
        ("一颗星", 1),
        ("四颗星", 4),
        ("满分", 5),
    ],
)
def test_ratings(text: str, level: int) -> None:
    assert find_rating(text).value == level


@pytest.mark.parametrize("text", ["", "给个差评", "好评", "满意度调查是什么", "你好", "你满意吗"])
def test_no_ratings(text: str) -> None:
    assert find_rating(text) is None


@given(st.text(max_size=30))
def test_folded_spans_lead_back(raw: str) -> None:
    folded = fold(raw)
    assert len(folded.origin) == len(folded.text) + 1
    for index in range(len(folded.text)):
        start, end = folded.span(index, index + 1)
        assert 0 <= start < end <= len(raw)
