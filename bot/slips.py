"""Texts as people type them and speech recognisers hear them, for training: homophones, lost characters."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from bot.sounds import sound

COMMON = 3
"""A character must stand so often in the texts to take another's place."""
HOMOPHONES, LOST, UNMARKED = 0.6, 0.15, 0.15
"""Shares of the slips; the rest have a particle too many."""
SHORT = 4
PUNCTUATION = re.compile("[，。？,?!！、]")
PARTICLES = "的了是我个啊哦吧呢"


class Slips:
    """Makes slips, each run of it others; `rng` decides which."""

    def __init__(self, texts: Iterable[str], rng: random.Random, share: float) -> None:
        """`share`: how many of the texts get a slip."""
        self._rng, self._share = rng, share
        counts = Counter(char for text in texts for char in text if sound(char))
        self._alike: defaultdict[str, list[str]] = defaultdict(list)
        for char in sorted(counts):
            if counts[char] >= COMMON:
                self._alike[sound(char)].append(char)

    def __call__(self, text: str) -> str:
        """The text, perhaps with a slip."""
        return self._slipped(text, self._rng)

    def always(self, text: str, seed: int) -> str:
        """The text, perhaps with a slip: for one seed the same again, whatever was asked for before."""
        return self._slipped(text, random.Random(f"{seed} {text}"))

    def _slipped(self, text: str, rng: random.Random) -> str:
        if rng.random() >= self._share or len(text) < 2:
            return text
        kind, place = rng.random(), rng.randrange(len(text))
        if kind < HOMOPHONES:
            return self._misheard(text, rng)
        if len(text) <= SHORT:
            return text
        if kind < HOMOPHONES + LOST:
            return text[:place] + text[place + 1 :]
        if kind < HOMOPHONES + LOST + UNMARKED:
            return PUNCTUATION.sub("", text)
        return text[:place] + rng.choice(PARTICLES) + text[place:]

    def _misheard(self, text: str, rng: random.Random) -> str:
        """One character in five sounds the same but is another."""
        chars = list(text)
        for place in rng.sample(range(len(chars)), max(1, len(chars) // 5)):
            others = [char for char in self._alike.get(sound(chars[place]), ()) if char != chars[place]]
            if others:
                chars[place] = rng.choice(others)
        return "".join(chars)
