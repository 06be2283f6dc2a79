"""bot/danger_words.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from bot.danger_words import SCENES, find_danger, kinds, means_danger, sounds_calm
from bot.scenes import scenes

GOLDEN = Path(__file__).parents[1] / "golden"
LISTS = ("urgent_blind", "urgent_dev", "urgent_dev2")


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


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("脸都紫了 果冻 我孩子", "medical"),
        ("门外有人在撬我家锁", "crime"),
        ("婴儿车空了 我才付个钱", "lost"),
        ("水到胸口了 我们出不去", "rescue"),
        ("前面货车翻了 司机头上都是血", "traffic"),
        ("叫我把钱转到安全账户", "fraud"),
        ("脱了鞋坐在桥上栏杆外面", "self_harm"),
        ("对面窗户往外冒黑烟", "fire"),
        ("一屋子煤气味 我头晕", "gas"),
    ],
)
def test_scenes_need_no_key_word_and_no_order(text: str, kind: str) -> None:
    found = find_danger(text)
    assert found and found.kind == kind


@pytest.mark.parametrize("text", ["着伙了", "有人跳何了", "我妈晕到了叫不型", "钱被片了 刚转出去"])
def test_what_only_sounds_like_danger_is_danger(text: str) -> None:
    assert means_danger(text)


@pytest.mark.parametrize(
    "text",
    [
        "急死我了",
        "楼下夜宵摊每天半夜炒菜 油烟熏得我们喘不过气",
        "物业把消防通道锁了 万一着火怎么跑 请查处",
        "上个月被撞 赔偿怎么弄",
        "煤气罐年检在哪里",
        "孩子的疫苗本不见了",
        "天台上晒被子被物业扔了",
        "跟人家撞车了 名字重新报",
    ],
)
def test_complaints_papers_and_manners_of_speaking_are_calm(text: str) -> None:
    assert not means_danger(text) and sounds_calm(text)


def test_the_errand_put_off_is_no_sign_of_calm() -> None:
    assert means_danger("先不问社保,我打开房门火苗已经到天花板了")
    assert means_danger("健康证改天办 有人拿刀在砍人")
    assert not sounds_calm("医保先放一放,我爸倒下去了")


@pytest.mark.parametrize("name", LISTS)
def test_rules_alone_find_nearly_all_danger_and_hardly_anything_else(name: str) -> None:
    """Development lists all: what they show is a floor that changes of the rules must not break."""
    rows = [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines() if line]
    urgent = [row["q"] for row in rows if row["kind"] != "none"]
    others = [row["q"] for row in rows if row["kind"] == "none"]
    missed = [text for text in urgent if not means_danger(text)]
    alarms = [text for text in others if means_danger(text)]
    assert len(missed) <= 0.03 * len(urgent), missed
    assert len(alarms) <= 0.02 * len(others), alarms


def test_kinds_of_scenes_are_kinds_of_words() -> None:
    assert {kind for kind, _ in scenes(SCENES).scenes} <= set(kinds())


@pytest.mark.parametrize("text", ["", " ", "\u3000", "□□□", "(((", "a" * 5000, "救" * 3000, "\ud800"])
def test_any_text_is_read(text: str) -> None:
    assert find_danger(text) is None and isinstance(sounds_calm(text), bool)


def test_spans_lie_in_the_text_as_it_was_written() -> None:
    text = "  老 人 家  从 楼 上 摔 下 来  流 血 了"
    found = find_danger(text)
    assert found and found.kind == "medical" and 0 <= found.start < found.end <= len(text)


def test_words_of_scenes_are_all_used() -> None:
    table = yaml.safe_load(SCENES.read_text("utf-8"))
    used = {name for lines in table["scenes"].values() for line in lines for name in line.split()}
    assert set(table["words"]) == used
