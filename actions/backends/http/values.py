"""Values as they travel: JSON out, and what came in put on the port's terms (aware moments, in Nanchang)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from actions.backends.clock import SHANGHAI

LARGEST = 2**53 - 1
"""Whole numbers that every JSON reader keeps exactly (RFC 8259, section 6)."""


class Unfit(Exception):
    """A body that does not fit. Says where, never what: the values are the citizens'."""


def written(values: Mapping[str, Any]) -> bytes:
    """JSON, UTF-8; bytes as base64url. Raises ValueError for text with half a surrogate pair."""
    try:
        return to_json(values, bytes_mode="base64")
    except (PydanticSerializationError, UnicodeError):
        raise ValueError("an argument holds text that is not valid Unicode; send whole characters") from None


def read(model: type[BaseModel], body: bytes) -> dict[str, Any]:
    """The fields of a strict reading. Raises Unfit."""
    try:
        found = model.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise Unfit(_faults(model, error)) from None
    return {name: local(getattr(found, name)) for name in model.model_fields}


def _faults(model: type[BaseModel], error: ValidationError) -> str:
    places = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False)[:5]:
        first = str(fault["loc"][0]) if fault["loc"] else "body"
        places.append(f"{first if first in {*model.model_fields, 'body'} else 'unknown'}: {fault['type']}")
    return ", ".join(places)


def local(value: Any) -> Any:
    """The same value with every moment in Asia/Shanghai. Raises Unfit for what has no place in a port."""
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
        raise Unfit(f"a whole number beyond {LARGEST}: no system here keeps such")
    if isinstance(value, time) and value.tzinfo is not None:
        raise Unfit("a time of day with a zone: expected local time, HH:MM:SS")
    if isinstance(value, list | tuple):
        return type(value)(local(part) for part in value)
    if isinstance(value, Mapping):
        return {key: local(part) for key, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **{name: local(part) for name, part in parts.items()})
    return value


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise Unfit("a moment without a zone: expected an offset such as +08:00")
    try:
        return value.astimezone(SHANGHAI)
    except OverflowError:
        raise Unfit("a moment at the end of time: expected one of the years 2 to 9998") from None
