"""bot/scenes.py: signs close together, in any order."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.scenes import SceneFault, scenes

FILE = """
near: 3
masks: [火锅]
words: {smoke: [烟, 火], place: [楼道, 厨房], who: [孩子]}
scenes: {fire: [smoke place, place who who]}
sounds: [楼道]
told: [去年]
now: 现在
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two scenes."""
    path = tmp_path / "scenes.yml"
    path.write_text(FILE, "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("楼道里烟", (0, 4)),
        ("烟在楼道", (0, 4)),
        ("烟一二三楼道", (0, 6)),
        ("烟一二三四楼道", None),
        ("厨房火锅", None),
        ("孩子厨房孩子", (0, 6)),
        ("孩子厨房", None),
        ("", None),
    ],
)
def test_signs_stand_close_together_in_any_order(path: Path, text: str, span: tuple[int, int] | None) -> None:
    found = list(scenes(path).find(scenes(path).plain(text)))
    assert found == ([("fire", span)] if span else [])


def test_the_past_is_told_unless_now_stands_near(path: Path) -> None:
    one = scenes(path)
    assert one.is_told("去年楼道烟", (2, 5))
    assert not one.is_told("去年楼道烟现在", (2, 5))
    assert one.is_told("去年楼道烟一二三四现在", (2, 5))
    assert one.is_calm("火锅") and one.is_calm("去年")
    assert not one.is_calm("现在去年") and not one.is_calm("烟")


def test_a_long_text_is_read_in_time(path: Path) -> None:
    began = time.perf_counter()
    assert list(scenes(path).find("孩子厨房一二三四" * 2_000)) == []
    assert time.perf_counter() - began < 2


def test_what_sounds_so_is_read_so(path: Path) -> None:
    assert scenes(path).mended("楼到烟") == "楼道烟"
    assert scenes(path).mended("喽到烟") == "喽到烟"  # no character of it is right


def test_all_faults_are_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.yml"
    path.write_text(FILE.replace("smoke place", "smog place").replace("[孩子]", "['(']"), "utf-8")
    with pytest.raises(SceneFault) as wrong:
        scenes(path)
    assert "smog" in str(wrong.value) and "words.who" in str(wrong.value)
