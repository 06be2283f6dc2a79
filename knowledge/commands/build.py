"""build and encoder: bring the encoder and the index up to date."""

from __future__ import annotations

import argparse
from typing import Any

from knowledge.settings import KnowledgeSettings


def add(actions: Any) -> None:  # noqa: ANN401
    """Declare both subcommands."""
    build = actions.add_parser("build", help="生成编码器和索引；没有变化就什么也不做")
    build.add_argument("--force", action="store_true", help="没有变化也重新生成")
    build.set_defaults(run=run)
    encoder = actions.add_parser("encoder", help="只生成编码器；没有变化就什么也不做")
    encoder.add_argument("--force", action="store_true", help="没有变化也重新生成")
    encoder.set_defaults(run=run_encoder)


def run(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    """Encoder and index."""
    from knowledge.build import build

    if not build(settings, force=options.force, say=_say):
        print("已是最新")
    return 0


def run_encoder(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    """The encoder alone."""
    from knowledge.build import ensure_encoder

    if not ensure_encoder(settings, force=options.force, say=_say):
        print("已是最新")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
