"""Numeric boundaries of a situation's options, as data: 满16周岁 is `from: 16`, 不满16周岁 is `below: 16`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

UNITS = ("岁", "日", "个月", "年", "元", "平方米", "人", "次", "级", "分")
STEP = 0.01
"""Distance of the points that are tried on either side of a boundary."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of numbers of at least 0. `low` and `high` belong to it where `low_in`, `high_in` say so."""

    low: float = 0.0
    high: float = math.inf
    low_in: bool = True
    high_in: bool = False

    def holds(self, number: float) -> bool:
        """Whether the number lies in the range."""
        above = number > self.low or (self.low_in and number == self.low)
        return above and (number < self.high or (self.high_in and number == self.high))


def edges(ranges: Sequence[Bounds]) -> list[float]:
    """All boundaries but 0 and infinity, sorted, none twice."""
    found = {value for r in ranges for value in (r.low, r.high)}
    return sorted(value for value in found if 0 < value < math.inf)


def probes(ranges: Sequence[Bounds]) -> list[float]:
    """Numbers that show every gap and overlap: 0, each boundary and both of its sides, beyond the last."""
    found = [0.0]
    for edge in edges(ranges):
        found += [edge - STEP, edge, edge + STEP]
    return [*found, (edges(ranges) or [0.0])[-1] * 2 + 1]


def partition_faults(ranges: Sequence[Bounds]) -> list[str]:
    """Numbers that no range holds, or that two hold; empty when the ranges cover 0 to infinity once."""
    found = []
    for number in probes(ranges):
        holders = sum(r.holds(number) for r in ranges)
        if holders != 1:
            found.append(f"{number:g} lies in {holders} options, expected exactly 1")
    return found
