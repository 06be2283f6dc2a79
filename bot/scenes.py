"""Scenes (nlu_data/danger_scenes.yml, nlu_data/person.yml): signs that mean something when close together.

A frightened person seldom uses a key word; what she sees she tells, in any order. Pure: text in, spans out.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Optional

import yaml

from bot.sounds import sound

BLOT = "□"

Span = tuple[int, int]


class SceneFault(ValueError):
    """The file of scenes has the wrong form."""


@dataclass(frozen=True, slots=True)
class Scenes:
    """What the file says.

    Attributes:
        near: most characters between one sign and the next.
        masks: manners of speaking, blotted out first; words: sign -> pattern.
        scenes: (kind, names of the signs that must stand together), in order.
        sounds: (what it should be, its syllables), for texts typed in haste or heard wrongly.
        told, now: words that mean papers or the past, and those that mean now all the same.
    """

    near: int
    masks: re.Pattern[str]
    words: dict[str, re.Pattern[str]]
    scenes: tuple[tuple[str, tuple[str, ...]], ...]
    sounds: tuple[tuple[str, tuple[str, ...]], ...]
    told: re.Pattern[str]
    now: re.Pattern[str]

    def plain(self, text: str) -> str:
        """A folded text of the same length as the signs want it: mended, without its manners of speaking."""
        return self.blotted(self.mended(text))

    def blotted(self, text: str) -> str:
        """A text of the same length without its manners of speaking (急死了, 火锅)."""
        return self.masks.sub(lambda match: BLOT * len(match[0]), text)

    def mended(self, text: str) -> str:
        """A text of the same length in which what only sounds like a sign (跳何) is written so (跳河)."""
        heard = [sound(char) for char in text]
        for meant, syllables in self.sounds:
            for at in range(len(text) - len(meant) + 1):
                end = at + len(meant)
                if tuple(heard[at:end]) == syllables and set(text[at:end]) & set(meant):
                    text = text[:at] + meant + text[end:]
        return text

    def find(self, blotted: str) -> Iterator[tuple[str, Span]]:
        """(kind, half-open span) of each scene of a blotted text, in the order of the file."""
        spans: dict[str, list[Span]] = {}
        for kind, names in self.scenes:
            for name in names:
                if name not in spans:
                    spans[name] = [match.span() for match in self.words[name].finditer(blotted)]
            found = _together([spans[name] for name in names], self.near)
            if found:
                yield kind, found

    def is_calm(self, folded: str) -> bool:
        """Whether a text has manners of speaking, papers or the past in it, and nothing that means now."""
        text = self.plain(folded)
        return not self.now.search(text) and bool(BLOT in text or self.told.search(text))

    def is_told(self, blotted: str, span: Span) -> bool:
        """Whether papers, the past or a fear are spoken of, and nothing near the span means now."""
        before = blotted[max(0, span[0] - self.near) : span[0]]
        after = blotted[span[1] : span[1] + self.near]
        return bool(self.told.search(blotted)) and not self.now.search(before + BLOT + after)


def _together(signs: Sequence[Sequence[Span]], near: int) -> Optional[Span]:
    """The shortest span that holds one of each sign, none over another, each near to all; None for none."""
    chains: list[tuple[Span, ...]] = [(span,) for span in signs[0]]
    for options in signs[1:]:
        chains = [(*chain, span) for chain in chains for span in _beside(chain, options, near)]
    whole = [(min(s for s, _ in chain), max(e for _, e in chain)) for chain in chains]
    return min(whole, default=None, key=lambda span: (span[1] - span[0], span))


def _beside(chain: tuple[Span, ...], options: Sequence[Span], near: int) -> Iterator[Span]:
    """Those of the options, in the order of their starts, that stand beside every span of a chain."""
    longest = max((end - start for start, end in options), default=0)
    first = bisect_left(options, (min(start for start, _ in chain) - near - longest, 0))
    last = bisect_right(options, (max(end for _, end in chain) + near, sys.maxsize))
    for option in options[first:last]:
        if all(0 <= max(option[0], s) - min(option[1], e) <= near for s, e in chain):
            yield option


@cache
def scenes(path: Path) -> Scenes:
    """The scenes of a file.

    Raises:
        SceneFault: a scene names a sign that has no words, or a pattern cannot be read; all are named.
    """
    table = yaml.safe_load(path.read_text("utf-8"))
    faults: list[str] = []

    def pattern(where: str, parts: Sequence[str] | str) -> re.Pattern[str]:
        try:
            return re.compile(parts if isinstance(parts, str) else "|".join(parts), re.IGNORECASE)
        except (re.error, TypeError) as error:
            faults.append(f"{path.name} {where}: {error}; expected regular expressions, mend or quote it")
            return re.compile("(?!)")

    words = {name: pattern(f"words.{name}", parts) for name, parts in table["words"].items()}
    rows = tuple((kind, tuple(row.split())) for kind, lines in table["scenes"].items() for row in lines)
    faults += [
        f"{path.name} scenes.{kind}: no sign {name!r}; add it to words or mend the name"
        for kind, names in rows
        for name in names
        if name not in words
    ]
    masks, told, now = (pattern(key, table[key]) for key in ("masks", "told", "now"))
    sounds = tuple((meant, tuple(map(sound, meant))) for meant in table["sounds"])
    if faults:
        raise SceneFault("\n".join(faults))
    return Scenes(int(table["near"]), masks, words, rows, sounds, told, now)
