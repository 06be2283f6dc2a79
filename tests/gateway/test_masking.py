"""Masking of identifiers: what goes, what stays, and that it can be repeated."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.masking import ID_15, ID_18, MOBILE, mask

ID = "36010219900307002X"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"身份证{ID}", "身份证360102************"),
        ("身份证36010219900307002x。", "身份证360102************。"),
        ("360102 19900307 0021", "360102************"),
        ("360102-19900307-0021", "360102************"),
        (f"sfz{ID}", "sfz360102************"),
        (f"{ID}是我的", "360102************是我的"),
        ("老证360102900307002", "老证360102*********"),
        ("13812345678", "138****5678"),
        ("电话138-1234-5678", "电话138****5678"),
        ("138 1234 5678", "138****5678"),
        ("+8613812345678", "138****5678"),
        ("+86 138 1234 5678", "138****5678"),
        ("0791-83986100", "0791****6100"),
        ("座机079183986100", "座机0791****6100"),
        ("卡号6222021234567890123", "卡号6222********123"),
        ("6222 0212 3456 7890", "6222********7890"),
        ("住北京西路88号3栋502室", "住北京西路***"),
        ("红谷滩区丰和中大道1318号", "红谷滩区丰和中大道***"),
        ("恒大名都小区12栋2单元301室", "恒大名都小区***"),
    ],
)
def test_masked(text: str, wanted: str) -> None:
    assert mask(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345",
        "拨打12345或者12333",
        "办件号NC202611030000175",
        "预约号YY26112400018",
        "工单GD20261124000018",
        "2026-11-24",
        "2026年11月24日上午9点",
        "第13条第2款",
        "我16周岁",
        "注册资本10000000元",
        "912345678901234567890123",
    ],
)
def test_kept(text: str) -> None:
    assert mask(text) == text


def test_an_officers_words_keep_public_places_and_office_phones_but_no_persons_numbers() -> None:
    text = f"到丰和中大道1318号2楼，电话0791-83986100；您的证件{ID}、手机13812345678"
    assert mask(text, places=False) == (
        "到丰和中大道1318号2楼，电话0791-83986100；您的证件360102************、手机138****5678"
    )


PIECES = st.sampled_from(
    [
        ID,
        "13812345678",
        "138 1234 5678",
        "0791-83986100",
        "6222021234567890123",
        "北京西路88号",
        "360102900307002",
        "，",
        " ",
        "-",
        "a",
        "X",
        "的",
        "NC202611030000175",
        "*",
        "7",
        "12",
        "号",
        "楼",
        "502室",
        "\n",
    ]
)


@example("138 1234 5678360102900307002")
@given(st.lists(PIECES, max_size=8).map("".join))
def test_masking_twice_changes_nothing_more_and_leaves_no_identifier(text: str) -> None:
    once = mask(text)
    assert mask(once) == once
    for pattern in (ID_18, ID_15, MOBILE):
        assert not pattern.search(once)


@given(st.text(max_size=80))
def test_any_text_is_taken(text: str) -> None:
    assert mask(mask(text)) == mask(text)
