"""Low-rank changes to the encoder's weights that turn it into the reader (see reader.py), and its heads.

The file data/reader.npz is made by `python -m knowledge train-reader` from our own labelled questions; it
holds 0.7 million numbers beside the 21 million of the encoder that they change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.e5_pack import E5Pack, Vocabulary
from knowledge.errors import EncoderBuildError

FILE = Path(__file__).parent / "data" / "reader.npz"
FACTOR = 2.0
"""How much of a low-rank product is added (alpha / rank of LoRA)."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """Arrays of a reader: `down` (rank, columns) and `up` (rows, rank) per matrix, and the field head."""

    down: dict[str, np.ndarray]
    up: dict[str, np.ndarray]
    field_weights: np.ndarray
    """(fields, hidden), over the mean of the last states."""
    field_bias: np.ndarray
    fields: tuple[str, ...]
    digest: str

    @classmethod
    def load(cls, path: Path = FILE) -> Adapter:
        """Read the file. Raises EncoderBuildError."""
        if not path.is_file():
            raise EncoderBuildError(f"reader {path} is missing; run `python -m knowledge train-reader`")
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        return cls(
            down={n[5:]: v.astype(np.float32) for n, v in found.items() if n.startswith("down.")},
            up={n[3:]: v.astype(np.float32) for n, v in found.items() if n.startswith("up.")},
            field_weights=found["field_weights"],
            field_bias=found["field_bias"],
            fields=tuple(str(name) for name in found["fields"]),
            digest=hashlib.sha256(path.read_bytes()).hexdigest()[:12],
        )

    def save(self, path: Path) -> None:
        """Write the file; the low-rank parts in half precision."""
        arrays = {f"down.{n}": v.astype(np.float16) for n, v in self.down.items()}
        arrays |= {f"up.{n}": v.astype(np.float16) for n, v in self.up.items()}
        np.savez_compressed(
            path,
            **arrays,  # type: ignore[arg-type]  # numpy's stub takes every keyword for allow_pickle
            field_weights=self.field_weights.astype(np.float32),
            field_bias=self.field_bias.astype(np.float32),
            fields=np.array(self.fields),
        )


class AdaptedPack:
    """An E5Pack whose matrices carry an adapter's changes; what `encoder_graph.build_graph` reads."""

    def __init__(self, pack: E5Pack, adapter: Adapter) -> None:
        self._pack, self._adapter = pack, adapter
        self.hidden, self.layers, self.heads = pack.hidden, pack.layers, pack.heads
        self.feed_forward, self.eps = pack.feed_forward, pack.eps

    @property
    def vocabulary(self) -> Vocabulary:
        """Of the pack."""
        return self._pack.vocabulary

    def vector(self, name: str) -> np.ndarray:
        """See `E5Pack.vector`."""
        return self._pack.vector(name)

    def matrix(self, name: str, columns: int, rows: np.ndarray | None = None) -> np.ndarray:
        """See `E5Pack.matrix`."""
        found = self._pack.matrix(name, columns, rows)
        key = name.removesuffix(".w")
        if key in self._adapter.up:
            found = found + FACTOR * (self._adapter.up[key] @ self._adapter.down[key])
        return found
