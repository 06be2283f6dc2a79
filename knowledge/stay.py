"""Whether words without an item belong to the item at hand (股东会决议要不要) or not (好嘞)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.field import residue
from knowledge.field_model import FieldModel
from knowledge.heads import Head, fit_head
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
        value = None if self._head is None else self._head.as_json()
        (folder / "stay.json").write_text(json.dumps(value), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> StayModel:
        """Read what `save` wrote."""
        value = json.loads((folder / "stay.json").read_text("utf-8"))
        return cls(None if value is None else Head.of_json(value))


def fit_stay(
    examples: Sequence[StayExample],
    ranker: Ranker,
    fields: FieldModel,
    guides: Sequence[str],
    say: Callable[[str], None] = lambda line: None,
) -> StayModel:
    """Fit on words that stay and words that do not, each with its item or one drawn by lot."""
    rng = np.random.default_rng(SEED)
    column = ranker.index.column
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
    head = fit_head(table, right, C, class_weight="balanced")
    agrees = float(((head.probability(table) >= 0.5) == right).mean())  # noqa: PLR2004
    say(f"  留在原事项的判断：{len(right)} 句，自身准确率 {agrees:.3f}")
    return StayModel(head)
