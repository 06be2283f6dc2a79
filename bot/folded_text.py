"""Text as the parsers want it (NFKC, no idle spaces), with the way back to the original positions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_TRADITIONAL = str.maketrans(
    "週號點後禮兩鐘時個過內節間曆陰農聖國慶", "周号点后礼两钟时个过内节间历阴农圣国庆"
)
_HAN = re.compile(r"[㐀-鿿〇]")


@dataclass(frozen=True)
class FoldedText:
    """A folded text and, for each of its characters, the index of the original character.

    Attributes:
        text: folded characters.
        origin: one original index per folded character, plus the original length at the end.
    """

    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original half-open span [start, end) for a folded one; end must be greater than start."""
        return self.origin[start], self.origin[end - 1] + 1


def fold(raw: str) -> FoldedText:
    """Fold full-width forms (NFKC) and traditional characters of times; drop white space beside Han."""
    chars: list[str] = []
    origin: list[int] = []
    for index, raw_char in enumerate(raw):
        for char in unicodedata.normalize("NFKC", raw_char):
            chars.append(" " if char.isspace() else char.translate(_TRADITIONAL))
            origin.append(index)
    kept = [i for i, char in enumerate(chars) if char != " " or not _beside_han(chars, i)]
    return FoldedText("".join(chars[i] for i in kept), (*(origin[i] for i in kept), len(raw)))


def _beside_han(chars: list[str], index: int) -> bool:
    before = next((c for c in reversed(chars[:index]) if c != " "), "")
    after = next((c for c in chars[index + 1 :] if c != " "), "")
    return bool(not before or not after or _HAN.match(before) or _HAN.match(after))
