"""Commands that cannot be done, and text that cannot be taken."""

from __future__ import annotations

import re

from gateway import wire
from gateway.characters import normal

COMMAND_START = re.compile(r"^[\s/⁄∕⧸╱⟋]+")
"""Rasa strips any white space before it looks for a slash, so both go, in any order; lookalikes with them."""
HEARD_LIMIT = 2 * wire.TEXT_LIMIT
"""Characters that Rasa reads: one can unfold into eighteen, and no ordinary text doubles."""


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
    text = normal(text, "NFC").strip()
    if not text:
        raise Refused("text_empty", "text")
    if len(text) > wire.TEXT_LIMIT:
        raise Refused("text_too_long", "text")
    return text


def for_dialogue(text: str) -> str:
    """What Rasa reads: NFKC, and never a leading slash, which it would take as a command.

    Whatever else looks like Rasa's syntax (`@0.9`, `{"a": 1}`, `EXTERNAL:`) means nothing without the slash.
    """
    return COMMAND_START.sub("", normal(text, "NFKC"))[:HEARD_LIMIT]
