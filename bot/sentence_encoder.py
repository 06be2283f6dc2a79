"""Sentence vectors from an ONNX encoder folder (model.onnx, tokenizer.json): mean pooling, unit rows."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

BATCH = 16
WIDTH = 384
MAX_TOKENS = 64  # a citizen's message; what follows is cut


class EncoderMissing(RuntimeError):
    """The encoder folder lacks a file that is needed."""


class SentenceEncoder:
    """Thread-safe."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load the encoder; `threads`: of one call.

        Raises:
            EncoderMissing: model.onnx or tokenizer.json is not in the folder.
        """
        for name in ("model.onnx", "tokenizer.json"):
            if not (folder / name).is_file():
                raise EncoderMissing(
                    f"intent encoder: no {name} in {folder}; expected model.onnx and tokenizer.json; "
                    "build it with `make setup`, or name another folder in NCZF_INTENT_ENCODER_DIR"
                )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: list[str]) -> np.ndarray:
        """Vectors of texts as queries: (n, 384) float32, unit rows; n may be 0.

        Texts of equal length go through together: many at once are faster, padding would cost that again.
        """
        ids = [self._tokenizer.encode(f"query: {text}").ids for text in texts]
        out = np.zeros((len(texts), WIDTH), np.float32)
        by_length = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        for _, group in groupby(by_length, key=lambda place: len(ids[place])):
            places = list(group)
            for start in range(0, len(places), BATCH):
                some = places[start : start + BATCH]
                out[some] = self._run([ids[place] for place in some])
        return out

    def _run(self, ids: list[list[int]]) -> np.ndarray:
        """Unit rows of token lists of one length."""
        given = np.asarray(ids, np.int64)
        states = self._session.run(None, {"input_ids": given, "attention_mask": np.ones_like(given)})[0]
        vectors = states.mean(axis=1)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
