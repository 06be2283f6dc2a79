"""How sure the first guide is: features of the evidence, two calibrated probabilities, three zones."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from knowledge.heads import Head
from knowledge.ranker import Evidence, Weights, total

FEATURES = (
    "cosine_best",
    "cosine_margin",
    "cosine_fifth",
    "lexical_best",
    "lexical_margin",
    "logit_best",
    "logit_margin",
    "domain",
    "ours",
    "agree_cosine",
    "agree_lexical",
    "agree_logit",
    "said_cosine",
    "said_lexical",
    "agree_said",
    "total_margin",
    "coverage",
    "known",
    "outside_margin",
    "outside_best",
    "outside_lexical",
    "named",
)


UNKNOWN_LOGIT = 1.0
"""How far behind the best log probability a guide counts that the classifier has no example of."""


class Zone(StrEnum):
    """What is done with a question."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the zones begin; stored beside the index."""

    answer: float
    """Answer from this probability of the first guide being right on, in [0, 1]."""
    refuse: float
    """Refuse below this probability of the question being about any guide, in [0, 1]."""


def features(evidence: Evidence, weights: Weights) -> np.ndarray:
    """(22,) float, in the order of FEATURES."""
    scores = total(evidence, weights)
    first = int(scores.argmax())
    few = min(5, len(evidence.cosine))
    fifth = float(np.partition(evidence.cosine, -few)[-few])
    logit = np.where(np.isnan(evidence.logit), np.nanmax(evidence.logit) - UNKNOWN_LOGIT, evidence.logit)
    return np.array(
        [
            evidence.cosine[first],
            _margin(evidence.cosine),
            float(evidence.cosine.max()) - fifth,
            evidence.lexical[first],
            _margin(evidence.lexical),
            logit[first],
            _margin(logit),
            evidence.domain,
            evidence.ours,
            float(evidence.cosine.argmax() == first),
            float(evidence.lexical.argmax() == first),
            float(logit.argmax() == first),
            evidence.said_cosine[first],
            evidence.said_lexical[first],
            float(evidence.said_cosine.argmax() == first),
            _margin(scores),
            evidence.coverage[first],
            evidence.known,
            evidence.single[first] - evidence.outside,
            evidence.outside,
            evidence.outside_lexical,
            evidence.named[first] - float(evidence.named.any() and not evidence.named[first]),
        ]
    )


def _margin(values: np.ndarray) -> float:
    """Best less second best; 0 when there is only one."""
    if len(values) < 2:
        return 0.0
    second, best = np.partition(values, -2)[-2:]
    return float(best - second)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done with a question, and why."""

    zone: Zone
    right: float
    """Probability that the first guide is the right one."""
    scope: float
    """Probability that any guide is."""
    explain: dict[str, float]


@dataclass(frozen=True, slots=True)
class Judge:
    """Turns evidence into a zone."""

    right: Head
    """Probability that the first guide is the right one."""
    scope: Head
    """Probability that any guide is."""
    thresholds: Thresholds

    def judge(self, evidence: Evidence, weights: Weights) -> Judgement:
        """What is to be done with a question."""
        row = features(evidence, weights)[None, :]
        right, scope = float(self.right.probability(row)[0]), float(self.scope.probability(row)[0])
        found = zone(right, scope, self.thresholds)
        if found is Zone.ANSWER and evidence.foreign[int(total(evidence, weights).argmax())]:
            found = Zone.CLARIFY
        explain = {"right": right, "answer_from": self.thresholds.answer}
        explain |= {"scope": scope, "refuse_below": self.thresholds.refuse}
        explain |= dict(zip(FEATURES, (float(value) for value in row[0]), strict=True))
        return Judgement(found, right, scope, {key: round(value, 4) for key, value in explain.items()})

    def save(self, path: Path, notes: dict[str, float]) -> None:
        """`notes`: what calibration measured, for people."""
        value = {
            "features": list(FEATURES),
            "thresholds": asdict(self.thresholds),
            "heads": {name: getattr(self, name).as_json() for name in ("right", "scope")},
            "measured": notes,
        }
        path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Judge:
        """Read what `save` wrote."""
        value = json.loads(path.read_text("utf-8"))
        heads = {name: Head.of_json(value["heads"][name]) for name in ("right", "scope")}
        return cls(heads["right"], heads["scope"], Thresholds(**value["thresholds"]))


def zone(right: float, scope: float, thresholds: Thresholds) -> Zone:
    """The zone of a question from its two probabilities."""
    if right >= thresholds.answer:
        return Zone.ANSWER
    return Zone.REFUSE if scope < thresholds.refuse else Zone.CLARIFY
