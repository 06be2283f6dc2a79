"""Senders' own ids of frames: made by pages, yet anybody can write a phone number into one.

One that holds an identifier is kept as a keyed hash. A frame that is sent again finds its first copy all the
same, and the one who sent it gets the id back as it was sent; who comes to it from the log gets the hash.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict

from gateway.masking import mask
from gateway.sealed_box import SealedBox

PREFIX = "h-"
PURPOSE = "sender id"
REMEMBERED = 4096


class SenderIds:
    """One per process."""

    def __init__(self, box: SealedBox | None = None) -> None:
        """`box`: keys of all gateways; None: a key of this process."""
        self._box = box or SealedBox({"own": secrets.token_bytes(32)})
        self._given: OrderedDict[str, str] = OrderedDict()

    def kept(self, sent: str) -> str:
        """The id as it may be stored."""
        if mask(sent) == sent:
            return sent
        name = PREFIX + self._box.digest(sent, PURPOSE)[:40]
        self._given[name] = sent
        if len(self._given) > REMEMBERED:
            self._given.popitem(last=False)
        return name

    def given(self, kept: str) -> str:
        """The id as it was sent, where this process has seen it."""
        return self._given.get(kept, kept)
