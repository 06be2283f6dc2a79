"""Where everything lives. Build outputs under .build/, data under NCZF_DATA_DIR (default data/)."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
TOOLS, APP, BOT = BUILD / "tools", BUILD / "app", BUILD / "bot"
ENCODER, READER, INDEX = BUILD / "encoder", BUILD / "reader", BUILD / "index"
MODELS, STATIC = BUILD / "models", BUILD / "static"
STAMPS = BUILD / "stamps"
LOCKS = ROOT / "deploy" / "locks"
WEB = ROOT / "gateway" / "web"


def python(env: Path) -> str:
    """The interpreter of one of our environments."""
    return str(env / "bin" / "python")


def read_dotenv(path: Path = ROOT / ".env") -> dict[str, str]:
    """KEY=VALUE lines of .env (`export` before them is fine); the environment wins over them."""
    if not path.exists():
        return {}
    pairs = {}
    for line in path.read_text("utf-8").splitlines():
        line = line.strip()
        if line and not line.startswith("#") and "=" in line:
            key, value = line.split("=", 1)
            pairs[key.strip().removeprefix("export ").strip()] = value.strip().strip("'\"")
    return pairs


def environment(**extra: str) -> dict[str, str]:
    """The environment of all our processes: .env, then the real one, quiet and single-threaded."""
    fixed = {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_CACHE_DIRECTORY": str(BUILD / "cache" / "rasa"),
        "OTEL_SDK_DISABLED": "true",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONUNBUFFERED": "1",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }
    folders = {
        "NCZF_ENCODER_DIR": str(ENCODER),
        "NCZF_READER_DIR": str(READER),
        "NCZF_INTENT_ENCODER_DIR": str(READER),
        "NCZF_INDEX_DIR": str(INDEX),
        "NCZF_STATIC_DIR": str(STATIC),
        "NCZF_GUIDES_DIR": str(ROOT / "knowledge" / "guides"),
        "NCZF_ACTIONS_PORT": "5055",
        "PYTHONPATH": str(ROOT),
    }
    return {**fixed, **folders, **read_dotenv(), **os.environ, **extra}
