"""Names and aliases of all items, found in a citizen's words."""

from __future__ import annotations

import re

from knowledge.guide import Guide, Stub
from knowledge.library import GuideLibrary
from knowledge.text import normalise, strip_fillers

_ASIDE = re.compile(r"[（(].*?[）)]")
_DOING = re.compile(
    r"^(?:我)?(?:想|要|需要|帮我|怎么|如何)?(?:办理|办|申请|预约|查|弄|搞)?(?:一下|个|一个)?|(?:怎么办|怎么弄|办理|怎么办理|的事|业务)$"
)
MIN_LETTERS = 3


class ItemNames:
    """Read-only, thread-safe."""

    def __init__(self, library: GuideLibrary) -> None:
        self._owner: dict[str, str] = {}
        every: list[Guide | Stub] = [*library.guides.values(), *library.stubs.values()]
        for about in every:
            for name in (about.name, _ASIDE.sub("", about.name), *about.aliases):
                self._owner.setdefault(normalise(name).lower(), about.id)
        self._long = sorted((name for name in self._owner if len(name) >= MIN_LETTERS), key=len, reverse=True)

    def exact(self, text: str) -> str:
        """The id whose name or alias the whole text is, but for words like 办理; "" when none."""
        plain = strip_fillers(normalise(text)).lower()
        return self._owner.get(plain) or self._owner.get(_DOING.sub("", plain), "")

    def mentioned(self, text: str) -> set[str]:
        """Ids whose names or aliases stand in the text; a name inside a longer one does not count."""
        left, found = normalise(text).lower(), set()
        for name in self._long:
            if name in left:
                found.add(self._owner[name])
                left = left.replace(name, " ")
        return found
