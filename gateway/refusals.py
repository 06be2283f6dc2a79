"""Commands that cannot be done, and text that cannot be taken."""

from __future__ import annotations

import unicodedata

from gateway import wire


class Refused(Exception):
    """A command that cannot be done; `code` is one of `gateway.wire.ErrorFrame.code`."""

    def __init__(self, code: str, field: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.field = field


def clean(text: str) -> str:
    """NFKC, no control or invisible format characters, trimmed. Raises Refused when empty or too long."""
    if len(text) > wire.FRAME_LIMIT:
        raise Refused("text_too_long", "text")
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if c == "\n" or unicodedata.category(c)[0] != "C").strip()
    if not text:
        raise Refused("text_empty", "text")
    if len(text) > wire.TEXT_LIMIT:
        raise Refused("text_too_long", "text")
    return text
