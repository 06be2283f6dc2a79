"""Sentence vectors from an ONNX encoder folder (model.onnx, tokenizer.json): mean pooling, unit rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MAX_TOKENS = 64  # a citizen's message; what follows is cut


class EncoderMissing(RuntimeError):
    """The encoder folder lacks a file that is needed."""


class SentenceEncoder:
    """Runs on one thread; thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Load the encoder.

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
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: list[str]) -> np.ndarray:
        """Vectors of texts as queries: (n, 384) float32, unit rows; n may be 0. One at a time, unpadded."""
        rows = [self._one(f"query: {text}") for text in texts]
        return np.stack(rows) if rows else np.zeros((0, 384), np.float32)

    def _one(self, text: str) -> np.ndarray:
        encoding = self._tokenizer.encode(text)
        ids = np.asarray([encoding.ids], np.int64)
        mask = np.asarray([encoding.attention_mask], np.int64)
        states = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0][0]
        vector = (states * mask[0][:, None]).sum(0) / mask.sum()
        return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
