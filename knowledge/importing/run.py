"""The import as a whole: all rows or none, nothing twice, every bad row by its number."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.errors import KnowledgeError
from knowledge.importing.item import item_value
from knowledge.importing.mapping import ColumnMapping
from knowledge.importing.rows import read_rows
from knowledge.library import IMPORTED, guide_values
from knowledge.text import normalise

_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(slots=True)
class ImportReport:
    """What came of an import."""

    rows: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    """Row number and reason, one entry per fault."""
    covered: list[tuple[int, str]] = field(default_factory=list)
    """Row number and id of the written guide that already covers the item; such rows are left out."""
    taken: int = 0
    changed: bool = False
    """Whether the file on disk is another one now."""
    path: Path | None = None
    """None when nothing was written."""


def import_list(
    source: Path,
    mapping: ColumnMapping,
    guides_dir: Path,
    name: str,
    *,
    partial: bool = False,
    dry_run: bool = False,
    say: Callable[[int, int], None] = lambda done, total: None,
) -> ImportReport:
    """Read a list and keep it as `<guides_dir>/imported/<name>.jsonl`, replacing what `name` held before.

    Args:
        source: CSV, XLSX, JSON or JSONL.
        mapping: its columns.
        guides_dir: folder of the guides; written guides with the same name or alias win over a row.
        name: of the list, lower-case letters, digits and hyphens.
        partial: keep the good rows even when there are bad ones.
        dry_run: look, but write nothing.
        say: called with rows done and rows in all.

    Raises:
        KnowledgeError: the file or the name is not usable.

    """
    if not _SOURCE.fullmatch(name):
        raise KnowledgeError(f"name {name!r}, expected lower-case letters, digits and hyphens, at most 40")
    rows = read_rows(source)
    report = ImportReport(rows=len(rows))
    written = written_names(guides_dir)
    values: dict[str, dict[str, Any]] = {}
    first: dict[str, int] = {}
    for done, (number, row) in enumerate(rows, 1):
        value, faults = item_value(row, mapping, date.today().isoformat())
        report.bad += [(number, fault) for fault in faults]
        if not faults:
            _take(number, value, values, first, written, report)
        say(done, len(rows))
    report.taken = len(values)
    if values and not dry_run and (partial or not report.bad):
        report.path = guides_dir / IMPORTED / f"{name}.jsonl"
        report.changed = _write(report.path, list(values.values()))
    return report


def _take(
    number: int,
    value: dict[str, Any],
    values: dict[str, dict[str, Any]],
    first: dict[str, int],
    written: Mapping[str, str],
    report: ImportReport,
) -> None:
    key = str(value["id"])
    if key in values:
        report.bad.append((number, f"code: the same as in row {first[key]}; every item needs its own"))
        return
    guide = written.get(normalise(str(value["name"])))
    if guide:
        report.covered.append((number, guide))
        return
    values[key], first[key] = value, number


def written_names(guides_dir: Path) -> dict[str, str]:
    """Names and aliases of all guides that people wrote -> id."""
    found = {}
    for _, value in guide_values(guides_dir):
        if isinstance(value, dict) and not value.get("imported"):
            for name in (value.get("name"), *(value.get("aliases") or ())):
                found[normalise(str(name))] = str(value.get("id"))
    return found


def _write(path: Path, values: list[dict[str, Any]]) -> bool:
    """Replace the file at once; False when it already says the same (but for the day of the import)."""
    if path.is_file():
        before = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        if [_undated(value) for value in before] == [_undated(value) for value in values]:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text("".join(json.dumps(v, ensure_ascii=False) + "\n" for v in values), encoding="utf-8")
    os.replace(fresh, path)
    return True


def _undated(value: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in value.items() if k not in ("effective_on", "reviewed_on", "version")}
