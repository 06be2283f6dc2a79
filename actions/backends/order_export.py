"""The figures of work orders as CSV or XLSX, in words that an office reads."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import cache
from pathlib import Path

from openpyxl import Workbook

from actions.backends.ports import FigureRow
from actions.departments.data import read_data

HEAD = (
    "统计口径",
    "名称",
    "工单数",
    "已答复",
    "按期答复",
    "超期",
    "被退回",
    "已评价",
    "满意",
    "平均答复工作日",
    "退回重办",
)
GROUPS = {"all": "合计", "department": "承办单位", "topic": "事项类别", "district": "区县"}
NONE = "未填"


@cache
def known_titles() -> Mapping[str, str]:
    """Id of each topic and department of `actions.departments` -> what an office calls it."""
    departments = read_data().departments
    titles = {department.id: department.title for department in departments}
    return titles | {topic.id: topic.title for department in departments for topic in department.topics}


def lines(rows: Sequence[FigureRow], titles: Mapping[str, str] | None = None) -> list[list[object]]:
    """The rows under `HEAD`. `titles`: id of a topic or department -> its name, where not the usual one."""
    known = known_titles() if titles is None else titles
    return [
        [
            GROUPS[row.by],
            "" if row.by == "all" else _plain(known.get(row.name, row.name) or NONE),
            *astuple(row)[2:],
        ]
        for row in rows
    ]


def export(rows: Sequence[FigureRow], path: Path, titles: Mapping[str, str] | None = None) -> None:
    """Write a .csv (UTF-8 with a byte-order mark) or an .xlsx. Raises ValueError for another name."""
    table: list[list[object]] = [list(HEAD), *lines(rows, titles)]
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.writer(file)
            for line in table:
                out.writerow(line)
    elif path.suffix == ".xlsx":
        book = Workbook()
        sheet = book.create_sheet("工单统计", 0)
        for line in table:
            sheet.append(line)
        sheet.freeze_panes = "A2"
        book.save(path)
    else:
        raise ValueError(f"{path.name}: expected a name that ends in .csv or .xlsx")


def _plain(name: str) -> str:
    """Never a formula: a name may come from outside."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name
