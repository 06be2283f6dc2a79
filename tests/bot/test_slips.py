"""bot/slips.py and bot/sounds.py: texts that look other and sound alike."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from bot.slips import Slips
from bot.sounds import heard, sound, syllables

TEXTS = ["转人工", "转人公", "人共服务", "转认工", "专人工", "仁工", "任工", "公工共"] * 3


def test_sounds_that_the_south_does_not_keep_apart() -> None:
    assert sound("张") == sound("赞") and sound("林") == sound("宁") and sound("四") == sound("是")
    assert sound("a") == sound("，") == ""
    assert syllables("转RG，12") == [sound("转"), "r", "g", "1", "2"]


def test_a_homophone_sounds_the_same() -> None:
    slips = Slips(TEXTS, random.Random(3), share=1.0)
    made = {slips("转人工") for _ in range(60)} - {"转人工"}
    assert made and all(syllables(text) == syllables("转人工") for text in made)


def test_a_share_of_none_changes_nothing() -> None:
    slips = Slips(TEXTS, random.Random(3), share=0.0)
    assert [slips(text) for text in TEXTS] == TEXTS


def test_other_texts_do_not_change_a_slip() -> None:
    """Vectors of slipped texts are kept on disk: a new example must not make all of them new."""
    few = Slips(TEXTS, random.Random(1), share=1.0)
    more = Slips([*TEXTS, "青山湖", "红谷滩"], random.Random(2), share=1.0)
    once = [few.always("转人公服务", seed) for seed in range(9)]
    assert [more.always("转人公服务", seed) for seed in range(9)] == once
    assert len(set(once)) > 1


def test_characters_and_pinyin_are_heard_alike() -> None:
    assert heard("转人工") == heard("zhuan ren gong") == heard("专人公!")
    assert heard("") == heard("，") == ""


@given(st.text(max_size=30), st.integers(0, 9))
def test_any_text_can_slip(text: str, seed: int) -> None:
    slipped = Slips([*TEXTS, text], random.Random(seed), share=1.0)(text)
    assert abs(len(slipped) - len(text)) <= max(1, len(text))
