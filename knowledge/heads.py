"""A logistic model over a few features: fitted when the index is built, kept beside it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Head:
    """A logistic model over standardised features."""

    weights: np.ndarray
    """(features,)"""
    bias: float
    mean: np.ndarray
    scale: np.ndarray

    def probability(self, features: np.ndarray) -> np.ndarray:
        """(m, features) -> (m,) in [0, 1]."""
        scores = ((features - self.mean) / self.scale) @ self.weights + self.bias
        return np.asarray(1.0 / (1.0 + np.exp(-scores)))

    def as_json(self) -> dict[str, object]:
        """Plain values, for `of_json`."""
        arrays = {name: getattr(self, name).tolist() for name in _ARRAYS}
        return {**arrays, "bias": self.bias}

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Head:
        """Read what `as_json` gave."""
        return cls(bias=float(value["bias"]), **{name: np.array(value[name]) for name in _ARRAYS})


_ARRAYS = ("weights", "mean", "scale")
SURE = 4.0
"""Logit where all examples are alike: nothing to learn, but no certainty either."""


def fit_head(rows: np.ndarray, truth: np.ndarray, c: float, class_weight: str | None = None) -> Head:
    """Logistic regression on standardised features.

    Args:
        rows: (n, features).
        truth: (n,) bool.
        c: inverse strength of the regularisation.
        class_weight: as scikit-learn's.

    """
    from sklearn.linear_model import LogisticRegression

    mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    if truth.all() or not truth.any():
        return Head(np.zeros(rows.shape[1]), SURE if truth.all() else -SURE, mean, scale)
    model = LogisticRegression(C=c, max_iter=500, class_weight=class_weight)
    model.fit((rows - mean) / scale, truth)
    return Head(model.coef_[0], float(model.intercept_[0]), mean, scale)
