"""Labelled questions that the models are fitted and tuned on (knowledge/dev); never those of tests/golden."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.errors import KnowledgeError
from knowledge.field_model import FieldExample
from knowledge.guide import FIELDS
from knowledge.heldout import OUTSIDE
from knowledge.reading import load_yaml
from knowledge.stay import StayExample
from knowledge.wording import data

DEV = Path(__file__).parent / "dev"
STAYING = ("ellipsis", "pronoun")
SHORT = 18
"""Characters of a field question that can stand without an item."""
MOST = 600
QUESTION_FILES = ("questions*.yaml", "negatives*.yaml")
FIELD_FILES = ("questions*.yaml", "fields*.yaml", "guide_questions_*.yaml")


@dataclass(frozen=True, slots=True)
class DevQuestion:
    """A question as a citizen might ask it, with the item that answers it."""

    question: str
    guide_id: str | None
    """None: no guide of ours."""
    kind: str
    """A style, or near_miss, chat, other."""


@cache
def dev_questions(folder: Path = DEV) -> tuple[DevQuestion, ...]:
    """Questions that the decision is calibrated on."""
    rows = [
        row for pattern in QUESTION_FILES for path in sorted(folder.glob(pattern)) for row in load_yaml(path)
    ]
    return tuple(DevQuestion(str(row["question"]), row.get("guide_id"), str(row["kind"])) for row in rows)


@cache
def field_examples(folder: Path = DEV) -> tuple[FieldExample, ...]:
    """Questions with the fields they ask for.

    Raises:
        KnowledgeError: an entry names a field that no guide has; all of them are listed.

    """
    found, faults = [], []
    for path in sorted(path for pattern in FIELD_FILES for path in folder.glob(pattern)):
        for place, row in enumerate(load_yaml(path)):
            fields = tuple(row.get("fields") or ())
            unknown = [field for field in fields if field not in FIELDS]
            if unknown:
                faults.append(f"{path}[{place}]: fields {unknown}, expected some of {', '.join(FIELDS)}")
            if row.get("kind") not in OUTSIDE:
                free, guide = path.name.startswith("fields"), path.name.startswith("guide_")
                found.append(FieldExample(str(row["question"]), fields, free=free, guide=guide))
    if faults:
        raise KnowledgeError("\n".join(faults))
    return tuple(found)


def dev_texts(folder: Path = DEV) -> list[str]:
    """All questions of the development files."""
    return [str(row["question"]) for path in sorted(folder.glob("*.yaml")) for row in load_yaml(path)]


def stay_examples(folder: Path = DEV) -> list[StayExample]:
    """Words that belong to the item at hand, and words that do not: small talk, other topics, other items."""
    talks = [talk for path in sorted(folder.glob("context*.yaml")) for talk in load_yaml(path)]
    stays = [StayExample(str(t["question"]), str(t["guide_id"]), True) for t in talks if t["kind"] in STAYING]
    short = [e.question for e in field_examples(folder) if e.fields and len(e.question) <= SHORT and e.free]
    stays += [StayExample(text, None, True) for text in short[:MOST]]
    questions = dev_questions(folder)
    leaves = [q.question for q in questions if q.kind in ("chat", "other", "near_miss")]
    leaves += [line for kind in ("chat", "other") for line in data("out_of_scope_dev")[kind]]
    leaves += [q.question for q in questions if q.guide_id][:: len(questions) // 200]
    return stays + [StayExample(text, None, False) for text in leaves]
