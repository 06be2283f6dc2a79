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
    syllable = _folded(str(pinyin(char, style=Style.NORMAL)[0][0]))
    return "n" + syllable[1:] if syllable.startswith("l") else syllable


def _folded(pinyin_: str) -> str:
    for said, meant in _FUZZY:
        pinyin_ = pinyin_.replace(said, meant)
    return pinyin_


def syllables(text: str) -> list[str]:
    """The sounds of a text in order; other letters and figures stand for themselves, marks are left out."""
    return [sound(char) or char for char in text.lower() if char.isalnum()]


def heard(text: str) -> str:
    """The sounds of a text run together, the same for characters and pinyin: 转人工 and zhuan ren gong."""
    return _folded("".join(syllables(text)))
