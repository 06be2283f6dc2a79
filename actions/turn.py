"""What one turn looks like to an action: a small typed view of Rasa's tracker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Tracker


@dataclass(frozen=True, slots=True)
class Turn:
    """The latest citizen message and the slots, read once."""

    conversation_id: str
    channel: str
    text: str
    intent: str
    confidence: float
    entities: Mapping[str, tuple[Any, ...]]
    """Entity name -> values, in order of appearance."""
    slots: Mapping[str, Any]
    requested_slot: str | None
    active_form: str | None
    resumed: bool
    """True when a form comes back after an interruption: the latest text was not meant for it."""
    message_id: str = ""
    doubtful: frozenset[str] = frozenset()
    """Entities whose check digit is wrong; their values are not among `entities`."""
    args: Mapping[str, Any] = field(default_factory=dict)
    ticket: str = ""
    """For `actions.identity`: of who is signed in, or was until a moment ago; "": nobody."""
    may_sign_in: bool = False
    """True where the citizen can be asked to sign in."""

    def first(self, name: str) -> Any | None:
        """Return the first value of entity `name`, or None."""
        values = self.entities.get(name, ())
        return values[0] if values else None


QUIET_ACTIONS = {"action_listen", "action_extract_slots", "action_session_start"}


def read_turn(tracker: Tracker) -> Turn:
    """Build a `Turn` from the SDK's tracker."""
    message = tracker.latest_message or {}
    entities: dict[str, list[Any]] = {}
    doubtful: set[str] = set()
    for entity in message.get("entities") or []:
        if entity.get("valid") is False:
            doubtful.add(entity["entity"])
            continue
        entities.setdefault(entity["entity"], []).append(entity.get("value"))
    metadata = message.get("metadata") or {}
    identity = metadata.get("identity")
    identity = identity if isinstance(identity, dict) else {}
    form = (tracker.active_loop or {}).get("name")
    return Turn(
        conversation_id=tracker.sender_id,
        channel=tracker.get_latest_input_channel() or "portal",
        text=(message.get("text") or "").strip(),
        intent=(message.get("intent") or {}).get("name") or "",
        confidence=float((message.get("intent") or {}).get("confidence") or 0.0),
        entities={name: tuple(values) for name, values in entities.items()},
        slots=tracker.slots,
        requested_slot=tracker.get_slot("requested_slot"),
        active_form=form,
        resumed=_interrupted(tracker, form),
        message_id=str(metadata.get("message_id") or message.get("message_id") or ""),
        doubtful=frozenset(doubtful),
        args=metadata.get("args") or {},
        ticket=str(identity.get("ticket") or ""),
        may_sign_in=bool(identity.get("offered")),
    )


def _interrupted(tracker: Tracker, form: str | None) -> bool:
    """True if another action has already answered the latest message; one that only passed it on has not."""
    spoke = False
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        spoke = spoke or event.get("event") == "bot"
        if spoke and event.get("event") == "action" and event.get("name") not in QUIET_ACTIONS | {form}:
            return True
    return False


def time_value(raw: Any) -> dict[str, Any]:
    """Decode the `time` entity: JSON {"start", "end", "part"}; {} if it is not that."""
    if isinstance(raw, Mapping):
        return dict(raw)
    try:
        value = json.loads(raw)
    except (TypeError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
