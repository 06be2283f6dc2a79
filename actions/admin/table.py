"""What a command returned, as text: an aligned table for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

NOTHING = "（没有内容）"
GAP = "  "


def plain(value: Any) -> Any:
    """JSON-able form of a result: dataclasses become objects, moments ISO text, sets and tuples lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted(plain(item) for item in value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def as_json(result: Any) -> str:
    """One JSON document."""
    return json.dumps(plain(result), ensure_ascii=False, indent=2)


def as_text(result: Any) -> str:
    """A list of objects as a table, one object as two columns, anything else line by line."""
    value = plain(result)
    if value is None or value == [] or value == {}:
        return NOTHING
    if isinstance(value, dict):
        return _aligned([[key, _cell(item)] for key, item in value.items()])
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        heads = list(dict.fromkeys(key for item in value for key in item))
        rows = [[_cell(item.get(head)) for head in heads] for item in value]
        return _aligned([heads, ["-" * width(head) for head in heads], *rows])
    if isinstance(value, list):
        return "\n".join(_cell(item) for item in value)
    return value if isinstance(value, str) else _cell(value)


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return "、".join(_cell(item) for item in value) or "—"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    # Citizens' words are shown on an officer's terminal: line breaks and escape codes must not reach it.
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)


def width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    padded = (
        GAP.join(cell + " " * (space - width(cell)) for cell, space in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in padded)
