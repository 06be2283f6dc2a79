"""bot/zh_number.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.zh_number import spoken_digits, to_chinese, to_int


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("二十三", 23),
        ("十", 10),
        ("十五", 15),
        ("二十", 20),
        ("两", 2),
        ("一百零五", 105),
        ("三千二百", 3200),
        ("两万", 20000),
        ("12", 12),
        ("二〇二六", 2026),
        ("零五", 5),
        ("一万零三十", 10030),
        ("俩", 2),
        ("007", 7),
        ("一百", 100),
    ],
)
def test_reads(text: str, value: int) -> None:
    assert to_int(text) == value


@pytest.mark.parametrize("text", ["", "十十", "abc", "三个", "二三十", "-1", "零十", "百千"])
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="got"):
        to_int(text)


@given(st.integers(0, 99))
def test_round_trip(number: int) -> None:
    assert to_int(to_chinese(number)) == number


def test_to_chinese_has_a_range() -> None:
    with pytest.raises(ValueError, match="expected 0..99"):
        to_chinese(100)


def test_spoken_digits_keep_their_length() -> None:
    assert spoken_digits("幺三八零零一三八〇〇〇") == "13800138000"
    assert spoken_digits("号码") == "号码"
