"""import: a city's own list of items."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from knowledge.settings import KnowledgeSettings
from knowledge.wording import DATA

SHOWN = 50
"""Bad rows listed on the screen; --report has them all."""


def add(actions: Any) -> None:  # noqa: ANN401
    """Declare the subcommand."""
    parser = actions.add_parser(
        "import",
        help="导入一个城市的事项清单（CSV、XLSX、JSON）",
        description="把事项清单变成指南，全部标为未核实。默认有一行不合格就什么也不写。",
    )
    parser.add_argument("file", nargs="?", type=Path, help="清单文件：.csv .xlsx .json .jsonl")
    parser.add_argument(
        "--mapping", type=Path, default=DATA / "import_mapping.yaml", help="列名对照表（YAML）"
    )
    parser.add_argument("--name", default="city-list", help="清单的名字，再次导入同名清单会整个替换")
    parser.add_argument("--partial", action="store_true", help="有不合格的行时，仍然导入合格的行")
    parser.add_argument("--dry-run", action="store_true", help="只检查，不写入")
    parser.add_argument("--report", type=Path, help="把全部不合格的行写到这个文件")
    parser.add_argument(
        "--template", type=Path, metavar="FILE", help="按对照表写一个空白模板（.csv .xlsx .json）"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    """Exit status 0 when everything was taken, 1 when there were bad rows, 2 for wrong usage."""
    from knowledge.importing.mapping import load_mapping
    from knowledge.importing.run import import_list
    from knowledge.importing.template import write_template

    if (options.file is None) == (options.template is None):
        print("import: 请给一个清单文件，或者用 --template 写模板（二选一）", file=sys.stderr)
        return 2
    mapping = load_mapping(options.mapping)
    if options.template is not None:
        write_template(options.template, mapping)
        print(f"模板写在 {options.template}")
        return 0
    started = time.perf_counter()
    report = import_list(
        options.file,
        mapping,
        settings.guides_dir,
        options.name,
        partial=options.partial,
        dry_run=options.dry_run,
        say=_progress,
    )
    lines = [f"第{number}行 {reason}" for number, reason in report.bad]
    if options.report:
        options.report.write_text("\n".join([*lines, ""]), encoding="utf-8")
    for line in lines[:SHOWN]:
        print(line)
    if len(lines) > SHOWN:
        print(f"……还有 {len(lines) - SHOWN} 条，用 --report 写到文件")
    bad_rows = len({number for number, _ in report.bad})
    print(
        f"{report.rows} 行：合格 {report.taken}，已有指南而略过 {len(report.covered)}，不合格 {bad_rows}；"
        f"{_written(report.path, report.changed)}。用时 {time.perf_counter() - started:.1f} 秒。"
    )
    return 1 if report.bad else 0


def _written(path: Path | None, changed: bool) -> str:
    if path is None:
        return "没有写入"
    return f"写入 {path}，接着请运行 python -m knowledge build" if changed else f"{path} 没有变化"


def _progress(done: int, total: int) -> None:
    if done % 500 == 0 or done == total:
        end = "\n" if done == total else ""
        print(f"\r导入 {done}/{total}", end=end, file=sys.stderr, flush=True)
