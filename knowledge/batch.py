"""A file of questions answered line by line, so that anybody can measure with a file of their own."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from knowledge.answerer import Answerer
from knowledge.errors import KnowledgeError
from knowledge.record import answer_record
from knowledge.talk import Talk

EVERY = 100


def run_batch(
    answerer: Answerer, source: Path, target: Path | None, say: Callable[[str], None] = lambda line: None
) -> int:
    """Answer each line of a JSONL file.

    Args:
        answerer: loaded and warm.
        source: objects with `q` (text) and, if wanted, `context` (list of the citizen's earlier turns).
        target: where the JSON lines go; None: standard output.
        say: progress.

    Returns:
        0; 1 when some line could not be read (it gets {"line", "error"} in its place, the others go on).

    Raises:
        KnowledgeError: the file cannot be opened.

    """
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(
            f"{source}: cannot be read ({error}); expected a UTF-8 file of JSON lines"
        ) from error
    out: TextIO = target.open("w", encoding="utf-8") if target else sys.stdout
    wrong = 0
    try:
        for done, row in enumerate(_rows(answerer, lines), 1):
            wrong += "error" in row
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            if done % EVERY == 0:
                say(f"  {done}/{len(lines)}")
    finally:
        if target:
            out.close()
    if wrong:
        say(f"{wrong} 行读不懂，其余已经回答")
    return 1 if wrong else 0


def _rows(answerer: Answerer, lines: list[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            asked = _parsed(line)
        except ValueError as error:
            yield {"line": number, "error": str(error)}
            continue
        talk = Talk(answerer)
        for turn in asked["context"]:
            talk.ask(turn)
        started = time.perf_counter()
        answer = talk.ask(asked["q"])
        took = (time.perf_counter() - started) * 1000
        record = answer_record(answer, answerer.library, answerer.snapshot)
        yield {**asked["rest"], "q": asked["q"], **record, "ms": round(took, 3)}


def _parsed(line: str) -> dict[str, Any]:
    """Raises ValueError naming what is wrong. Keys we do not know are handed through, prefixed if taken."""
    value = json.loads(line)
    if not isinstance(value, dict) or not isinstance(value.get("q"), str):
        raise ValueError('expected an object with a text "q", e.g. {"q": "身份证丢了怎么补"}')
    context = value.get("context") or []
    if not isinstance(context, list) or not all(isinstance(turn, str) for turn in context):
        raise ValueError('"context" is to be a list of texts, the citizen\'s earlier turns')
    rest = {key: item for key, item in value.items() if key == "id"}
    return {"q": value["q"], "context": context, "rest": rest}
