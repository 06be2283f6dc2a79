"""bot/danger_words.py."""

from __future__ import annotations

import pytest

from bot.danger_words import find_danger, kinds, means_danger


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


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("厨房着火了", "fire"),
        ("家里煤气泄漏", "gas"),
        ("我妈晕倒了", "medical"),
        ("有人拿刀砍人", "crime"),
        ("孩子走丢了", "lost"),
        ("刚刚被骗转了五万", "fraud"),
        ("我不想活了", "self_harm"),
        ("有人落水了", "rescue"),
        ("出车祸了有人受伤", "traffic"),
    ],
)
def test_every_kind_has_its_words(text: str, kind: str) -> None:
    found = find_danger(text)
    assert found and found.kind == kind
    assert set(kinds()) >= {kind}
    assert 0 <= found.start < found.end <= len(text)


def test_now_outweighs_papers() -> None:
    assert means_danger("正要开证明，我爸突然晕倒了，快叫救护车")
    assert not means_danger("去年家里着火，火灾证明怎么开")
