"""bot/identifiers.py and bot/check_digits.py. Every number here is made up; the check digits are computed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check_digits import _USCC_ALPHABET, id_card_check, id_card_valid, ours, ours_valid, uscc_valid
from bot.identifiers import Identifier, find, mask

CARD = "36010219900307001" + id_card_check("36010219900307001")
CASE = "20261103000017"
CASE_NO = f"NC{CASE}{ours(CASE)}"
BOOKING_NO = "YY" + "2611280012" + ours("2611280012")
ORDER_NO = "GD" + "2026110300017" + ours("2026110300017")
SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")


def uscc(first17: str) -> str:
    """First 17 characters completed with the only check character that is valid."""
    return next(first17 + c for c in _USCC_ALPHABET if uscc_valid(first17 + c))


USCC = uscc("91360100MA35ABCD1")


def only(text: str) -> Identifier:
    """The single identifier in a text."""
    found = find(text)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("13800138000", "phone", "13800138000"),
        ("我的电话138 0013 8000谢谢", "phone", "13800138000"),
        ("138-0013-8000", "phone", "13800138000"),
        ("+86 13800138000", "phone", "13800138000"),
        ("８６13800138000", "phone", "13800138000"),
        ("１３８００１３８０００", "phone", "13800138000"),
        ("幺三八零零幺三八零零零", "phone", "13800138000"),
        ("电话一三八〇〇一三八〇〇〇", "phone", "13800138000"),
        ("0791-83880000", "landline", "079183880000"),
        ("079183880000", "landline", "079183880000"),
        (f"身份证{CARD}", "id_number", CARD),
        (f"{CARD[:6]} {CARD[6:14]} {CARD[14:]}", "id_number", CARD),
        ("360102900307001", "id_number", "360102900307001"),
        (f"办件编号是{CASE_NO}", "case_no", CASE_NO),
        (CASE_NO.lower(), "case_no", CASE_NO),
        (f"nc {CASE[:8]}-{CASE[8:]}{ours(CASE)}", "case_no", CASE_NO),
        (f"ＮＣ{CASE_NO[2:]}", "case_no", CASE_NO),
        ("NC" + CASE_NO[2:].translate(SPOKEN), "case_no", CASE_NO),
        (f"预约号{BOOKING_NO}", "booking_no", BOOKING_NO),
        (f"工单{ORDER_NO}", "work_order_no", ORDER_NO),
        ("赣A12345", "plate", "赣A12345"),
        ("赣a·12345", "plate", "赣A12345"),
        ("车牌是赣AD12345", "plate", "赣AD12345"),
        (f"我们公司{USCC}", "uscc", USCC),
        (USCC.lower(), "uscc", USCC),
        ("尾号8000", "phone_last4", "8000"),
        ("后四位是5678", "phone_last4", "5678"),
        ("手机尾号 零零七九", "phone_last4", "0079"),
        ("0079", "phone_last4", "0079"),
        ("五六七八", "phone_last4", "5678"),
        (" 1234 。", "phone_last4", "1234"),
    ],
)
def test_finds(text: str, kind: str, value: str) -> None:
    found = only(text)
    assert (found.kind, found.value, found.valid) == (kind, value, True)
    assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "你好",
        "有三个人",
        "满16岁",
        "一二三",
        "2026年11月24日",
        "123456",
        "138001380001",
        "今天3号窗口",
        "交了1234元",
        "一九九八年",
        "NC123",
        "赣A12",
    ],
)
def test_leaves_alone(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    ("number", "kind"),
    [(CASE_NO, "case_no"), (BOOKING_NO, "booking_no"), (ORDER_NO, "work_order_no"), (CARD, "id_number")],
)
def test_one_wrong_figure_is_found_and_said_invalid(number: str, kind: str) -> None:
    for index in range(6 if kind == "id_number" else 2, len(number)):
        if not number[index].isdecimal():
            continue
        wrong = number[:index] + str((int(number[index]) + 1) % 10) + number[index + 1 :]
        found = only(wrong)
        assert (found.kind, found.valid) == (kind, False)


def test_contract_example() -> None:
    digits = CASE + ours(CASE)
    assert sum(int(d) * (3, 1)[i % 2] for i, d in enumerate(digits)) % 10 == 0


@given(st.from_regex(r"\A[0-9]{10,14}\Z"))
def test_our_check_digit(digits: str) -> None:
    assert ours_valid(digits + ours(digits))
    wrong = str((int(ours(digits)) + 1) % 10)
    assert not ours_valid(digits + wrong)


@given(st.dates(date(1930, 1, 1), date(2026, 1, 1)), st.integers(0, 999))
def test_id_cards(birthday: date, serial: int) -> None:
    first = f"360102{birthday:%Y%m%d}{serial:03d}"
    assert id_card_valid(first + id_card_check(first))
    assert id_card_valid(first + id_card_check(first).lower())


def test_id_card_birthday_must_exist() -> None:
    first = "36010219900231001"
    assert not id_card_valid(first + id_card_check(first))
    assert not id_card_valid(CARD, today=date(1980, 1, 1))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13800138000", "电话138****8000"),
        ("赣A12345", "赣A***45"),
        (f"身份证{CARD}", f"身份证360{'*' * 13}{CARD[-2:]}"),
        (CASE_NO, f"NC{'*' * 11}{CASE_NO[-4:]}"),
    ],
)
def test_masks(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(
    st.lists(
        st.sampled_from(
            [CARD, CASE_NO, "13800138000", "电话", "是", " ", "，", "赣A12345", USCC, "尾号8000", "1", "x"]
        ),
        max_size=6,
    )
)
def test_masking_is_idempotent_and_leaves_no_phone_or_card(parts: list[str]) -> None:
    once = mask("".join(parts))
    assert mask(once) == once
    assert len(once) == len("".join(parts))
    assert not [i for i in find(once) if i.kind in ("phone", "id_number", "uscc")]


@given(st.text(max_size=60))
def test_any_text_is_searched_without_failing(text: str) -> None:
    for item in find(text):
        assert 0 <= item.start < item.end <= len(text)
