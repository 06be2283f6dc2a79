"""The dictionary Rasa expects for an entity, made in one place."""

from __future__ import annotations

from typing import Any

from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message


def record(extractor: str, entity: str, value: object, start: int, end: int, **more: Any) -> dict[str, Any]:
    """One entity; more holds extra keys that actions may read (valid, until, certain)."""
    return {"entity": entity, "value": value, "start": start, "end": end, "extractor": extractor, **more}


def add(message: Message, records: list[dict[str, Any]]) -> None:
    """Append entities to those a message has already."""
    message.set(ENTITIES, [*message.get(ENTITIES, []), *records], add_to_output=True)


def text_of(message: Message) -> str:
    """The message's text; "" for a structured one such as /greet."""
    text = message.get(TEXT) or ""
    return "" if text.startswith("/") else text
