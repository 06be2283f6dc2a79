"""train-reader: make data/reader.npz anew from the labelled questions (offline, minutes)."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from knowledge.settings import KnowledgeSettings


def add(actions: Any) -> None:  # noqa: ANN401
    """Declare the subcommand."""
    parser = actions.add_parser(
        "train-reader", help="重新训练阅读器 data/reader.npz（两核约二十分钟），之后要重建索引和模型"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="线程数")
    parser.add_argument("--out", type=Path, default=None, help="写到哪里，默认 knowledge/data/reader.npz")
    parser.add_argument("--epochs", type=int, default=None, help="轮数")
    parser.add_argument("--go-on", action="store_true", help="从现有的阅读器继续，只加学新的句子")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    """Train and write."""
    from knowledge.adapter import FILE, Adapter
    from knowledge.training.fit import EPOCHS, train
    from knowledge.training.lessons import lessons

    found = lessons()
    print(f"训练阅读器：{len(found)} 句", flush=True)
    target = options.out or FILE
    start = Adapter.load() if options.go_on else None
    epochs = options.epochs or EPOCHS
    made = train(found, options.threads, lambda line: print(line, flush=True), epochs=epochs, start=start)
    made.save(target)
    print(f"写入 {target}（{target.stat().st_size / 1e6:.1f} MB）；请运行 make setup 重建编码器、索引和模型")
    return 0
