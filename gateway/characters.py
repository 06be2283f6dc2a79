"""The characters of a message: what shows stays, what only hides, parts or floods does not."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

MARKS_TOGETHER = 4
"""Combining marks on one character; Tibetan and Vietnamese need three, a "zalgo" flood has dozens."""
LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
"""Ends of a line beside the line feed: dropped, they would glue two numbers into one that nobody masks."""
GAPS = dict.fromkeys((0x09, 0x1C, 0x1D, 0x1E, 0x1F, 0x2800), " ")
"""Tab, separators and the Braille blank part words: the cells of a pasted table must not run together."""
BLANK = dict.fromkeys(
    (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, 0xFFA0)
    + (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)
"""Default_Ignorable letters and marks: they show nothing, but no category C tells."""
DIGITS = {cp: str(unicodedata.decimal(chr(cp))) for cp in range(0x20000) if chr(cp).isdecimal()}
LETTERS = {full: full - 0xFEE0 for full in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
"""Full-width -> ASCII, as DIGITS of any writing: numbers are found and masked. Chinese punctuation stays."""
TABLE = {**DIGITS, **LETTERS, **GAPS, **BLANK}


def visible(text: str) -> str:
    """Only what shows; digits and Latin letters in ASCII; the one control character is the line feed."""
    text = LINE_END.sub("\n", text).translate(TABLE)
    return "".join(c for c in text if c == "\n" or _shows(c))


def _shows(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cn":
        # Ideographs newer than this Python's tables stand in people's names; nothing else unknown is taken.
        return 0x20000 <= ord(character) < 0x3FFFE and ord(character) & 0xFFFF < 0xFFFE
    return category[0] != "C"


def normal(text: str, form: Literal["NFC", "NFKC"]) -> str:
    """`text` visible, with few marks on each character, and in this normal form."""
    # Before, so that sorting thousands of marks costs nothing; after, because some characters unfold.
    text = unicodedata.normalize(form, _few_marks(visible(text)))
    return _few_marks(visible(text))


def _few_marks(text: str) -> str:
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character)[0] == "M" else 0
        if run <= MARKS_TOGETHER:
            kept.append(character)
    return "".join(kept)
