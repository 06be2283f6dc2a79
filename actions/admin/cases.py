"""Commands on cases: import, the template for it, a list."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import select

from actions.backends import audit
from actions.backends.case_import import import_cases
from actions.backends.case_rows import COLUMNS, Titles
from actions.backends.case_sheets import write_template
from actions.backends.case_view import masked
from actions.backends.store import Store
from actions.backends.tables import cases

STAGES = {"check": "检查", "write": "写入"}
LIST_LIMIT = 100


def register(groups: Any) -> None:
    """Add the group."""
    parser = groups.add_parser("cases", help="办件：导入、模板、列表")
    leaves = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    read = leaves.add_parser("import", help="从 CSV 或 XLSX 导入；有一行不对就一行也不写")
    read.add_argument("file", type=Path)
    read.add_argument("--dry-run", action="store_true", help="只检查，不写入")
    read.add_argument("--mapping", type=Path, default=COLUMNS, metavar="FILE", help="列名对照表（YAML）")
    read.set_defaults(run=_import)
    empty = leaves.add_parser("export-template", help="写一个空的模板（.csv 或 .xlsx）")
    empty.add_argument("file", type=Path)
    empty.add_argument("--mapping", type=Path, default=COLUMNS, metavar="FILE", help="列名对照表（YAML）")
    empty.set_defaults(run=_template, bare=True)
    shown = leaves.add_parser("list", help="列出办件，最近提交的在前")
    shown.add_argument("--status", default="", help="只看这个状态")
    shown.add_argument("--limit", type=int, default=LIST_LIMIT, help=f"最多几件；默认 {LIST_LIMIT}")
    shown.set_defaults(run=_list)


def _import(args: argparse.Namespace, store: Store) -> object:
    def progress(stage: str, rows: int) -> None:
        sys.stderr.write(f"\r{STAGES[stage]} {rows} 行")
        sys.stderr.flush()

    report = import_cases(
        store,
        args.file,
        Titles.load(args.mapping),
        dry_run=args.dry_run,
        actor=getattr(args, "actor", "admin"),
        progress=progress,
    )
    sys.stderr.write("\n")
    if report.faults:
        for fault in report.faults:
            sys.stderr.write(f"第{fault.row}行“{fault.column}”：{fault.said}\n")
        wrong = len({fault.row for fault in report.faults})
        raise ValueError(f"{report.rows} 行里有 {wrong} 行不对（见上），一行也没有写入；改好后再导入")
    return {
        "行数": report.rows,
        "新增": report.new,
        "更新": report.changed,
        "没有变化": report.unchanged,
        "只检查": report.dry_run,
        "秒": report.seconds,
        "每秒行数": report.rows_per_second,
    }


def _template(args: argparse.Namespace, _place: object) -> object:
    return {"文件": str(args.file), "列数": write_template(args.file, Titles.load(args.mapping))}


def _list(args: argparse.Namespace, store: Store) -> object:
    if not 1 <= args.limit <= 10_000:
        raise ValueError(f"--limit 应为 1 到 10000，现在是 {args.limit}")
    c = cases.c
    wanted = select(c.case_no, c.item, c.applicant, c.department, c.status, c.submitted_on, c.updated_at)
    if args.status:
        wanted = wanted.where(c.status == args.status)
    wanted = wanted.order_by(c.submitted_on.desc(), c.case_no).limit(args.limit)
    with store.begin() as db:
        rows = db.execute(wanted).mappings().all()
        found = [
            {
                "办件编号": row["case_no"],
                "事项": row["item"],
                "申请人": masked(store.vault.open("cases.applicant", row["applicant"])),
                "部门": row["department"],
                "状态": row["status"],
                "提交日期": row["submitted_on"].isoformat(),
                "数据时间": row["updated_at"].isoformat(timespec="seconds") if row["updated_at"] else "",
            }
            for row in rows
        ]
        audit.record(
            db,
            store.vault,
            at=store.clock(),
            actor=getattr(args, "actor", "admin"),
            action="cases.list",
            subject="cases",
            detail={"rows": str(len(found))},
        )
    return found
