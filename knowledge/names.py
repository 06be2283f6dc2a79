"""Names and aliases of all items, found in a citizen's words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from knowledge.passages import Passage
from knowledge.text import normalise, strip_fillers

_ASIDE = re.compile(r"[（(].*?[）)]")
_DOING = re.compile(
    r"^(?:我)?(?:想|要|需要|帮我|怎么|如何)?(?:办理|办|申请|预约|查|弄|搞)?(?:一下|个|一个)?|(?:怎么办|怎么弄|办理|怎么办理|的事|业务)$"
)
MIN_LETTERS = 3


class ItemNames:
    """Read-only, thread-safe."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """`names`: id and name or alias; the first owner of a name keeps it."""
        self._owner: dict[str, str] = {}
        for key, name in names:
            for form in (name, _ASIDE.sub("", name)):
                self._owner.setdefault(normalise(form).lower(), key)
        self._lengths = sorted({len(n) for n in self._owner if len(n) >= MIN_LETTERS}, reverse=True)

    @classmethod
    def of(cls, passages: Iterable[Passage]) -> ItemNames:
        """Of all items that are searched."""
        return cls((p.guide_id, p.text) for p in passages if p.kind in ("name", "alias"))

    def exact(self, text: str) -> str:
        """The id whose name or alias the whole text is, but for words like 办理; "" when none."""
        plain = strip_fillers(normalise(text)).lower()
        return self._owner.get(plain) or self._owner.get(_DOING.sub("", plain), "")

    def mentioned(self, text: str, without: str = "") -> set[str]:
        """Ids whose names or aliases stand in the text; a name inside a longer one does not count.

        Args:
            text: the citizen's words.
            without: a name that is not to be looked for.

        """
        left, found = normalise(text).lower(), set()
        hidden = normalise(without).lower()
        for length in self._lengths:
            start = 0
            while start + length <= len(left):
                window = left[start : start + length]
                if window in self._owner and window != hidden:
                    found.add(self._owner[window])
                    left = left[:start] + " " + left[start + length :]
                start += 1
        return found
