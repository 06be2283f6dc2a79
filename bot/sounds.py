"""How Chinese words sound, without tones and without the pairs that people in the South do not keep apart.

A message typed in haste or written by a speech recogniser has other characters but the same sounds.
"""

from __future__ import annotations

from functools import lru_cache

from pypinyin import Style, pinyin

_FUZZY = (
    ("zh", "z"), ("ch", "c"), ("sh", "s"), ("ing", "in"), ("eng", "en"), ("ang", "an"), ("iong", "ong"),
)  # fmt: skip


@lru_cache(maxsize=16_384)
def sound(char: str) -> str:
    """The syllable of one character, "" for what is none: 人 and 仁 -> ren; zh is z, ing is in, l is n."""
    if not "\u4e00" <= char <= "\u9fff":
        return ""
    heard = str(pinyin(char, style=Style.NORMAL)[0][0])
    for said, meant in _FUZZY:
        heard = heard.replace(said, meant)
    return "n" + heard[1:] if heard.startswith("l") else heard


def syllables(text: str) -> list[str]:
    """The sounds of a text in order; other letters and figures stand for themselves, marks are left out."""
    return [sound(char) or char for char in text.lower() if char.isalnum()]
