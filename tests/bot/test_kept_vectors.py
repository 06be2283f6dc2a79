"""bot/kept_vectors.py: sentence vectors on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.kept_vectors import KeptVectors


class Counting:
    """An encoder that tells what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: list[str]) -> np.ndarray:
        """One row of two figures for each text."""
        self.asked.append(texts)
        return np.array([[len(text), ord(text[0])] for text in texts], np.float32)


def test_only_new_texts_are_encoded(tmp_path: Path) -> None:
    encode = Counting()
    first = KeptVectors(tmp_path / "new", "e1").of(["你好", "再见", "你好"], encode)
    again = KeptVectors(tmp_path / "new", "e1").of(["谢谢", "你好"], encode)
    assert encode.asked == [["你好", "再见"], ["谢谢"]]
    assert (first[0] == first[2]).all() and (again[1] == first[0]).all()
    KeptVectors(tmp_path / "new", "e1").of(["再见"], encode)
    assert encode.asked[-1] == ["再见"]  # was not used the time before: forgotten


def test_another_encoder_has_its_own(tmp_path: Path) -> None:
    encode = Counting()
    KeptVectors(tmp_path, "e1").of(["你好"], encode)
    KeptVectors(tmp_path, "e2").of(["你好"], encode)
    assert len(encode.asked) == 2


def test_a_broken_file_is_made_anew(tmp_path: Path) -> None:
    encode = Counting()
    KeptVectors(tmp_path, "e1").of(["你好"], encode)
    [file] = tmp_path.iterdir()
    for content in (b"", b"nonsense", file.read_bytes()[:50]):
        file.write_bytes(content)
        assert KeptVectors(tmp_path, "e1").of(["你好"], encode).shape == (1, 2)
    assert len(encode.asked) == 4 and [path.name for path in tmp_path.iterdir()] == [file.name]
