"""The vectors of all passages in FAISS, stored with a manifest that says what they were made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import faiss
import numpy as np

from knowledge.encode import Encoder
from knowledge.errors import IndexMismatch
from knowledge.passages import Passage

EVERY = 2000
"""Passages encoded between two lines of progress."""
FORMAT = 2
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
        self.column = {key: column for column, key in enumerate(self.ids)}
        """Id -> its column."""
        self.owner = np.array([self.column[p.guide_id] for p in passages], np.int64)
        """(n,) column of each passage's guide."""
        self._faiss = faiss.IndexFlatIP(vectors.shape[1])
        self._faiss.add(np.ascontiguousarray(vectors, np.float32))
        count = self._faiss.ntotal * self._faiss.d
        self._matrix = faiss.rev_swig_ptr(self._faiss.get_xb(), count).reshape(-1, self._faiss.d)
        said = np.array([p.kind == "fact" for p in passages], bool)
        self._groups = {"asked": _Group(self.owner, ~said), "said": _Group(self.owner, said)}

    @classmethod
    def build(
        cls, passages: Sequence[Passage], encoder: Encoder, say: Callable[[str], None] = lambda line: None
    ) -> PassageIndex:
        """Encode the passages and index them."""
        vectors = np.zeros((len(passages), encoder.dim), np.float32)
        for start in range(0, len(passages), EVERY):
            part = passages[start : start + EVERY]
            vectors[start : start + len(part)] = encoder.passages([p.text for p in part])
            if len(passages) > EVERY:
                say(f"  {start + len(part)}/{len(passages)}")
        return cls(passages, vectors)

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
        """(m, dim) unit rows -> (m, n) cosines in the order of the passages.

        Every passage counts for the ranking, so this is one product with the vectors FAISS holds.
        """
        return np.asarray(np.ascontiguousarray(queries, np.float32) @ self._matrix.T)

    def by_guide(self, cosines: np.ndarray, kind: Literal["asked", "said"] = "asked") -> np.ndarray:
        """(m, n) cosines -> (m, guides): mean of each guide's two best passages of the kind.

        A guide with one such passage gets that one's cosine, a guide with none the lowest of all guides.
        """
        best, second = self._groups[kind].two_best(cosines)
        value = np.where(second <= ABSENT, best, (best + second) / 2)
        found = self._groups[kind].spread(value, len(self.ids))
        present = np.where(found <= ABSENT, np.inf, found).min(axis=1, keepdims=True)
        return np.asarray(np.where(found <= ABSENT, np.where(np.isinf(present), 0.0, present), found))

    def best_by_guide(self, cosines: np.ndarray) -> np.ndarray:
        """(m, n) cosines -> (guides,): each guide's best passage, other than facts, over all rows."""
        best, _ = self._groups["asked"].two_best(cosines.max(axis=0, keepdims=True))
        return np.asarray(self._groups["asked"].spread(best, len(self.ids))[0])

    def marked(self, ids: set[str]) -> np.ndarray:
        """(guides,) 1.0 for these ids."""
        out = np.zeros(len(self.ids), np.float32)
        out[[self.column[key] for key in ids]] = 1.0
        return out

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


class _Group:
    """Passages of one kind, cut by guide; the passages of one guide stand together."""

    def __init__(self, owner: np.ndarray, taken: np.ndarray) -> None:
        self._places = np.flatnonzero(taken)
        own = owner[self._places]
        self._starts = np.flatnonzero(np.diff(own, prepend=-1))
        self._columns = own[self._starts]
        self._sizes = np.diff(np.append(self._starts, len(own)))

    def two_best(self, cosines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(m, n) -> best and second best of each guide that has any, (m, groups); ABSENT for no second."""
        if not len(self._places):
            none = np.zeros((len(cosines), 0), cosines.dtype)
            return none, none
        values = cosines[:, self._places]
        best = np.maximum.reduceat(values, self._starts, axis=1)
        rest = np.where(values >= np.repeat(best, self._sizes, axis=1), ABSENT, values)
        return best, np.maximum.reduceat(rest, self._starts, axis=1)

    def spread(self, values: np.ndarray, guides: int) -> np.ndarray:
        """(m, groups) -> (m, guides), ABSENT where a guide has no passage of the kind."""
        out = np.full((len(values), guides), ABSENT, values.dtype)
        out[:, self._columns] = values
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
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        found["files"].items()
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise IndexMismatch(f"index {folder}: manifest.json is torn ({error}); {REMEDY}") from error
    return found


def check_manifest(folder: Path, *, encoder: str, dim: int) -> dict[str, Any]:
    """The manifest. Raises IndexMismatch: format, encoder, dimension or a file differ from the build's."""
    manifest = read_manifest(folder)
    expected = {"format": FORMAT, "encoder": encoder, "dim": dim}
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
    return manifest


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
