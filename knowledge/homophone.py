"""Homophone errors (身分证, 居主证) undone with the guides' own words: an extra view, never shown."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

LONGEST, SHORTEST = 6, 2
MIN_COUNT = 4
"""A run of characters must stand this often in the guides' texts to count as a word."""
_FUZZY = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ing", "in"), ("eng", "en"), ("ang", "an"))


class HomophoneLexicon:
    """Words by their sound. Read-only, thread-safe."""

    def __init__(self, words: dict[str, str], known: frozenset[str]) -> None:
        """`words`: sound -> word; `known`: runs that stand in the texts as they are and are left alone."""
        self._words, self._known = words, known

    @classmethod
    def build(cls, names: Iterable[str], texts: Sequence[str], asked: Sequence[str] = ()) -> HomophoneLexicon:
        """
        Args:
            names: of items (always words).
            texts: what the guides say (words when frequent, and never corrected).
            asked: how they are asked for: words when frequent too, but a rare run may be an error itself.

        """
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(_windows(text))
        said = set(counts)
        for text in asked:
            counts.update(_windows(text))
        frequent = {word for word, count in counts.items() if count >= MIN_COUNT}
        frequent |= {name for name in names if SHORTEST <= len(name) <= LONGEST and _is_han(name)}
        by_sound: dict[str, list[str]] = defaultdict(list)
        for word in frequent:
            by_sound[sound(word)].append(word)
        words = {key: max(found, key=lambda word: (counts[word], word)) for key, found in by_sound.items()}
        return cls(words, frozenset(said | frequent))

    def corrected(self, text: str) -> str:
        """The text with homophones replaced; the same text when there is nothing to do."""
        out, place = [], 0
        while place < len(text):
            word = self._word_at(text, place)
            out.append(word or text[place])
            place += len(word) if word else 1
        return "".join(out)

    def _word_at(self, text: str, place: int) -> str:
        for size in range(min(LONGEST, len(text) - place), SHORTEST - 1, -1):
            window = text[place : place + size]
            if not _is_han(window) or window in self._known:
                continue
            word = self._words.get(sound(window), "")
            if word and word != window and any(a == b for a, b in zip(word, window, strict=True)):
                return word
        return ""

    def save(self, folder: Path) -> None:
        """Write homophones.json."""
        value = {"words": self._words, "known": sorted(self._known)}
        (folder / "homophones.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> HomophoneLexicon:
        """Read what `save` wrote."""
        value = json.loads((folder / "homophones.json").read_text("utf-8"))
        return cls(value["words"], frozenset(value["known"]))


def sound(text: str) -> str:
    """Toneless syllables, with the sounds that southern speakers mix up made one (zh/z, l/n, ing/in)."""
    return " ".join(_syllable(ch) for ch in text)


@cache
def _syllable(ch: str) -> str:
    from pypinyin import Style, pinyin

    found = str(pinyin(ch, style=Style.NORMAL, errors="ignore")[0][0]) if _is_han(ch) else ch
    for long, short in _FUZZY:
        found = found.replace(long, short)
    return "l" + found[1:] if found.startswith("n") else found


def _windows(text: str) -> Iterable[str]:
    for size in range(SHORTEST, LONGEST + 1):
        for start in range(len(text) - size + 1):
            window = text[start : start + size]
            if _is_han(window):
                yield window


def _is_han(text: str) -> bool:
    return all("\u3400" <= ch <= "\u9fff" for ch in text)
