"""python -m knowledge check | build | ask | measure"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from datetime import date
from pathlib import Path

from knowledge.errors import KnowledgeError
from knowledge.library import CheckReport, check_folder
from knowledge.settings import KnowledgeSettings


def main(argv: list[str] | None = None) -> int:
    """Exit status: 0 in order, 1 faults or no answer possible, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m knowledge", description="办事指南：检查、建索引、提问、测量。"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="check|build|ask|measure")
    check = actions.add_parser("check", help="检查全部指南文件（几秒，不需要编码器）")
    check.add_argument("--ids", action="store_true", help="列出全部指南编号")
    check.add_argument("--missing", action="store_true", help="列出目录里还没有指南的事项")
    build = actions.add_parser("build", help="生成编码器和索引；没有变化就什么也不做")
    build.add_argument("--force", action="store_true", help="没有变化也重新生成")
    encoder = actions.add_parser("encoder", help="只生成编码器；没有变化就什么也不做")
    encoder.add_argument("--force", action="store_true", help="没有变化也重新生成")
    ask = actions.add_parser("ask", help="提一个问题看回答")
    ask.add_argument("question", help="问题，例如：身份证丢了怎么补")
    ask.add_argument("--guide", default=None, help="正在谈的指南编号")
    ask.add_argument("--fact", action="append", default=[], metavar="KEY=VALUE", help="已知情形，可重复")
    ask.add_argument("--json", action="store_true", help="输出完整结果")
    measure = actions.add_parser("measure", help="用一份没有参与调试的题目测量")
    measure.add_argument("file", type=Path, help="YAML：[{question, guide_id, kind, field?}]")
    measure.add_argument("--errors", action="store_true", help="列出答错的题目")
    options = parser.parse_args(argv)
    settings = KnowledgeSettings()
    logging.basicConfig(level=logging.WARNING)
    try:
        return int(
            {"check": _check, "build": _build, "encoder": _encoder, "ask": _ask, "measure": _measure}[
                options.action
            ](options, settings)
        )
    except KnowledgeError as error:
        print(error, file=sys.stderr)
        return 1


def _check(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    started = time.perf_counter()
    report = check_folder(settings.guides_dir, date.today())
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


def _summary(report: CheckReport) -> str:
    return (
        f"{len(report.guides)} 个指南，{len(report.stubs)} 个转介，目录中还缺 {len(report.missing)} 个；"
        f"{len(report.faults)} 处错误，{len(report.warnings)} 处提醒。"
    )


def _build(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    from knowledge.build import build

    built = build(settings, force=options.force, say=lambda line: print(line, flush=True))
    if not built:
        print("已是最新")
    return 0


def _encoder(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    from knowledge.build import ensure_encoder

    if not ensure_encoder(settings, force=options.force, say=lambda line: print(line, flush=True)):
        print("已是最新")
    return 0


def _ask(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    from dataclasses import asdict

    from knowledge.answerer import Answerer

    answerer = Answerer.load(settings)
    facts = dict(item.split("=", 1) for item in options.fact)
    started = time.perf_counter()
    found = answerer.answer(options.question, options.guide, facts)
    took = (time.perf_counter() - started) * 1000
    if options.json:
        print(json.dumps(asdict(found), ensure_ascii=False, indent=2))
        return 0
    print(
        f"{found.status}  {found.guide_id}  field={found.field or '-'}  {found.confidence:.2f}  {took:.0f} ms"
    )
    if found.lead:
        print(found.lead)
    for option in found.options:
        print(f"  - {option['name']}（{option['department']}）")
    for hit in (*found.hits, *found.rejected):
        print(f"  {hit.score:.3f}  {hit.cosine:.3f}  {hit.guide_id}  “{hit.passage}”")
    return 0


def _measure(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    from knowledge.answerer import Answerer
    from knowledge.measure import measure, read_questions

    questions = read_questions(options.file)
    print(f"读入 {len(questions)} 题，载入索引……", flush=True)
    report = measure(Answerer.load(settings), questions, say=lambda line: print(line, flush=True))
    print(report.table())
    if options.errors:
        print(report.errors())
    return 0


if __name__ == "__main__":
    sys.exit(main())
