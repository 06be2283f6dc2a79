"""The files of an import: CSV or XLSX as rows, one at a time; and the template to fill in."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from actions.backends.case_rows import Titles

BROKEN = (BadZipFile, KeyError, IndexError, TypeError, OSError, EOFError, ValueError, SyntaxError, zlib.error)
"""What openpyxl raises for files that are torn or no workbook; ParseError of XML is a SyntaxError."""
ENCODINGS = ("utf-8-sig", "gb18030")
"""What Excel writes under 另存为 CSV: with a mark, or the code page of a Chinese Windows."""


def rows_of(path: Path) -> Iterator[Sequence[Any]]:
    """The rows of the file, the titles first. Raises ValueError for a file that is neither CSV nor XLSX."""
    kind = path.suffix.lower()
    if kind == ".csv":
        yield from _csv_rows(path)
    elif kind == ".xlsx":
        yield from _xlsx_rows(path)
    else:
        raise ValueError(f"{path.name}：只认识 .csv 和 .xlsx 文件")


def _csv_rows(path: Path) -> Iterator[Sequence[Any]]:
    encoding = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            yield from reader
        except csv.Error as fault:
            raise ValueError(
                f"{path.name}：第{reader.line_num}行不是正确的 CSV（引号不成对，或有空字符）"
            ) from fault


def _encoding(path: Path) -> str:
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding) as file:
                while file.read(1 << 20):
                    pass
            return encoding
        except UnicodeDecodeError:
            continue
    raise ValueError(f"{path.name}：文字编码应为 UTF-8 或 GB18030")


def _xlsx_rows(path: Path) -> Iterator[Sequence[Any]]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            yield from book.worksheets[0].iter_rows(values_only=True)
        finally:
            book.close()
    except FileNotFoundError:
        raise
    except BROKEN as fault:  # a sheet is read piece by piece: it may end in the middle
        raise ValueError(f"{path.name}：不是正确的 XLSX 文件") from fault


def write_template(path: Path, titles: Titles) -> int:
    """Write an empty file with the titles; return how many columns. Refuses to replace a file."""
    if path.exists():
        raise ValueError(f"{path.name} 已经存在，请换一个文件名")
    heads = [names[0] for names in titles.titles.values()]
    if path.suffix.lower() == ".csv":
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerow(heads)
    elif path.suffix.lower() == ".xlsx":
        book = Workbook()
        sheet = book.worksheets[0]
        sheet.title = "办件"
        sheet.append(heads)
        for place in range(1, len(heads) + 1):  # text, or Excel eats leading zeros and long numbers
            sheet.column_dimensions[get_column_letter(place)].number_format = "@"
        notes = book.create_sheet("说明")
        notes.append(["列", "必填", "也可以写作"])
        for name, names in titles.titles.items():
            notes.append([names[0], "是" if name in titles.needed else "", "、".join(names[1:])])
        book.save(path)
    else:
        raise ValueError(f"{path.name}：只写 .csv 和 .xlsx 文件")
    return len(heads)
