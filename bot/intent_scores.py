"""Figures of an intent classifier on labelled utterances: accuracy, macro-F1, confusions, calibration."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True)
class Judged:
    """One utterance: what it is, what was said of it and how surely; `kept`: not sent to the fallback."""

    text: str
    intent: str
    style: str
    guess: str
    confidence: float
    kept: bool


def accuracy(rows: Sequence[Judged]) -> float:
    """Share of right guesses, 0 for none."""
    return sum(r.guess == r.intent for r in rows) / max(1, len(rows))


def f1(rows: Sequence[Judged]) -> dict[str, tuple[float, float, float, int]]:
    """Intent -> (precision, recall, F1, utterances), for every intent that occurs."""
    wanted, guessed = Counter(r.intent for r in rows), Counter(r.guess for r in rows)
    right = Counter(r.intent for r in rows if r.guess == r.intent)
    found = {}
    for intent in sorted(wanted):
        precision = right[intent] / guessed[intent] if guessed[intent] else 0.0
        recall = right[intent] / wanted[intent]
        both = precision + recall
        found[intent] = (precision, recall, 2 * precision * recall / both if both else 0.0, wanted[intent])
    return found


def macro_f1(rows: Sequence[Judged]) -> float:
    """Mean F1 over the intents that occur."""
    values = [row[2] for row in f1(rows).values()]
    return sum(values) / max(1, len(values))


def calibration_error(rows: Sequence[Judged]) -> float:
    """Expected calibration error over ten bins of confidence."""
    bins: defaultdict[int, list[Judged]] = defaultdict(list)
    for row in rows:
        bins[min(BINS - 1, int(row.confidence * BINS))].append(row)
    total = 0.0
    for members in bins.values():
        mean = sum(r.confidence for r in members) / len(members)
        total += abs(accuracy(members) - mean) * len(members)
    return total / max(1, len(rows))


def confusions(rows: Iterable[Judged], most: int = 12) -> list[tuple[str, str, int]]:
    """(intent, guess, times), the most frequent first."""
    wrong = Counter((r.intent, r.guess) for r in rows if r.guess != r.intent)
    return [(intent, guess, times) for (intent, guess), times in wrong.most_common(most)]


def report(rows: Sequence[Judged], *, by_intent: bool = True) -> list[str]:
    """The lines of a report; no utterance is shown."""
    kept = [r for r in rows if r.kept]
    lines = [
        f"n {len(rows)}  accuracy {accuracy(rows):.3f}  macro-F1 {macro_f1(rows):.3f}  "
        f"kept {len(kept) / max(1, len(rows)):.3f}  right of kept {accuracy(kept):.3f}  "
        f"calibration error {calibration_error(rows):.3f}"
    ]
    for style in sorted({r.style for r in rows if r.style}):
        members = [r for r in rows if r.style == style]
        lines.append(f"  {style:8} {len(members):4}  accuracy {accuracy(members):.3f}")
    if by_intent:
        lines += [
            f"  {intent:18} {count:4}  precision {p:.3f}  recall {r:.3f}  F1 {both:.3f}"
            for intent, (p, r, both, count) in f1(rows).items()
        ]
        lines += [f"  {intent} taken for {guess}: {times}" for intent, guess, times in confusions(rows)]
    return lines
