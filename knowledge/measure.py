"""Quality on held-out questions: who was found, who was answered wrongly, how fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.answerer import Answer, Answerer
from knowledge.errors import KnowledgeError
from knowledge.reading import load_yaml

KINDS = ("plain", "indirect", "long", "typo", "near_miss", "chat", "other")
OUTSIDE = ("near_miss", "chat", "other")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A question nobody tuned on."""

    question: str
    guide_id: str | None
    """None: no guide answers it."""
    kind: str
    field: str | None = None
    """None: not judged."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question."""

    asked: HeldOut
    answer: Answer
    ranked: list[str]
    took_ms: float


def read_questions(path: Path) -> list[HeldOut]:
    """Raises KnowledgeError when the file is not a list of {question, guide_id, kind, field?}."""
    value = load_yaml(path)
    if not isinstance(value, list):
        raise KnowledgeError(f"{path}: expected a list of questions, got {type(value).__name__}")
    found = []
    for place, row in enumerate(value):
        if not isinstance(row, dict) or not row.get("question") or row.get("kind") not in KINDS:
            raise KnowledgeError(
                f"{path}: entry {place}: expected question and kind ({'/'.join(KINDS)}), got {row!r}"
            )
        found.append(HeldOut(row["question"], row.get("guide_id"), row["kind"], row.get("field")))
    return found


def measure(answerer: Answerer, questions: Sequence[HeldOut], say: Callable[[str], None] = print) -> Report:
    """Ask each question once, without a guide at hand."""
    outcomes = []
    answerer.answer("预热")
    for place, asked in enumerate(questions):
        started = time.perf_counter()
        answer = answerer.answer(asked.question)
        took = (time.perf_counter() - started) * 1000
        merged = sorted((*answer.hits, *answer.rejected), key=lambda hit: -hit.score)
        outcomes.append(Outcome(asked, answer, [hit.guide_id for hit in merged], took))
        if (place + 1) % 100 == 0:
            say(f"  {place + 1}/{len(questions)}")
    return Report(outcomes)


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes, countable by kind."""

    outcomes: list[Outcome]

    def numbers(self, kinds: Sequence[str]) -> dict[str, float]:
        """Shares in [0, 1] over the questions of these kinds; nothing for kinds without questions."""
        inside = [o for o in self.outcomes if o.asked.kind in kinds and o.asked.guide_id]
        outside = [o for o in self.outcomes if o.asked.kind in kinds and not o.asked.guide_id]
        found: dict[str, float] = {}
        if inside:
            handled = [o for o in inside if o.answer.status in ("answered", "not_handled_here")]
            found |= {
                "n": len(inside),
                "hit@1": _share(o.ranked[:1] == [o.asked.guide_id] for o in inside),
                "hit@3": _share(o.asked.guide_id in o.ranked[:3] for o in inside),
                "answered": len(handled) / len(inside),
                "precision": _share(o.ranked[:1] == [o.asked.guide_id] for o in handled) if handled else 0.0,
                "clarify": _share(o.answer.status == "clarify" for o in inside),
                "refused": _share(o.answer.status == "unanswerable_no_guide" for o in inside),
            }
            judged = [o for o in inside if o.asked.field is not None]
            if judged:
                found["field"] = _share(asked_field_of(o) == o.asked.field for o in judged)
        if outside:
            found |= {
                "outside": len(outside),
                "wrongly": _share(o.answer.status == "answered" for o in outside),
                "stub": _share(o.answer.status == "not_handled_here" for o in outside),
                "o.clarify": _share(o.answer.status == "clarify" for o in outside),
                "o.refused": _share(o.answer.status == "unanswerable_no_guide" for o in outside),
            }
        return found

    def table(self) -> str:
        """One line per kind, one for all, and the latency."""
        lines = []
        for label, kinds in [*((kind, (kind,)) for kind in KINDS), ("all", KINDS)]:
            numbers = self.numbers(kinds)
            if numbers:
                lines.append(
                    f"{label:10s} " + "  ".join(f"{key} {_shown(value)}" for key, value in numbers.items())
                )
        times = np.array([o.took_ms for o in self.outcomes])
        lines.append(
            f"latency    p50 {np.percentile(times, 50):.1f} ms  p95 {np.percentile(times, 95):.1f} ms"
        )
        return "\n".join(lines)

    def errors(self) -> str:
        """Wrong first hits and wrongly answered questions, one per line."""
        lines = []
        for o in self.outcomes:
            wrong = o.ranked[:1] != [o.asked.guide_id] if o.asked.guide_id else o.answer.status == "answered"
            if wrong:
                found = o.ranked[0] if o.ranked else "-"
                lines.append(
                    f"{o.asked.kind:9s} {o.answer.status:22s} {o.answer.confidence:.2f} "
                    f"want {o.asked.guide_id or '-'} got {found}: {o.asked.question}"
                )
        return "\n".join(lines)


def asked_field_of(outcome: Outcome) -> str:
    """The field found for a question, also when it was not answered."""
    from knowledge.field import asked_field

    return outcome.answer.field if outcome.answer.card else asked_field(outcome.asked.question)


def _share(values: object) -> float:
    found = list(values)  # type: ignore[call-overload]
    return sum(found) / len(found) if found else 0.0


def _shown(value: float) -> str:
    return f"{value:.0f}" if value > 1 and float(value).is_integer() else f"{value:.3f}"
