"""Intent classifiers side by side on one blind file: character n-grams, the encoder, the reader, DIET.

    .build/bot/bin/python -m bot.compare [--diet] [FILE]

All learn from nlu_data/nlu. DIET (Rasa's own, 100 epochs) takes many minutes and is left out unless asked
for. A measurement, not a test.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Optional

import numpy as np
import yaml

from bot.intent_model import fit, without_identifiers
from bot.intent_scores import Judged, accuracy, macro_f1
from bot.launcher import prepare, quiet
from bot.measure import GOLDEN_BLIND, NLU, Utterance, read, taught, unseen
from bot.sentence_encoder import SentenceEncoder
from bot.slips import Slips

Guess = Callable[[str], tuple[str, float]]
DIET = {
    "recipe": "default.v1",
    "assistant_id": "compare",
    "language": "zh",
    "pipeline": [
        {"name": "JiebaTokenizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", "epochs": 100, "entity_recognition": False},
    ],
    "policies": [{"name": "RulePolicy"}],
}


def examples() -> tuple[list[str], list[str]]:
    """(texts, intents) of the training data."""
    texts, intents = [], []
    for path in sorted(NLU.glob("*.yml")):
        for block in yaml.safe_load(path.read_text("utf-8"))["nlu"]:
            for line in str(block["examples"]).splitlines():
                texts.append(without_identifiers(line[2:]))
                intents.append(block["intent"])
    return texts, intents


def linear(texts: list[str], intents: list[str], folder: Optional[Path], slips: bool) -> Guess:
    """Our intent model on an encoder's vectors, or (folder None) on n-grams alone."""
    if slips:
        make = Slips(texts, random.Random(7), share=1.0)
        texts, intents = [*texts, *map(make, texts)], intents * 2
    encoder = SentenceEncoder(folder, threads=os.cpu_count() or 1) if folder else None

    def vectors(found: Sequence[str]) -> np.ndarray:
        return encoder.encode(list(found)) if encoder else np.zeros((len(found), 1), np.float32)

    model = fit(texts, intents, vectors(texts))

    def guess(text: str) -> tuple[str, float]:
        bare = without_identifiers(text)
        chances = model.probabilities(bare, vectors([bare])[0])
        return str(model.labels[int(chances.argmax())]), float(chances.max())

    return guess


def diet() -> Guess:
    """Rasa's DIET on sparse features."""
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    work = Path(tempfile.mkdtemp(prefix="diet-"))
    (work / "config.yml").write_text(yaml.safe_dump(DIET), "utf-8")
    path = train_nlu(str(work / "config.yml"), str(NLU), str(work))
    agent = Agent.load(path)

    def guess(text: str) -> tuple[str, float]:
        intent = asyncio.run(agent.parse_message(text))["intent"]
        return str(intent["name"]), float(intent["confidence"])

    return guess


def line(name: str, make: Callable[[], Guess], rows: Sequence[Utterance]) -> str:
    """Train, judge, one row of the table."""
    began = time.perf_counter()
    guess = make()
    trained = time.perf_counter() - began
    took, judged = [], []
    for row in rows:
        began = time.perf_counter()
        said, sure = guess(row.text)
        took.append((time.perf_counter() - began) * 1000)
        judged.append(Judged(*row, said, sure, True))
    middle = sorted(took)[len(took) // 2]
    right, both = accuracy(judged), macro_f1(judged)
    return f"{name:34} {right:.3f}     {both:.3f}    {trained:6.1f} s  {middle:5.1f} ms"


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m bot.compare", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=GOLDEN_BLIND)
    parser.add_argument("--diet", action="store_true", help="also train DIET (minutes)")
    args = parser.parse_args()
    prepare(Path(".build/cache"))
    quiet("ERROR")
    texts, intents = examples()
    rows = unseen(read(args.file), taught())
    makers: list[tuple[str, Callable[[], Guess]]] = [
        ("character and syllable n-grams", lambda: linear(texts, intents, None, False)),
        ("encoder + n-grams", lambda: linear(texts, intents, Path(".build/encoder"), False)),
        ("reader + n-grams", lambda: linear(texts, intents, Path(".build/reader"), False)),
        ("reader + n-grams, with slips", lambda: linear(texts, intents, Path(".build/reader"), True)),
    ]
    if args.diet:
        makers.append(("DIET, sparse features", diet))
    sys.stdout.write(f"{len(texts)} examples, {len(rows)} unseen utterances of {args.file.name}\n")
    sys.stdout.write(f"{'':34} accuracy  macro-F1  training  one\n")
    for name, make in makers:
        sys.stdout.write(line(name, make, rows) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
