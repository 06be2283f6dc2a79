"""What a text becomes before it is stored, and before Rasa reads it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import wire
from gateway.refusals import Refused, clean, for_dialogue


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("  身份证丢了，怎么办？ ", "身份证丢了，怎么办？"),
        ("电话１３８１２３４５６７８", "电话13812345678"),
        ("ＡＢＣｘ", "ABCx"),
        ("第一行\n第二行", "第一行\n第二行"),
        ("第一行\r\n第二行", "第一行\n第二行"),
        ("a\u0000b\u0007c\u001bd", "abcd"),
        ("零\u200b宽\u200d\u2060\ufeff", "零宽"),
        ("向\u202e右\u2066左", "向右左"),
        ("\ue000私用", "私用"),
        ("半个\ud800字", "半个字"),
        ("e\u0301", "é"),
        ("办" * 500, "办" * 500),
        (" " * 600 + "办", "办"),
    ],
)
def test_clean(text: str, wanted: str) -> None:
    assert clean(text) == wanted


@pytest.mark.parametrize("text", ["", " ", "\n\t", "　", "\u200b\u200d", "\u0000", "\ud800"])
def test_nothing_left(text: str) -> None:
    with pytest.raises(Refused) as refused:
        clean(text)
    assert (refused.value.code, refused.value.field) == ("text_empty", "text")


@pytest.mark.parametrize("text", ["办" * 501, "a" * 20_000, "a" * 1_000_000])
def test_too_long(text: str) -> None:
    with pytest.raises(Refused) as refused:
        clean(text)
    assert (refused.value.code, refused.value.field) == ("text_too_long", "text")


@given(st.text(alphabet=st.characters(codec=None), max_size=600))
def test_what_is_stored_can_be_sent_and_cleaned_again(text: str) -> None:
    try:
        cleaned = clean(text)
    except Refused:
        return
    assert 1 <= len(cleaned) <= wire.TEXT_LIMIT
    assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in cleaned)
    cleaned.encode()
    assert clean(cleaned) == cleaned


@given(st.text(alphabet=" /／\n\t\u2028\u2029\u1680\u3000\u00a0\u200b⁄∕restart{}", max_size=12))
def test_rasa_never_sees_a_command(text: str) -> None:
    heard = for_dialogue(text)
    assert not heard.strip().startswith("/")
