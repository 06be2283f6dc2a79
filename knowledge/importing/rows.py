"""Rows of a CSV, XLSX, JSON or JSONL file, with their numbers as a spreadsheet shows them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.errors import KnowledgeError

ENCODINGS = ("utf-8-sig", "gb18030")
"""Tried in this order; Chinese spreadsheets save CSV as either."""
Row = tuple[int, dict[str, Any]]


def read_rows(path: Path) -> list[Row]:
    """All rows with their numbers.

    Raises:
        KnowledgeError: no such file, an unknown kind, or not readable as that kind.

    """
    readers = {".csv": _csv, ".xlsx": _xlsx, ".json": _json, ".jsonl": _json}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise KnowledgeError(f"{path}: kind {path.suffix!r}, expected one of {', '.join(readers)}")
    try:
        return list(reader(path))
    except KnowledgeError:
        raise
    except Exception as error:  # a spreadsheet library raises whatever it likes for a damaged file
        what = f"{type(error).__name__}: {error}"
        raise KnowledgeError(f"{path}: cannot be read as {path.suffix} ({what})") from error


def _csv(path: Path) -> Iterator[Row]:
    text = _decoded(path)
    lines = csv.reader(text.splitlines(keepends=True))
    header = _header(path, next(lines, []))
    for cells in lines:
        if any(cell.strip() for cell in cells):
            yield lines.line_num, dict(zip(header, cells, strict=False))


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise KnowledgeError(f"{path}: is neither {' nor '.join(ENCODINGS)}; save it as UTF-8")


def _xlsx(path: Path) -> Iterator[Row]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        lines = sheet.iter_rows(values_only=True)
        header = _header(path, ["" if cell is None else str(cell) for cell in next(lines, ())])
        for number, cells in enumerate(lines, 2):
            if any(cell not in (None, "") for cell in cells):
                yield number, dict(zip(header, cells, strict=False))
    finally:
        book.close()


def _json(path: Path) -> Iterator[Row]:
    text = _decoded(path)
    try:
        value = json.loads(text)
        rows = value if isinstance(value, list) else [value]
    except json.JSONDecodeError:
        rows = [_line(path, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    for number, row in enumerate(rows, 1):
        yield number, row if isinstance(row, dict) else {}


def _line(path: Path, number: int, line: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise KnowledgeError(
            f"{path}: line {number} is no JSON ({error}); expected one object a line"
        ) from error


def _header(path: Path, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not any(header):
        raise KnowledgeError(f"{path}: has no header; the first row is to name the columns")
    return header
