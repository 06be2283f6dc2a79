"""bot/identifiers.py and bot/check_digits.py. Every number here is made up; the check digits are computed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.check_digits import _USCC_ALPHABET, id_card_check, id_card_valid, ours, ours_valid, uscc_valid
from bot.identifiers import Identifier, find, mask
from tests.bot.identifier_surfaces import CARRIERS, LOOK_ALIKES, Said, said_identifiers

CARD = "36010219900307001" + id_card_check("36010219900307001")
CASE = "20261103000017"
CASE_NO = f"NC{CASE}{ours(CASE)}"
BOOKING_NO = "YY" + "2611280012" + ours("2611280012")
ORDER_NO = "GD" + "2026110300017" + ours("2026110300017")
SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")


def uscc(first17: str) -> str:
    """First 17 characters completed with the only check character that is valid."""
    return next(first17 + c for c in _USCC_ALPHABET if uscc_valid(first17 + c))


CARD_X = next(f + "X" for n in range(100) if id_card_check(f := f"360102199003070{n:02}") == "X")
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
        ("我电话尾数8886", "phone_last4", "8886"),
        ("最后四个数1402，对上了没", "phone_last4", "1402"),
        # in pieces, with fillers, mixed, corrected on the way
        ("138，然后0013，后面是8000", "phone", "13800138000"),
        ("一三八，零零幺三，八零零零，记下了吗", "phone", "13800138000"),
        ("号码138嗯0013呃8000", "phone", "13800138000"),
        ("手机是138……0013……8000", "phone", "13800138000"),
        ("先1380013，最后是8000", "phone", "13800138000"),
        ("电话13，80，01，38，000", "phone", "13800138000"),
        ("手机1，3，8，0，0，1，3，8，0，0，0", "phone", "13800138000"),
        ("电话（138）00138000", "phone", "13800138000"),
        ("电话152，不对，是138，0013，8000", "phone", "13800138000"),
        ("电话138，0012，不对，0013，8000", "phone", "13800138000"),
        ("电话138，0013，8001，哦不对，是8000", "phone", "13800138000"),
        ("幺三八零零幺三八零零零一共两个号", "phone", "13800138000"),
        ("tel13800138000", "phone", "13800138000"),
        ("手机138 - 0013 - 8000", "phone", "13800138000"),
        ("138\u200b0013\u200b8000", "phone", "13800138000"),
        (f"前六位{CARD[:6]}，中间是{CARD[6:14]}，最后四位{CARD[14:]}", "id_number", CARD),
        (f"身份证号先念前面{CARD[:6]}，再就是生日{CARD[6:14]}，末尾{CARD[14:]}", "id_number", CARD),
        (f"身份证号：{CARD[:10]}\n{CARD[10:]}", "id_number", CARD),
        (f"sfz{CARD}", "id_number", CARD),
        (f"①身份证{CARD}②另有材料", "id_number", CARD),
        (f"号是{CARD_X[:-1]}，最后一位是X", "id_number", CARD_X),
        (f"{CARD_X[:-1]}叉", "id_number", CARD_X),
        (f"{CARD_X[:-1].translate(SPOKEN)}艾克斯", "id_number", CARD_X),
        ("（0791）86221133", "landline", "079186221133"),
        ("0791 8622 1133是哪个窗口", "landline", "079186221133"),
        ("区号0791，电话86221133", "landline", "079186221133"),
        ("零七九幺八六二二幺幺三三", "landline", "079186221133"),
        ("010-62345678", "landline", "01062345678"),
        ("赣A1234警占道", "plate", "赣A1234警"),
        ("赣 A 7 K 2 1 3 我的车", "plate", "赣A7K213"),
        ("赣A一二三四五", "plate", "赣A12345"),
        (f"代码{USCC[:2]}-{USCC[2:8]}-{USCC[8:17]}-{USCC[17]}", "uscc", USCC),
        (f"办件号NC{CASE[:4]}，{CASE[4:8]}，{CASE[8:]}{ours(CASE)}", "case_no", CASE_NO),
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
        *LOOK_ALIKES,
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


@given(st.sampled_from(CARRIERS), said_identifiers())
def test_every_way_to_say_one_is_found_and_masked_wherever_it_stands(carrier: str, said: Said) -> None:
    text = carrier.replace("{}", said.text)
    found = only(text)
    assert (found.kind, found.value, found.valid) == (said.kind, said.value, True), text
    masked = mask(text)
    assert said.kind == "phone_last4" or said.text not in masked
    assert said.kind in ("phone_last4", "plate") or not find(masked)
    assert mask(masked) == masked and len(masked) == len(text)


@given(
    st.lists(said_identifiers(), min_size=2, max_size=3),
    st.sampled_from(["、", "，另一个", "；", "\n还有", " / "]),
)
def test_each_of_several_in_one_sentence_is_found(several: list[Said], between: str) -> None:
    text = "登记" + between.join(one.text for one in several) + "，谢谢"
    assert [(one.kind, one.value) for one in find(text)] == [(s.kind, s.value) for s in several], text


@given(st.sampled_from(CARRIERS), st.sampled_from(LOOK_ALIKES))
def test_look_alikes_are_left_wherever_they_stand(carrier: str, look_alike: str) -> None:
    if look_alike.isdecimal() and len(look_alike) < 5:
        return
    text = carrier.replace("{}", look_alike)
    assert find(text) == [] and mask(text) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("我电话13970912346，哦说错了，13970912345", ["13970912345"]),
        ("不是13970912346，是139 7091 2345", ["13970912345"]),
        ("13970912346和13970912345都行", ["13970912346", "13970912345"]),
        ("原来的13970912346不用了，改成13970912345", ["13970912346", "13970912345"]),
        (f"电话13970912346，不对，身份证{CARD}", ["13970912346", CARD]),
    ],
)
def test_a_number_taken_back_is_marked_and_masked_all_the_same(text: str, kept: list[str]) -> None:
    assert [item.value for item in find(text) if not item.withdrawn] == kept
    assert "13970912346" not in mask(text)


def test_two_numbers_glued_together_are_both_found() -> None:
    for text in (f"{CARD}13800138000都写了", f"电话13800138000{CARD}"):
        assert {(i.kind, i.value) for i in find(text)} == {("id_number", CARD), ("phone", "13800138000")}


@pytest.mark.parametrize("text", ["订单号240518163022459871", "JD0139709123456789", "单位社保号0012345678"])
def test_numbers_of_the_right_length_that_cannot_be_one_are_left(text: str) -> None:
    assert find(text) == []


def test_a_mistyped_identity_number_is_told_where_it_was_called_one() -> None:
    wrong = "24" + CARD[2:]
    assert only(f"我的身份证号是{wrong}").valid is False
    assert find(f"订单号{wrong}") == []


@given(st.text(max_size=60))
def test_any_text_is_searched_without_failing(text: str) -> None:
    for item in find(text):
        assert 0 <= item.start < item.end <= len(text)
