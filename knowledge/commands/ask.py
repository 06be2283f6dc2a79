"""ask: one question, or a file of them, answered as the assistant would."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from knowledge.answer import Answer
from knowledge.settings import KnowledgeSettings


def add(actions: Any) -> None:  # noqa: ANN401
    """Declare the subcommand."""
    parser = actions.add_parser(
        "ask",
        help="提一个问题看回答，或者一次回答一整个文件",
        description="提一个问题看回答；--batch 读 JSONL，每行一个 {q, context?}，写出一行 JSON 回答。",
    )
    parser.add_argument("question", nargs="?", help="问题，例如：身份证丢了怎么补")
    parser.add_argument("--batch", type=Path, metavar="FILE", help="JSONL：q 是问题，context 是此前说过的话")
    parser.add_argument("--out", type=Path, metavar="FILE", help="--batch 的结果写到这里（默认标准输出）")
    parser.add_argument("--guide", default=None, help="正在谈的指南编号")
    parser.add_argument("--fact", action="append", default=[], metavar="KEY=VALUE", help="已知情形，可重复")
    parser.add_argument("--context", action="append", default=[], metavar="TEXT", help="此前说过的话，可重复")
    parser.add_argument("--explain", action="store_true", help="显示候选、得分、判断和用时")
    parser.add_argument("--json", action="store_true", help="输出完整结果")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    """Exit status 2 without a question, 1 when a batch line could not be read."""
    from knowledge.answerer import Answerer
    from knowledge.batch import run_batch
    from knowledge.record import answer_record
    from knowledge.talk import Talk

    if (options.question is None) == (options.batch is None):
        print("ask: 请给一个问题，或者用 --batch 给一个文件（二选一）", file=sys.stderr)
        return 2
    answerer = Answerer.load(settings)
    if options.batch is not None:
        return run_batch(
            answerer, options.batch, options.out, lambda line: print(line, file=sys.stderr, flush=True)
        )
    facts = dict(item.split("=", 1) for item in options.fact)
    talk = Talk(answerer, options.guide, facts)
    for turn in options.context:
        talk.ask(turn)
    started = time.perf_counter()
    found = talk.ask(options.question)
    took = (time.perf_counter() - started) * 1000
    record = answer_record(found, answerer.library, answerer.snapshot)
    if options.json:
        print(json.dumps({**record, "ms": round(took, 2)}, ensure_ascii=False, indent=2))
        return 0
    print(record["text"] or f"（{found.outcome}：{found.why}）")
    if options.explain:
        _explain(found, took)
    return 0


def _explain(found: Answer, took: float) -> None:
    fields = "、".join(found.fields) or "-"
    print(
        f"\n判断 {found.outcome} {found.why}  事项 {found.guide_id or '-'}  所问 {fields}  用时 {took:.1f} ms"
    )
    print("候选（占比、相似度、最近的一句）")
    for hit in sorted((*found.hits, *found.rejected), key=lambda hit: -hit.score):
        print(f"  {hit.score:.3f}  {hit.cosine:.3f}  {hit.guide_id}  “{hit.passage}”")
    for key, value in found.explain.items():
        print(f"  {key:16s} {value:.4f}")
