"""Two maskings, one table of examples, and what must hold for every text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from actions.backends.numbers import BOOKING, CASE, WORK_ORDER, new_number
from actions.masking import mask_name, mask_phone
from bot import identifiers
from bot.check_digits import id_card_check
from gateway.masking import mask

EXAMPLES = yaml.safe_load((Path(__file__).parent / "masking_examples.yaml").read_text("utf-8"))["examples"]
PROVINCES = ("11", "13", "31", "36", "44", "51", "65")

def identity(province: str, area: int, born: date, order: int) -> str:
    """A valid 18-character identity number."""
    first = f"{province}{area:04}{born:%Y%m%d}{order:03}"
    return first + id_card_check(first)


identities = st.builds(
    identity,
    st.sampled_from(PROVINCES),
    st.integers(0, 9999),
    st.dates(date(1920, 1, 1), date(2026, 11, 24)),
    st.integers(0, 999),
)
mobiles = st.builds(
    lambda second, rest: f"1{second}{rest:09}", st.sampled_from("3456789"), st.integers(0, 999_999_999)
)
ours = st.builds(
    new_number, st.sampled_from([CASE, BOOKING, WORK_ORDER]), st.dates(date(2024, 1, 1), date(2035, 12, 31))
)
words = st.text(st.sampled_from("我的身份证电话是办件号，。：；、 （）请查南昌市王\n"), max_size=12)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e["raw"] or "empty")
def test_the_gateway_masks_as_agreed(example):
    assert mask(example["raw"]) == example["masked"]


@pytest.mark.parametrize(
    "example", [e for e in EXAMPLES if e.get("bot") != "-"], ids=lambda e: e["raw"] or "empty"
)
def test_the_bot_masks_as_agreed(example):
    assert identifiers.mask(example["raw"]) == example.get("bot", example["masked"])


@given(st.text(max_size=60))
def test_masking_any_text_is_idempotent(text):
    assert mask(mask(text)) == mask(text)
    assert identifiers.mask(identifiers.mask(text)) == identifiers.mask(text)


@given(words, identities, words, mobiles, words)
def test_masking_mixed_text_is_idempotent(a, card, b, mobile, c):
    text = f"{a}{card}{b}，{mobile}{c}"
    assert mask(mask(text)) == mask(text)
    assert identifiers.mask(identifiers.mask(text)) == identifiers.mask(text)


@given(words, identities, words)
def test_no_identity_number_survives(before, number, after):
    for masked in (mask(f"{before}{number}{after}"), identifiers.mask(f"{before}{number}{after}")):
        assert number not in masked and number[6:16] not in masked


@given(words, mobiles, words)
def test_no_mobile_survives(before, number, after):
    for masked in (mask(f"{before}{number}{after}"), identifiers.mask(f"{before}{number}{after}")):
        assert number not in masked and number[3:7] not in masked.replace(number[-4:], "", 1)


@given(st.lists(st.one_of(identities, mobiles), min_size=2, max_size=4))
def test_none_of_several_survives(numbers):
    text = "、".join(numbers)
    assert all(n not in mask(text) and n not in identifiers.mask(text) for n in numbers)


@given(words, ours, words)
def test_our_own_numbers_survive_in_the_gateway(before, number, after):
    text = f"{before}{number}{after}"
    assert number in mask(text)
    assert number.lower() in mask(text.lower())


@given(words)
def test_words_survive(text):
    assert mask(text) == identifiers.mask(text) == text


@given(mobiles)
def test_what_the_actions_show_is_what_the_gateway_would_keep(number):
    """So that masking a second time on the way to the log changes nothing."""
    assert mask_phone(number) == mask(number)
    assert mask(mask_phone(number)) == mask_phone(number)


@pytest.mark.parametrize(
    ("name", "masked"), [("王小明", "王**"), ("李", "李*"), ("欧阳娜娜", "欧***"), ("", "")]
)
def test_a_name_keeps_its_first_character(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize("phone", ["", "1234", "1234567"])
def test_a_short_number_shows_nothing(phone):
    assert mask_phone(phone) == "****"


@pytest.mark.parametrize("text", ["NC 202611030000175", "nc 2026 1103 0000 175", "GD 2026 1103 0001 70"])
def test_our_own_numbers_survive_with_spaces(text):
    assert mask(text) == text


def test_a_spoken_mobile_is_masked_before_it_is_stored():
    assert "三八一二三四五六七八" not in mask("我的电话幺三八一二三四五六七八")
