"""What a citizen's own screens may show and the log must not keep: live, sealed on its way, never stored.

It goes on a topic of its own that only citizens' sockets hear, just before the event it belongs to, which
brings the masked form to everybody. What is lost on the way, or comes after a reload, is the masked form.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from gateway import wire
from gateway.bus import Bus, Frame
from gateway.sealed_box import SealBroken, SealedBox

SHOWN = "shown"
"""Inner frame type; no socket passes it on."""
PURPOSE = "shown once"
KEPT = 64
"""Own forms that one socket remembers, for events that are asked for again."""


def topic(conversation_id: str) -> str:
    """Where the citizen's sockets of a conversation hear of it; officers' never do."""
    return f"citizen.{conversation_id}"


class OwnWords:
    """Seals for the way through Redis, and opens again. Gateways need the same keys to read each other."""

    def __init__(self, bus: Bus, box: SealedBox | None = None) -> None:
        """`box`: keys of all gateways; None: a key of this process."""
        self._bus = bus
        self._box = box or SealedBox({"own": secrets.token_bytes(32)})

    def tell(self, conversation_id: str, seq: int, payload: wire.Wire) -> None:
        """Let the citizen's screens show `payload` for event `seq`; call it before the event is told."""
        sealed = self._box.seal(payload.model_dump_json(), _purpose(conversation_id, seq))
        self._bus.publish(topic(conversation_id), {"type": SHOWN, "seq": seq, "sealed": sealed})

    def opened(self, conversation_id: str, frame: Frame) -> dict[str, Any] | None:
        """The payload of a frame; None where it was sealed by keys that are not here."""
        try:
            found: dict[str, Any] = json.loads(
                self._box.open(frame["sealed"], _purpose(conversation_id, frame["seq"]))
            )
        except SealBroken:
            return None
        return found


class OwnScreen:
    """What one socket of a citizen shows in place of the stored form."""

    def __init__(self, words: OwnWords, conversation_id: str) -> None:
        self._words = words
        self._id = conversation_id
        self._forms: dict[int, dict[str, Any]] = {}

    def hears(self, frame: Frame) -> None:
        """Remember the form that `OwnWords.tell` sent."""
        payload = self._words.opened(self._id, frame)
        if payload is None:
            return
        self._forms[frame["seq"]] = payload
        while len(self._forms) > KEPT:
            del self._forms[next(iter(self._forms))]

    def shows(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The event as this screen shows it."""
        own = self._forms.get(event["seq"])
        return {**event, "payload": own} if own is not None else dict(event)


def _purpose(conversation_id: str, seq: int) -> str:
    return f"{PURPOSE} {conversation_id} {seq}"
