"""Citizens' text made comparable: one form of width, one script, no fillers. Never shown, only searched."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from knowledge.wording import data

_SPACE_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_CLAUSE_END = re.compile(r"[，,。．.！!？?；;、\s…~～]+")
_EDGE = " \t\r\n，,。.！!？?；;：:、~～…-—\"'“”‘’"


def normalise(text: str) -> str:
    """NFKC, simplified script, single spaces, trimmed."""
    text = unicodedata.normalize("NFKC", text)
    text = _SPACE_BETWEEN_HAN.sub("", " ".join(text.split()))
    return to_simplified(text)


def to_simplified(text: str) -> str:
    """Traditional to simplified, only where a character outside GB 2312 is one that OpenCC changes."""
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        if any(_single(ch) != ch for ch in text if not ch.isascii()):
            return str(_converter().convert(text))
    return text


@cache
def _converter() -> Any:  # noqa: ANN401
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _single(ch: str) -> str:
    return str(_converter().convert(ch))


@cache
def _fillers() -> tuple[tuple[str, ...], tuple[str, ...]]:
    words = data("fillers")
    return tuple(sorted(words["start"], key=len, reverse=True)), tuple(
        sorted(words["end"], key=len, reverse=True)
    )


def strip_fillers(text: str) -> str:
    """Without greetings and filler words at both ends; the text itself when nothing else would be left."""
    starts, ends = _fillers()
    found = text.strip(_EDGE)
    changed = True
    while changed and found:
        changed = False
        for word in starts:
            if found.lower().startswith(word) and len(found) > len(word):
                found, changed = found[len(word) :].strip(_EDGE), True
                break
        for word in ends:
            if found.endswith(word) and len(found) > len(word):
                found, changed = found[: -len(word)].strip(_EDGE), True
                break
    return found or text.strip(_EDGE) or text


def clauses(text: str) -> list[str]:
    """Parts between punctuation, in order, none empty."""
    return [part for part in _CLAUSE_END.split(text) if part]
