"""Measures the proposer on its own held-out texts and on the public citizen letters."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import RidgeClassifier

from actions.departments.data import FOLDER, DataFault, read_examples, read_yaml
from actions.departments.department import Proposal
from actions.departments.model import NGRAMS
from actions.departments.proposer import Proposer
from actions.departments.words import fold

DEV_SHARE = 20
"""Per cent of the letters that may be looked at, for the label mapping only."""


@dataclass(frozen=True, slots=True)
class Score:
    """How a set of texts came out; every share is 0 to 1.

    `accuracy` takes the likeliest answer of every text, `accuracy_covered` only texts that got a proposal
    (`coverage`), `top_three` counts texts whose answer is among the proposal and its runners-up.
    """

    texts: int
    accuracy: float
    coverage: float
    accuracy_covered: float
    top_three: float
    calibration_error: float
    per_label: dict[str, float] = field(default_factory=dict)


def likeliest(proposal: Proposal) -> Optional[str]:
    """The department proposed, or the first runner-up of an abstention, or None."""
    if proposal.department or not proposal.runners_up:
        return proposal.department
    return proposal.runners_up[0].department


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """The expected calibration error over equal bins of confidence, 0 (perfect) to 1; 0 for no texts."""
    if not confidences:
        return 0.0
    place = np.minimum((np.asarray(confidences) * bins).astype(int), bins - 1)
    gaps = np.asarray(confidences) - np.asarray(right, dtype=float)
    return float(sum(abs(gaps[place == bin_].sum()) for bin_ in range(bins)) / len(gaps))


def _share(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0


def _score(rows: list[tuple[str, Proposal]], label_of: Any) -> Score:
    answers = [(truth, label_of(likeliest(p), p), p) for truth, p in rows]
    right = [truth == answer for truth, answer, _ in answers]
    covered = [truth == answer for truth, answer, p in answers if p.department]
    three = [
        truth in {answer, *(label_of(share.department, None) for share in p.runners_up)}
        for truth, answer, p in answers
    ]
    labels = sorted({truth for truth, _ in rows})
    return Score(
        len(rows),
        _share(right),
        _share([p.department is not None for _, _, p in answers]),
        _share(covered),
        _share(three),
        round(calibration_error([p.confidence for _, _, p in answers], right), 4),
        {label: _share([t == a for t, a, _ in answers if t == label]) for label in labels},
    )


def measure_own(proposer: Proposer) -> dict[str, Any]:
    """Scores on dev.yml and dev_other.yml: departments, topics, emergencies, off-topic abstentions."""
    faults: list[str] = []
    dev = read_examples(FOLDER / "dev.yml", {topic.id for topic in proposer.topics}, faults)
    if faults:
        raise DataFault(faults)
    rows = [(example, proposer.propose(example.text)) for example in dev]
    score = _score([(example.department, p) for example, p in rows], lambda department, _: department)
    other = read_yaml(FOLDER / "dev_other.yml")
    urgent = [(number, line) for number, lines in other["emergency"].items() for line in lines.splitlines()]
    calm = other["calm"].splitlines()
    small_talk = [proposer.propose(line) for line in other["off_topic"].splitlines()]
    return {
        "departments": score,
        "topic_accuracy": _share([p.topic == e.topic for e, p in rows if p.department == e.department]),
        "emergencies_found": _share([proposer.danger.number(line) == number for number, line in urgent]),
        "false_emergencies": _share([proposer.danger.number(line) is not None for line in calm]),
        "off_topic_abstained": _share([p.department is None for p in small_talk]),
    }


@dataclass(frozen=True, slots=True)
class Letter:
    """A citizen's letter and its label."""

    text: str
    label: str


def read_letters(path: Path) -> tuple[list[Letter], list[Letter]]:
    """The dev (20 %) and test letters of a CSV (columns tokens, label), split by a hash of the text.

    Raises ValueError when the file is absent or lacks a column.
    """
    if not path.is_file():
        raise ValueError(
            f"letters: got {path}, expected a CSV file; pass the path of att2_train_without_heldout.csv"
        )
    dev: list[Letter] = []
    test: list[Letter] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        if not {"tokens", "label"} <= set(table.fieldnames or ()):
            raise ValueError(f"letters: got the columns {table.fieldnames}, expected tokens and label")
        for row in table:
            letter = Letter(row["tokens"].replace(" ", ""), row["label"])
            digest = int(hashlib.sha256(letter.text.encode()).hexdigest()[:8], 16)
            (dev if digest % 100 < DEV_SHARE else test).append(letter)
    return dev, test


def _upper_bound(dev: list[Letter], test: list[Letter], ridge: float) -> float:
    """The accuracy of a like linear model that may learn from the letters' dev part; not shipped."""
    vectors = TfidfVectorizer(
        analyzer="char", ngram_range=NGRAMS, sublinear_tf=True, min_df=3, dtype=np.float32
    )
    model = RidgeClassifier(alpha=ridge, solver="sparse_cg")
    model.fit(vectors.fit_transform(fold(letter.text) for letter in dev), [letter.label for letter in dev])
    hits = 0
    for start in range(0, len(test), 500):
        part = test[start : start + 500]
        answers = model.predict(vectors.transform(fold(letter.text) for letter in part))
        hits += sum(answer == letter.label for answer, letter in zip(answers, part, strict=True))
    return round(hits / len(test), 4)


def measure_letters(
    proposer: Proposer, path: Path, *, part: str = "test", bound: bool = True
) -> dict[str, Any]:
    """Scores on a part ("dev" or "test") under letters_map.yml, beside a baseline and a bound."""
    table = read_yaml(FOLDER / "letters_map.yml")
    dev, test = read_letters(path)
    letters = test if part == "test" else dev

    def label_of(department: Optional[str], proposal: Optional[Proposal]) -> str:
        topic = proposal.topic if proposal else None
        return str(table["topics"].get(topic) or table["departments"].get(department, ""))

    rows = [(letter.label, proposer.propose(letter.text)) for letter in letters]
    calm = [(label, proposal) for label, proposal in rows if proposal.emergency is None]
    majority = Counter(letter.label for letter in dev).most_common(1)[0][0]
    return {
        "part": part,
        "letters": _score(rows, label_of),
        "letters_without_emergency": _score(calm, label_of),
        "emergencies": _share([proposal.emergency is not None for _, proposal in rows]),
        "majority_baseline": _share([letter.label == majority for letter in letters]),
        "upper_bound": _upper_bound(dev, test, proposer.data.settings["ridge"]) if bound else None,
    }
