"""eval: a table by style on questions nobody tuned on, beside three baselines in the same run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from knowledge.settings import ROOT, KnowledgeSettings

BLIND = ("retrieval_blind.yaml", "retrieval_blind_2.yaml", "fields_blind.yaml", "context_blind_2.yaml")


def add(actions: Any) -> None:  # noqa: ANN401
    """Declare the subcommand."""
    parser = actions.add_parser(
        "eval",
        help="用没有参与调试的题目测量：按说法分行，与三种基线对照",
        description="不给文件就用 tests/golden 里的盲测题。先查泄漏：题目不得出现在索引或调试题里。",
    )
    parser.add_argument(
        "files", nargs="*", type=Path, help="YAML：[{question, guide_id, kind, fields?, turns?}]"
    )
    parser.add_argument("--errors", action="store_true", help="列出答错的题目（看过以后就不再是盲测题）")
    parser.add_argument("--leaks", action="store_true", help="列出因泄漏而不计入的题目")
    parser.add_argument("--no-baselines", action="store_true", help="不跑基线")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: KnowledgeSettings) -> int:
    """Questions that stand in the index or among the development questions are left out and counted."""
    from knowledge.answerer import Answerer
    from knowledge.baselines import baselines
    from knowledge.evaluate import errors, evaluate, table
    from knowledge.examples import dev_texts
    from knowledge.heldout import leaks, read_heldout

    files = options.files or [ROOT / "tests" / "golden" / name for name in BLIND]
    questions = [q for path in files for q in read_heldout(path)]
    answerer = Answerer.load(settings)
    index = answerer.index
    texts = [p.text for p in index.passages]
    if not any("dev" in path.parts for path in files):
        texts += dev_texts()
    found = leaks([q for q in questions if not q.turns], texts)
    leaked = {question for question, _, _ in found}
    questions = [q for q in questions if q.turns or q.question not in leaked]
    print(f"与索引或调试题相同、几乎相同的 {len(found)} 题不计入（--leaks 列出），测量 {len(questions)} 题")
    for question, text, share in found if options.leaks else ():
        print(f"  {share:.2f} {question} ≈ {text}")
    outcomes = evaluate(answerer, questions, say=lambda line: print(line, file=sys.stderr, flush=True))
    rankings = {} if options.no_baselines else baselines(answerer.library, index, answerer.encoder)
    print(table(outcomes, rankings))
    if options.errors:
        print(errors(outcomes))
    return 0
