"""Whether words without an item belong to the item at hand (股东会决议要不要) or not (好嘞)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.answerable import Head
from knowledge.field import residue
from knowledge.field_model import FieldModel
from knowledge.ranker import Evidence, Ranker
from knowledge.text import normalise, strip_fillers

SEED = 20261124
C = 1.0
TEN = 10.0


@dataclass(frozen=True, slots=True)
class StayExample:
    """Words said while an item was at hand."""

    text: str
    guide_id: str | None
    """The item at hand; None: any."""
    stays: bool


def stay_features(text: str, evidence: Evidence, column: int, field_shares: np.ndarray) -> np.ndarray:
    """(12,) what speaks for and against; `column`: of the guide at hand, `field_shares`: of the fields."""
    plain = strip_fillers(normalise(text))
    return np.array(
        [
            evidence.domain,
            evidence.ours,
            float(field_shares.max()),
            float(np.sort(field_shares)[-2]),
            len(plain) / TEN,
            len(residue(plain)) / TEN,
            evidence.cosine[column],
            evidence.said_cosine[column],
            evidence.said_lexical[column],
            evidence.coverage[column],
            evidence.outside,
            float(evidence.cosine.max() - evidence.cosine[column]),
        ]
    )


class StayModel:
    """Probability that words belong to the item at hand. Read-only, thread-safe."""

    def __init__(self, head: Head | None) -> None:
        """`head`: None: nothing was learned, nothing belongs."""
        self._head = head

    def probability(self, row: np.ndarray) -> float:
        """(features,) -> [0, 1]."""
        return 0.0 if self._head is None else float(self._head.probability(row[None, :])[0])

    def save(self, folder: Path) -> None:
        """Write stay.json."""
        head = self._head
        value = (
            None
            if head is None
            else {
                "weights": head.weights.tolist(),
                "bias": head.bias,
                "mean": head.mean.tolist(),
                "scale": head.scale.tolist(),
            }
        )
        (folder / "stay.json").write_text(json.dumps(value), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> StayModel:
        """Read what `save` wrote."""
        value = json.loads((folder / "stay.json").read_text("utf-8"))
        if value is None:
            return cls(None)
        arrays = {key: np.array(value[key]) for key in ("weights", "mean", "scale")}
        return cls(Head(arrays["weights"], float(value["bias"]), arrays["mean"], arrays["scale"]))


def fit_stay(
    examples: Sequence[StayExample],
    ranker: Ranker,
    fields: FieldModel,
    guides: Sequence[str],
    say: Callable[[str], None] = lambda line: None,
) -> StayModel:
    """Fit on words that stay and words that do not, each with its item or one drawn by lot."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(SEED)
    column = {key: place for place, key in enumerate(ranker.index.ids)}
    rows, truth = [], []
    for example in examples:
        if example.guide_id is not None and example.guide_id not in column:
            continue
        if example.stays and example.guide_id is None and ranker.names.mentioned(example.text):
            continue  # names an item of its own
        key = example.guide_id or str(rng.choice(list(guides)))
        shares = fields.probabilities(example.text, ranker.encoder)
        rows.append(stay_features(example.text, ranker.evidence(example.text), column[key], shares))
        truth.append(example.stays)
    if len(set(truth)) < 2:
        return StayModel(None)
    table, right = np.stack(rows), np.array(truth)
    mean, scale = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-6)
    model = LogisticRegression(C=C, max_iter=500, class_weight="balanced").fit((table - mean) / scale, right)
    say(f"  留在原事项的判断：{len(right)} 句，自身准确率 {model.score((table - mean) / scale, right):.3f}")
    return StayModel(Head(model.coef_[0], float(model.intercept_[0]), mean, scale))
