"""The vectors of all passages in FAISS, stored with a manifest that says what they were made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import faiss
import numpy as np

from knowledge.encode import Encoder
from knowledge.errors import IndexMismatch
from knowledge.passages import Passage

FORMAT = 1
ABSENT = -2.0
"""Stands for the cosine of a passage that is not there."""
REMEDY = "run `python -m knowledge build`"


class PassageIndex:
    """Exact inner-product search over unit vectors. Read-only, thread-safe."""

    def __init__(self, passages: Sequence[Passage], vectors: np.ndarray) -> None:
        """`vectors`: (n, dim) float32, unit rows, in the order of `passages` (guides stand together)."""
        self.passages = tuple(passages)
        self.ids = list(dict.fromkeys(p.guide_id for p in passages))
        """Guide ids; a guide's place here is its column in score arrays."""
        place = {key: column for column, key in enumerate(self.ids)}
        self.owner = np.array([place[p.guide_id] for p in passages], np.int64)
        """(n,) column of each passage's guide."""
        self._faiss = faiss.IndexFlatIP(vectors.shape[1])
        self._faiss.add(np.ascontiguousarray(vectors, np.float32))
        said = np.array([p.kind == "fact" for p in passages], bool)
        self._slots = {kind: _slots(self.owner, taken, len(self.ids)) for kind, taken in _groups(said)}

    @classmethod
    def build(cls, passages: Sequence[Passage], encoder: Encoder) -> PassageIndex:
        """Encode the passages and index them."""
        return cls(passages, encoder.passages([p.text for p in passages]))

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._faiss.d)

    def vectors(self) -> np.ndarray:
        """(n, dim) float32, a copy."""
        return np.asarray(self._faiss.reconstruct_n(0, self._faiss.ntotal))

    def texts_by_guide(self, kinds: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
        """Guide id -> text -> (dim,) vector, for passages of these kinds."""
        found: dict[str, dict[str, np.ndarray]] = {}
        vectors = self.vectors()
        for place, passage in enumerate(self.passages):
            if passage.kind in kinds:
                found.setdefault(passage.guide_id, {})[passage.text] = vectors[place]
        return found

    def cosines(self, queries: np.ndarray) -> np.ndarray:
        """(m, dim) unit rows -> (m, n) cosines in the order of the passages."""
        found, places = self._faiss.search(np.ascontiguousarray(queries, np.float32), self._faiss.ntotal)
        out = np.empty_like(found)
        np.put_along_axis(out, places, found, axis=1)
        return out

    def by_guide(self, cosines: np.ndarray, kind: Literal["asked", "said"] = "asked") -> np.ndarray:
        """(m, n) cosines -> (m, guides): mean of each guide's two best passages of the kind.

        A guide with one such passage gets that one's cosine, a guide with none the lowest of all guides.
        """
        padded = np.concatenate([cosines, np.full((len(cosines), 1), ABSENT, cosines.dtype)], axis=1)
        best = np.partition(padded[:, self._slots[kind]], -2, axis=2)[:, :, -2:]
        found = np.where(best[:, :, 0] <= ABSENT, best[:, :, 1], best.mean(axis=2))
        present = np.where(found <= ABSENT, np.inf, found).min(axis=1, keepdims=True)
        return np.asarray(np.where(found <= ABSENT, np.where(np.isinf(present), 0.0, present), found))

    def best_by_guide(self, cosines: np.ndarray) -> np.ndarray:
        """(m, n) cosines -> (guides,): each guide's best passage, other than facts, over all rows."""
        padded = np.concatenate([cosines.max(axis=0), np.array([ABSENT], cosines.dtype)])
        return np.asarray(padded[self._slots["asked"]].max(axis=1))

    def save(self, folder: Path) -> None:
        """Write vectors.faiss and passages.json."""
        faiss.write_index(self._faiss, str(folder / "vectors.faiss"))
        rows = [[p.guide_id, p.kind, p.text] for p in self.passages]
        (folder / "passages.json").write_text(
            json.dumps(rows, ensure_ascii=False, indent=0), encoding="utf-8"
        )

    @classmethod
    def load(cls, folder: Path) -> PassageIndex:
        """Raises IndexMismatch when vectors and passages do not belong together."""
        stored = faiss.read_index(str(folder / "vectors.faiss"))
        rows = json.loads((folder / "passages.json").read_text("utf-8"))
        if stored.ntotal != len(rows):
            raise IndexMismatch(f"{folder}: {stored.ntotal} vectors for {len(rows)} passages; {REMEDY}")
        vectors = np.asarray(stored.reconstruct_n(0, stored.ntotal)).reshape(len(rows), stored.d)
        return cls([Passage(*row) for row in rows], vectors)


def _groups(said: np.ndarray) -> tuple[tuple[Literal["asked", "said"], np.ndarray], ...]:
    return ("asked", ~said), ("said", said)


def _slots(owner: np.ndarray, taken: np.ndarray, count: int) -> np.ndarray:
    """(guides, most) places of each guide's passages among `taken`, padded with the place after the last."""
    groups = [np.flatnonzero((owner == column) & taken) for column in range(count)]
    most = max([2, *(len(group) for group in groups)])
    out = np.full((count, most), len(owner), np.int64)
    for column, group in enumerate(groups):
        out[column, : len(group)] = group
    return out


def write_manifest(folder: Path, **about: Any) -> None:  # noqa: ANN401
    """Write manifest.json with a checksum of every other file of the folder."""
    every = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "manifest.json")
    files = {str(p.relative_to(folder)): _checksum(p) for p in every}
    manifest = {"format": FORMAT, **about, "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Raises IndexMismatch when there is none."""
    path = folder / "manifest.json"
    if not path.is_file():
        raise IndexMismatch(f"no index in {folder} (manifest.json is missing); {REMEDY}")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def check_manifest(folder: Path, *, encoder: str, dim: int, guides: str) -> None:
    """Raises IndexMismatch: format, encoder, dimension, guides or a file differ from the build's."""
    manifest = read_manifest(folder)
    expected = {"format": FORMAT, "encoder": encoder, "dim": dim, "guides": guides}
    for key, value in expected.items():
        if manifest.get(key) != value:
            raise IndexMismatch(
                f"index {folder}: built with {key} {manifest.get(key)!r}, now it is {value!r}; {REMEDY}"
            )
    for name, checksum in manifest["files"].items():
        path = folder / name
        if not path.is_file() or _checksum(path) != checksum:
            state = "changed" if path.is_file() else "is gone"
            raise IndexMismatch(f"index {folder}: {name} {state} since it was built; {REMEDY}")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
