"""Quality on held-out questions: found, answered, wrongly answered, refused; fields; context; how fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.answerer import Answer, Answerer
from knowledge.baselines import Rank
from knowledge.heldout import CONTEXTS, OUTSIDE, STYLES, HeldOut
from knowledge.talk import Talk

EVERY = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question."""

    asked: HeldOut
    answer: Answer
    ranked: list[str]
    fields: tuple[str, ...]
    """Asked fields as read, also where nothing was answered."""
    took_ms: float

    @property
    def found(self) -> str:
        """The item it was answered with or sent elsewhere by; "" when neither."""
        if self.answer.outcome == "answered":
            return self.answer.guide_id
        return str((self.answer.stub or {}).get("stub_id", ""))


def evaluate(
    answerer: Answerer, questions: Sequence[HeldOut], say: Callable[[str], None] = print
) -> list[Outcome]:
    """Answer every question, each in a talk of its own."""
    outcomes = []
    answerer.answer("预热")
    for place, asked in enumerate(questions):
        talk = Talk(answerer)
        for turn in asked.turns:
            talk.ask(turn)
        started = time.perf_counter()
        answer = talk.ask(asked.question)
        took = (time.perf_counter() - started) * 1000
        merged = sorted((*answer.hits, *answer.rejected), key=lambda hit: -hit.score)
        ranked = [hit.guide_id for hit in merged] or ([answer.guide_id] if answer.guide_id else [])
        outcomes.append(
            Outcome(asked, answer, ranked, answer.fields or answerer.fields(asked.question), took)
        )
        if (place + 1) % EVERY == 0:
            say(f"  {place + 1}/{len(questions)}")
    return outcomes


def _share(values: Sequence[bool]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def numbers(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Shares in [0, 1] over in-scope questions of no context."""
    gold = [o.asked.guide_id for o in outcomes]
    sure = [o.answer.outcome in ("answered", "redirect") for o in outcomes]
    return {
        "n": len(outcomes),
        "hit@1": _share([o.ranked[:1] == [g] for o, g in zip(outcomes, gold, strict=True)]),
        "hit@3": _share([g in o.ranked[:3] for o, g in zip(outcomes, gold, strict=True)]),
        "answered": _share(sure),
        "wrong": _share([s and o.found != g for o, s, g in zip(outcomes, sure, gold, strict=True)]),
        "clarify": _share([o.answer.outcome == "clarify" for o in outcomes]),
        "in 3": _share(
            [
                g in [x["guide_id"] for x in o.answer.options]
                for o, g in zip(outcomes, gold, strict=True)
                if o.answer.outcome == "clarify"
            ]
        ),
        "refused": _share([o.answer.outcome == "refuse" for o in outcomes]),
    }


def field_numbers(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Over questions whose fields were judged: first an asked one; all found; exactly these."""
    judged = [o for o in outcomes if o.asked.fields is not None]
    return {
        "n": len(judged),
        "first": _share([bool(o.fields) and o.fields[0] in (o.asked.fields or ()) for o in judged]),
        "all": _share([set(o.asked.fields or ()) <= set(o.fields) for o in judged]),
        "exact": _share([set(o.fields) == set(o.asked.fields or ()) for o in judged]),
    }


def outside_numbers(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Over questions that no guide answers."""
    kinds = [o.answer.outcome for o in outcomes]
    return {"n": len(outcomes)} | {
        name: _share([kind == name for kind in kinds])
        for name in ("answered", "redirect", "clarify", "refuse")
    }


def table(outcomes: Sequence[Outcome], rankings: dict[str, Rank]) -> str:
    """The whole report."""
    plain = [o for o in outcomes if o.asked.kind in STYLES and o.asked.guide_id]
    lines = []
    for style in (*STYLES, "all"):
        own = [o for o in plain if style in (o.asked.kind, "all")]
        if own:
            lines.append(_line(style, numbers(own)))
    lines.append("")
    for name, rank in rankings.items():
        ranked = [(rank(o.asked.question), o.asked) for o in plain]
        by_style = {
            style: _share([r[0] == a.guide_id for r, a in ranked if style in (a.kind, "all")])
            for style in (*STYLES, "all")
        }
        third = _share([a.guide_id in r[:3] for r, a in ranked])
        lines.append(_line(name, {f"{k} hit@1": v for k, v in by_style.items()} | {"hit@3": third}))
    lines.append("")
    for kind in OUTSIDE:
        own = [o for o in outcomes if o.asked.kind == kind and not o.asked.guide_id]
        if own:
            lines.append(_line(kind, outside_numbers(own)))
    if any(o.asked.fields is not None for o in plain):
        lines.append(_line("fields", field_numbers(plain)))
    lines += _context_lines(outcomes)
    times = np.array([o.took_ms for o in outcomes])
    lines.append(_line("ms", {"p50": np.percentile(times, 50), "p95": np.percentile(times, 95)}))
    return "\n".join(lines)


def _context_lines(outcomes: Sequence[Outcome]) -> list[str]:
    lines = []
    own = [o for o in outcomes if o.asked.kind in CONTEXTS]
    for kind in (*CONTEXTS, "context"):
        some = [o for o in own if kind in (o.asked.kind, "context")]
        if some:
            right = {"n": len(some), "item": _share([o.found == o.asked.guide_id for o in some])}
            fields = field_numbers(some)
            lines.append(_line(kind, right | ({"fields": fields["first"]} if fields["n"] else {})))
    return lines


def errors(outcomes: Sequence[Outcome]) -> str:
    """Every wrong item, wrong field and unwanted answer; looking at them spends a blind set."""
    lines = []
    for o in outcomes:
        wrong = o.found != o.asked.guide_id if o.asked.guide_id else o.answer.outcome == "answered"
        field = o.asked.fields is not None and (not o.fields or o.fields[0] not in o.asked.fields)
        if wrong or field:
            got = o.found or f"{o.answer.outcome}:{'/'.join(o.ranked[:2])}"
            lines.append(
                f"{o.asked.kind:9s} {o.answer.confidence:.2f} want {o.asked.guide_id} {o.asked.fields or ''} "
                f"got {got} {o.fields}: {' | '.join((*o.asked.turns, o.asked.question))}"
            )
    return "\n".join(lines)


def _line(label: str, values: dict[str, float]) -> str:
    shown = "  ".join(f"{key} {_shown(key, value)}" for key, value in values.items())
    return f"{label:18s} {shown}"


def _shown(key: str, value: float) -> str:
    return f"{value:.0f}" if key == "n" else f"{value:.1f}" if key in ("p50", "p95") else f"{value:.3f}"
