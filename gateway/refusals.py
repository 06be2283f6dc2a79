"""Commands that cannot be done, and text that cannot be taken."""

from __future__ import annotations

import re
import unicodedata

from gateway import wire

HALF_WIDTH = {
    full: full - 0xFEE0
    for full in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
"""Full-width digits and letters -> ASCII, so that numbers are found and masked; Chinese punctuation stays."""
COMMAND_START = re.compile(r"^[\s/]+")
"""Rasa strips any white space before it looks for a slash, so both go, in any order."""


class Refused(Exception):
    """A command that cannot be done; `code` is one of `gateway.wire.ErrorFrame.code`."""

    def __init__(self, code: str, field: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.field = field


def clean(text: str) -> str:
    """What is stored and shown: NFC, half-width digits, no control or invisible characters, trimmed.

    Raises Refused when nothing is left or it is too long.
    """
    if len(text) > wire.FRAME_LIMIT:
        raise Refused("text_too_long", "text")
    text = unicodedata.normalize("NFC", text).translate(HALF_WIDTH)
    text = "".join(c for c in text if c == "\n" or unicodedata.category(c)[0] != "C").strip()
    if not text:
        raise Refused("text_empty", "text")
    if len(text) > wire.TEXT_LIMIT:
        raise Refused("text_too_long", "text")
    return text


def for_dialogue(text: str) -> str:
    """What Rasa reads: NFKC, and never a leading slash, which it would take as a command."""
    return COMMAND_START.sub("", unicodedata.normalize("NFKC", text))
