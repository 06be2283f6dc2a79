"""Empty lists with the right columns and one filled row, in each kind of file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from knowledge.errors import KnowledgeError
from knowledge.importing.mapping import ColumnMapping
from knowledge.wording import data


def write_template(path: Path, mapping: ColumnMapping) -> None:
    """Write a .csv, .xlsx or .json template for a mapping. Raises KnowledgeError for another kind of file."""
    example = data("import_example")
    columns = {names[0]: str(example.get(target, "")) for target, names in mapping.columns.items()}
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, list(columns))
            writer.writeheader()
            writer.writerow(columns)
    elif path.suffix == ".xlsx":
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        sheet.append(list(columns))
        sheet.append(list(columns.values()))
        book.save(path)
    elif path.suffix == ".json":
        path.write_text(json.dumps([columns], ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    else:
        raise KnowledgeError(f"{path}: kind {path.suffix!r}, expected .csv, .xlsx or .json")
