"""Texts to vectors. The port and its implementations; torch is imported only by SentenceEncoder.open."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from knowledge.errors import EncoderMissing
from knowledge.settings import KnowledgeSettings

if TYPE_CHECKING:
    from knowledge.reader import Reader

OWN_MODULE = "knowledge.onnx_module.OnnxTransformer"
QUERY_PROMPT, PASSAGE_PROMPT = "query: ", "passage: "
"""Of the encoder that we build."""
DESCRIBED = "encoder.json"
"""Names an encoder that encoder_build made; no other folder is known to pool as OnnxEncoder does."""
BATCH = 16
BUILD_CACHE = 100_000
"""Queries remembered while an index is built (1.5 kB each)."""
FEW = 8
"""So many new queries are encoded one by one: padding short ones to the longest costs more than a call."""


class Encoder(Protocol):
    """Vectors are (n, dim) float32 with unit rows; n may be 0. Thread-safe."""

    name: str
    """Identity with version: an index built under another name is refused."""
    dim: int

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of what citizens ask."""
        ...

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of what is searched."""
        ...

    def readings(self, texts: Sequence[str]) -> np.ndarray | None:
        """Vectors of the reader (reader.py), not of unit length; None where there is no reader."""
        ...


class SentenceEncoder:
    """Any sentence-transformers folder. Its prompts query and passage (or document) are used."""

    def __init__(self, model: Any, name: str) -> None:  # noqa: ANN401
        self._model = model
        self.name = name
        self.dim = int(model.get_embedding_dimension())
        prompts = model.prompts or {}
        self._query = prompts.get("query") or ""
        self._passage = prompts.get("passage") or prompts.get("document") or ""

    @classmethod
    def open(cls, folder: Path) -> SentenceEncoder:
        """Load from disk only. Raises EncoderMissing, also for a folder that wants its own code run."""
        own = _check_folder(folder)
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, trust_remote_code=own)
        return cls(model, encoder_name(folder))

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors with the query prompt."""
        return self._encode(texts, self._query)

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors with the passage prompt."""
        return self._encode(texts, self._passage)

    def readings(self, texts: Sequence[str]) -> np.ndarray | None:
        """There is no reader here."""
        return None

    def _encode(self, texts: Sequence[str], prompt: str) -> np.ndarray:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        found = self._model.encode(
            list(texts), prompt=prompt, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        return np.ascontiguousarray(found, np.float32)


class OnnxStates:
    """model.onnx and tokenizer.json of a folder made by encoder_build: means of the last states."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """`threads`: of one call; more help long batches only. Raises EncoderMissing."""
        _check_folder(folder, need=("model.onnx", "tokenizer.json"))
        from tokenizers import Tokenizer

        from knowledge.onnx_session import open_session

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_padding(pad_id=1, pad_token="<pad>")
        self._session = open_session(folder / "model.onnx", threads)
        self.dim = int(self._session.get_outputs()[0].shape[2])

    def means(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) float32, one row per text with its prompt; n may be 0."""
        out = np.zeros((len(texts), self.dim), np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            encoded = self._tokenizer.encode_batch([texts[place] for place in places])
            mask = np.array([e.attention_mask for e in encoded], np.int64)
            ids = np.array([e.ids for e in encoded], np.int64)
            (states,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
            weights = mask[:, :, None].astype(np.float32)
            out[places] = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return out


class OnnxEncoder:
    """The folder made by encoder_build, run by onnxruntime alone: same vectors, no torch."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """See `OnnxStates`."""
        _check_folder(folder, need=("model.onnx", "tokenizer.json", "config_sentence_transformers.json"))
        self._states = OnnxStates(folder, threads)
        self.name, self.dim = encoder_name(folder), self._states.dim
        prompts = json.loads((folder / "config_sentence_transformers.json").read_text("utf-8")).get(
            "prompts", {}
        )
        self._query, self._passage = prompts.get("query", ""), prompts.get("passage", "")

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors with the query prompt."""
        return self._encode([self._query + text for text in texts])

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors with the passage prompt."""
        return self._encode([self._passage + text for text in texts])

    def readings(self, texts: Sequence[str]) -> np.ndarray | None:
        """There is no reader here."""
        return None

    def _encode(self, texts: list[str]) -> np.ndarray:
        means = self._states.means(texts)
        return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12))


class HashEncoder:
    """Character n-grams hashed into `dim` places: deterministic, without a model. For tests."""

    def __init__(self, dim: int = 256) -> None:
        self.dim = dim
        self.name = f"hash/{dim}"

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """The same as passages: there is no prompt."""
        return self.passages(texts)

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """Signed counts of hashed n-grams, longer ones heavier."""
        out = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            for size in (1, 2, 3):
                for start in range(len(text) - size + 1):
                    digest = hashlib.blake2b(text[start : start + size].encode(), digest_size=8).digest()
                    out[row, int.from_bytes(digest[:4], "little") % self.dim] += (
                        size if digest[4] & 1 else -size
                    )
            norm = np.linalg.norm(out[row])
            out[row] = out[row] / norm if norm else np.eye(1, self.dim, dtype=np.float32)[0]
        return out

    def readings(self, texts: Sequence[str]) -> np.ndarray | None:
        """There is no reader here."""
        return None


class _Remembered:
    """The vectors of the last `size` texts."""

    def __init__(self, encode: Callable[[Sequence[str]], np.ndarray], size: int, dim: int) -> None:
        self._encode, self._size, self._dim = encode, size, dim
        self._found: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Remembered vectors where there are any."""
        with self._lock:
            found = {text: self._found[text] for text in texts if text in self._found}
            for text in found:
                self._found.move_to_end(text)
        fresh = [text for text in dict.fromkeys(texts) if text not in found]
        if len(fresh) > FEW:
            found |= dict(zip(fresh, self._encode(fresh), strict=True))
        else:
            found |= {text: self._encode([text])[0] for text in fresh}
        with self._lock:
            self._found.update((text, found[text]) for text in fresh)
            while len(self._found) > self._size:
                self._found.popitem(last=False)
        return np.stack([found[text] for text in texts]) if texts else np.zeros((0, self._dim), np.float32)


class CachedQueries:
    """Remembers the last `size` queries of another encoder, and readings if there is a reader."""

    def __init__(self, inner: Encoder, size: int, reader: Reader | None = None) -> None:
        self._inner = inner
        self._queries = _Remembered(inner.queries, size, inner.dim)
        self._readings = None if reader is None else _Remembered(reader.vectors, size, reader.dim)
        self.name, self.dim = named(inner.name, reader.name if reader else ""), inner.dim

    def queries(self, texts: Sequence[str]) -> np.ndarray:
        """Remembered vectors where there are any."""
        return self._queries.vectors(texts)

    def readings(self, texts: Sequence[str]) -> np.ndarray | None:
        """Remembered vectors of the reader; None without one."""
        return None if self._readings is None else self._readings.vectors(texts)

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """Straight from the other encoder."""
        return self._inner.passages(texts)


def open_encoder(settings: KnowledgeSettings) -> Encoder:
    """The encoder the settings name, with a query cache. Raises EncoderMissing."""
    reader = open_reader(settings, 1)
    if settings.encoder_runtime == "onnx":
        return CachedQueries(OnnxEncoder(settings.encoder_dir), settings.query_cache, reader)
    return CachedQueries(SentenceEncoder.open(settings.encoder_dir), settings.query_cache, reader)


def open_builder(settings: KnowledgeSettings) -> Encoder:
    """The encoder for building an index: the same vectors, every query remembered, ours on all cores."""
    cores = os.cpu_count() or 1
    reader = open_reader(settings, cores)
    if (settings.encoder_dir / DESCRIBED).is_file():
        return CachedQueries(OnnxEncoder(settings.encoder_dir, cores), BUILD_CACHE, reader)
    return CachedQueries(SentenceEncoder.open(settings.encoder_dir), BUILD_CACHE, reader)


def open_reader(settings: KnowledgeSettings, threads: int) -> Reader | None:
    """The reader the settings name; None when its folder holds none."""
    if not (settings.reader_dir / DESCRIBED).is_file():
        return None
    from knowledge.reader import Reader

    return Reader(settings.reader_dir, threads)


def named(encoder: str, reader: str) -> str:
    """The name an index is built under: another encoder or another reader is another index."""
    return f"{encoder}&{reader}" if reader else encoder


def identity(settings: KnowledgeSettings) -> str:
    """The name of what open_encoder would open, without opening it."""
    described = settings.reader_dir / DESCRIBED
    reader = str(json.loads(described.read_text("utf-8"))["name"]) if described.is_file() else ""
    return named(encoder_name(settings.encoder_dir), reader)


def encoder_name(folder: Path) -> str:
    """Name of the encoder and 12 digits over all its files: another file is another encoder."""
    described = folder / DESCRIBED
    name = json.loads(described.read_text("utf-8"))["name"] if described.is_file() else folder.name
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(str(path.relative_to(folder)).encode() + b"\0")
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return f"{name}@{total.hexdigest()[:12]}"


def _check_folder(folder: Path, need: Sequence[str] = ("modules.json",)) -> bool:
    """True when the folder uses our own module class. Raises EncoderMissing."""
    for name in need:
        if not (folder / name).is_file():
            raise EncoderMissing(
                f"encoder {folder} has no {name}, expected a sentence-transformers folder; "
                "run `python -m knowledge build` or set NCZF_ENCODER_DIR"
            )
    if not (folder / "modules.json").is_file():
        return False
    kinds = [module["type"] for module in json.loads((folder / "modules.json").read_text("utf-8"))]
    foreign = [kind for kind in kinds if kind != OWN_MODULE and not kind.startswith("sentence_transformers.")]
    own = OWN_MODULE in kinds
    if foreign or (own and list(folder.rglob("*.py"))):
        raise EncoderMissing(
            f"encoder {folder} wants to run code of its own ({', '.join(foreign) or 'it holds .py files'}), "
            f"expected only sentence-transformers modules and {OWN_MODULE}; use another folder"
        )
    return own
