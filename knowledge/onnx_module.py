"""A sentence-transformers module that runs an ONNX encoder with onnxruntime.

The folder's modules.json names this class, so ``SentenceTransformer(folder)`` loads it when
``knowledge`` can be imported. Input: texts; output: token embeddings for the Pooling module.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers.base.modules import InputModule
from tokenizers import Tokenizer

from knowledge.errors import EncoderMissing
from knowledge.onnx_session import open_session

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
PAD_ID, PAD_TOKEN = 1, "<pad>"


class OnnxTransformer(InputModule):
    """Tokenizer and encoder of one folder. Thread-safe: the session and the tokenizer are."""

    config_file_name = "onnx_config.json"
    config_keys = ["max_seq_length", "threads"]
    save_in_root = True

    def __init__(self, folder: str, max_seq_length: int = 256, threads: int = 1) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.folder = Path(folder)
        for name in (MODEL_FILE, TOKENIZER_FILE):
            if not (self.folder / name).is_file():
                raise EncoderMissing(f"{self.folder / name} is missing; run `python -m knowledge build`")
        self.max_seq_length = max_seq_length
        self.threads = threads
        self.tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER_FILE))
        self.tokenizer.enable_truncation(max_seq_length)
        self.tokenizer.enable_padding(pad_id=PAD_ID, pad_token=PAD_TOKEN)
        self.session = open_session(self.folder / MODEL_FILE, threads)
        self.dim = int(self.session.get_outputs()[0].shape[2])

    def preprocess(
        self,
        inputs: Sequence[Any],
        prompt: str | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> dict[str, torch.Tensor]:
        """Texts -> input_ids and attention_mask, (n, tokens) int64."""
        texts = [(prompt or "") + str(text) for text in inputs]
        encoded = self.tokenizer.encode_batch(texts)
        return {
            "input_ids": torch.tensor([e.ids for e in encoded], dtype=torch.int64),
            "attention_mask": torch.tensor([e.attention_mask for e in encoded], dtype=torch.int64),
        }

    def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        """Adds token_embeddings, (n, tokens, dim) float32."""
        feeds = {name: np.asarray(features[name].cpu()) for name in ("input_ids", "attention_mask")}
        (states,) = self.session.run(None, feeds)
        features["token_embeddings"] = torch.from_numpy(states)
        return features

    def get_embedding_dimension(self) -> int:
        """Length of a token vector."""
        return self.dim

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Copy the model and the tokenizer into `output_path` and write the configuration."""
        target = Path(output_path)
        for name in (MODEL_FILE, TOKENIZER_FILE):
            (target / name).write_bytes((self.folder / name).read_bytes())
        self.save_config(output_path)

    @classmethod
    def load(  # type: ignore[override]
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        **kwargs: Any,  # noqa: ANN401
    ) -> OnnxTransformer:
        """Load from a local folder; nothing is ever downloaded."""
        folder = Path(model_name_or_path) / subfolder
        config = cls.load_config(str(folder), local_files_only=True)
        return cls(str(folder), **{key: config[key] for key in cls.config_keys if key in config})
