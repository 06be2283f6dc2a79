"""Which column of a city's list is which part of a guide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import KnowledgeError
from knowledge.reading import load_yaml

TARGETS = {
    "code": "unique code of the item (needed)",
    "name": "official name (needed)",
    "department": "who handles it (needed)",
    "area": "where it holds, shown with the name",
    "alias": "everyday names",
    "item_type": "行政许可, 行政确认, 行政给付, 行政征收, 公共服务; anything else becomes 其他",
    "applicant": "who may apply",
    "conditions": "conditions",
    "materials": "what to bring",
    "steps": "steps at the window",
    "steps_online": "steps online",
    "statutory": "statutory time limit",
    "promised": "promised time limit",
    "fee": "what it costs",
    "place": "where",
    "hours": "office hours",
    "phone": "telephone",
    "online": "online entry",
    "visits": "number of trips, a whole number",
    "proxy": "by proxy",
    "post": "by post",
    "cross_region": "in another city",
    "result": "what one gets",
    "validity": "how long it is valid",
    "basis": "legal basis",
}
NEEDED = ("code", "name", "department")
LISTS = ("alias", "conditions", "materials", "steps", "steps_online", "online")


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How to read one list."""

    columns: Mapping[str, tuple[str, ...]]
    """Target -> names of source columns, the first that is there counts."""
    separator: re.Pattern[str]
    """Splits a cell that holds a list."""
    empty: frozenset[str]
    """Cell texts that mean nothing (无, 暂无, -)."""
    values: Mapping[str, Mapping[str, str]]
    """Target -> text of the list -> text of the guide."""
    constants: Mapping[str, str]
    """Target -> text for all rows."""

    def cell(self, row: Mapping[str, Any], target: str) -> list[str]:
        """The cleaned texts of one target, none when the cell says nothing."""
        if target in self.constants:
            return [self.constants[target]]
        raw = next((row[c] for c in self.columns.get(target, ()) if row.get(c) not in (None, "")), None)
        texts = [str(v) for v in raw] if isinstance(raw, list) else [] if raw is None else [str(raw)]
        if target in LISTS and not isinstance(raw, list):
            texts = [part for text in texts for part in self.separator.split(text)]
        cleaned = (" ".join(text.split()) for text in texts)
        known = self.values.get(target, {})
        return [known.get(text, text) for text in cleaned if text and text not in self.empty]


def load_mapping(path: Path) -> ColumnMapping:
    """Read a mapping file; docs/import.md describes it.

    Raises:
        KnowledgeError: the file is not in order; all faults are listed.

    """
    try:
        value = load_yaml(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KnowledgeError(f"{path}: cannot be read as YAML ({error})") from error
    faults = _faults(value)
    if faults:
        raise KnowledgeError("\n".join(f"{path}: {fault}" for fault in faults))
    columns = {k: tuple(v) if isinstance(v, list) else (str(v),) for k, v in value["columns"].items()}
    return ColumnMapping(
        columns=columns,
        separator=re.compile(value.get("separator") or r"[;；|\n]"),
        empty=frozenset(str(v) for v in value.get("empty") or ()),
        values=value.get("values") or {},
        constants={k: str(v) for k, v in (value.get("constants") or {}).items()},
    )


def _faults(value: Any) -> list[str]:  # noqa: ANN401
    if not isinstance(value, dict) or not isinstance(value.get("columns"), dict):
        return ["expected a mapping with `columns: {target: column name, or a list of names}`"]
    found = [
        f"{key}: is not a known key, expected columns, separator, empty, values or constants"
        for key in value
        if key not in ("columns", "separator", "empty", "values", "constants")
    ]
    given = {**value["columns"], **(value.get("constants") or {}), **(value.get("values") or {})}
    found += [
        f"{key}: is no target, expected one of {', '.join(TARGETS)}" for key in given if key not in TARGETS
    ]
    have = {*value["columns"], *(value.get("constants") or {})}
    found += [f"columns: {key} is needed ({TARGETS[key]})" for key in NEEDED if key not in have]
    try:
        re.compile(value.get("separator") or "")
    except (re.error, TypeError) as error:
        found.append(f"separator: is no regular expression ({error})")
    return found
