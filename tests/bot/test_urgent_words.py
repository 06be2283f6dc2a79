"""bot/urgent_words.py."""

from __future__ import annotations

import pytest

from bot.urgent_words import means_danger


@pytest.mark.parametrize(
    "text",
    [
        "救命啊",
        "着火了",
        "厨房起火了",
        "快打120",
        "我不想活了",
        "有人要跳楼",
        "煤气漏了好大味",
        "有人拿刀",
        "我妈晕倒了",
        "帮我报警",
        "我吃了一瓶安眠药",
        "孩子喘不过气",
        "想死",
    ],
)
def test_danger(text: str) -> None:
    assert means_danger(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "想死你了",
        "累死了",
        "120平的房子契税多少",
        "跳楼价处理",
        "火灾证明怎么开",
        "昏迷住院能报销吗",
        "开火锅店要什么证",
        "坐火车",
        "工伤触电怎么认定工伤",
        "110元",
        "意外溺水注销户口",
        "煤气开户",
        "打电话",
    ],
)
def test_no_danger(text: str) -> None:
    assert not means_danger(text)
