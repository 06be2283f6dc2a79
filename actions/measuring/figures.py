"""What was measured, and how times are summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    database: str
    what: str
    value: float
    unit: str


def percentile(seconds: Sequence[float], share: float) -> float:
    """The time in milliseconds that `share` (0..1) of the calls do not exceed. Raises ValueError for none."""
    if not seconds:
        raise ValueError("no times: nothing was measured")
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]
