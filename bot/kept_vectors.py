"""Sentence vectors kept on disk, so that training again encodes new sentences only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

Encode = Callable[[list[str]], np.ndarray]


class KeptVectors:
    """Vectors of one encoder in one file; a file that cannot be read is made anew.

    The name of the file holds the encoder's digest: another encoder never gets these vectors.
    """

    def __init__(self, folder: Path, encoder: str) -> None:
        """`encoder`: digest of the encoder's files."""
        self._path = folder / f"sentence-vectors-{encoder[:16]}.npz"

    def of(self, texts: Sequence[str], encode: Encode) -> np.ndarray:
        """Vectors (n, d) of n texts; `encode` is asked once, for those that are not kept, and only then.

        What the texts no longer use is forgotten.
        """
        kept = self._read()
        keys = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
        if missing:
            kept.update(zip(missing, encode(list(missing.values())), strict=True))
        used = {key: kept[key] for key in keys}
        if missing or len(used) < len(kept):
            self._write(used)
        return np.array([used[key] for key in keys])

    def _read(self) -> dict[bytes, np.ndarray]:
        try:
            with np.load(self._path, allow_pickle=False) as data:
                return {
                    row.tobytes(): vector for row, vector in zip(data["keys"], data["vectors"], strict=True)
                }
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return {}

    def _write(self, vectors: dict[bytes, np.ndarray]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half = self._path.with_suffix(f".{os.getpid()}.npz")  # a training cut off leaves the old file whole
        keys = np.frombuffer(b"".join(vectors), np.uint8).reshape(-1, 16)
        np.savez(half, keys=keys, vectors=np.array(list(vectors.values()), np.float32))
        half.replace(self._path)
