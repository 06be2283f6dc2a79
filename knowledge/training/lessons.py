"""What the reader learns from: questions with the fields they ask for, utterances with their intent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.examples import field_examples
from knowledge.reading import load_yaml
from knowledge.text import normalise, strip_fillers

NLU = Path(__file__).resolve().parents[2] / "nlu_data" / "nlu"
STRUCTURED = frozenset({"open_guide", "set_fact"})
GUIDE_QUESTIONS = 0.5
"""Weight of the questions that stand in guides: one author's, beside those written without a guide."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One text; `fields` (names) or `intent`, the other is None."""

    text: str
    fields: tuple[str, ...] | None
    intent: str | None
    weight: float = 1.0


def lessons() -> list[Lesson]:
    """All labelled texts of knowledge/dev and nlu_data/nlu; never those of tests/golden."""
    found = []
    for example in field_examples():
        weight = GUIDE_QUESTIONS if example.guide else 1.0
        found.append(Lesson(example.question, example.fields, None, weight))
    return found + [Lesson(text, None, intent) for text, intent in utterances()]


def utterances(folder: Path = NLU) -> list[tuple[str, str]]:
    """(text, intent) of Rasa's training examples."""
    found = []
    for path in sorted(folder.glob("*.yml")):
        for block in load_yaml(path)["nlu"]:
            if block["intent"] in STRUCTURED:
                continue
            lines = str(block["examples"]).splitlines()
            found += [(line[2:], block["intent"]) for line in lines if line.startswith("- ")]
    return found


def view(text: str) -> str:
    """What the reader sees of a text."""
    return strip_fillers(normalise(text)) or text
