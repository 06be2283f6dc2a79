"""check: all guide files, all faults at once."""

from __future__ import annotations

import argparse
import time
from datetime import date
from typing import Any

from knowledge.library import CheckReport, check_folder
from knowledge.settings import KnowledgeSettings


def add(actions: Any) -> None:  # noqa: ANN401
    """Declare the subcommand."""
    parser = actions.add_parser("check", help="检查全部指南文件（几秒，不需要编码器）")
    parser.add_argument("--ids", action="store_true", help="列出全部指南编号")
    parser.add_argument("--missing", action="store_true", help="列出目录里还没有指南的事项")
    parser.add_argument("--json", action="store_true", help="输出 JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    """Exit status 1 when there are faults."""
    started = time.perf_counter()
    report = check_folder(settings.guides_dir, date.today())
    if options.json:
        return _as_json(report)
    for line in report.faults:
        print(f"错误 {line}")
    for line in report.warnings:
        print(f"注意 {line}")
    if options.ids:
        print("\n".join([*report.guides, *report.stubs]))
    if options.missing:
        print("\n".join(report.missing))
    print(_summary(report), f"用时 {time.perf_counter() - started:.1f} 秒。")
    return 1 if report.faults else 0


def _as_json(report: CheckReport) -> int:
    import json

    value = {
        "guides": list(report.guides),
        "stubs": list(report.stubs),
        "missing": report.missing,
        "faults": report.faults,
        "warnings": report.warnings,
    }
    print(json.dumps(value, ensure_ascii=False, indent=2))
    return 1 if report.faults else 0


def _summary(report: CheckReport) -> str:
    return (
        f"{len(report.guides)} 个指南，{len(report.stubs)} 个转介，目录中还缺 {len(report.missing)} 个；"
        f"{len(report.faults)} 处错误，{len(report.warnings)} 处提醒。"
    )
