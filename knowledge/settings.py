"""Where knowledge finds its guides, its encoder and its index."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class KnowledgeSettings(BaseSettings):
    """Read from the environment, prefix NCZF_; folders must exist, nothing is downloaded."""

    model_config = SettingsConfigDict(env_prefix="NCZF_", frozen=True)

    guides_dir: Path = ROOT / "knowledge" / "guides"
    encoder_dir: Path = ROOT / ".build" / "encoder"
    """Any sentence-transformers folder; the one that `python -m knowledge build` makes by default."""
    reader_dir: Path = ROOT / ".build" / "reader"
    """The encoder's twin that tells what is asked (knowledge/reader.py); without it, classifiers alone."""
    encoder_runtime: Literal["sentence-transformers", "onnx"] = "sentence-transformers"
    """onnx: run model.onnx of the folder without torch (about 400 MB less memory, same vectors)."""
    index_dir: Path = ROOT / ".build" / "index"
    index_poll_seconds: float = 5.0
    """How often a running server looks whether a newer index was published."""
    data_dir: Path = Path("data")
    query_cache: int = 2048
    """Query vectors kept in memory (1.5 kB each)."""

    @property
    def answers_database(self) -> Path:
        """SQLite file of the answers that were given (答复凭证)."""
        return self.data_dir / "answers.db"
