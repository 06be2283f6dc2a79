"""The reader: the encoder's twin, tuned to tell what a sentence asks for rather than what it is about.

One pass gives a vector whose field head says which part of a guide is asked for; the intent model of bot/
stands on the same vectors. Built beside the encoder from the same weights (adapter.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge.encode import DESCRIBED, QUERY_PROMPT, OnnxStates


class Reader:
    """Vectors (n, dim) float32, means of the last states, not of unit length. Thread-safe."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Raises EncoderMissing."""
        self._states = OnnxStates(folder, threads)
        self.name = str(json.loads((folder / DESCRIBED).read_text("utf-8"))["name"])
        self.dim = self._states.dim

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """One row per text."""
        return self._states.means([QUERY_PROMPT + text for text in texts])
