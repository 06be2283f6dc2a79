"""speed: milliseconds from question to answer, memory, and the encoder's engines side by side."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from knowledge.settings import KnowledgeSettings


def add(actions: Any) -> None:  # noqa: ANN401
    """Declare the subcommand."""
    parser = actions.add_parser("speed", help="测量：从问题到回答的毫秒数、内存、几种编码引擎的对照")
    parser.add_argument("--no-engines", action="store_true", help="不比较编码引擎")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    """Print the lines."""
    from knowledge.answerer import Answerer
    from knowledge.examples import dev_questions
    from knowledge.speed import answer_times, engine_lines, memory_mb

    questions = [f"{q.question}呀" for q in dev_questions() if q.guide_id][::2]  # no vector is remembered
    answerer = Answerer.load(settings)
    times = answer_times(answerer, questions)
    guides, stubs = len(answerer.library.guides), len(answerer.library.stubs)
    p50, p95 = np.percentile(times, 50), np.percentile(times, 95)
    asked = f"{guides} 个指南，{stubs} 个转介，{len(times)} 个新问题"
    print(f"{asked}：p50 {p50:.1f} ms，p95 {p95:.1f} ms，内存 {memory_mb():.0f} MB")
    if not options.no_engines:
        for line in engine_lines(settings.encoder_dir, questions[:200]):
            print(line)
    return 0
