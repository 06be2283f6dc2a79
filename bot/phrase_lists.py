"""Phrase lists (halls, districts, departments, relations, services) and the spans found with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
import yaml

from bot.folded_text import fold

PATTERNS = tuple[str, str, str]  # label, id, phrase


class PhraseListError(ValueError):
    """A phrase list has the wrong form."""


@dataclass(frozen=True)
class Phrase:
    """One phrase found: half-open span in the original text, label (entity name) and id (entity value)."""

    label: str
    id: str
    start: int
    end: int


def read_phrase_lists(folder: Path) -> list[PATTERNS]:
    """All phrases of a folder of lists (*.yml with label and items of id, name, says).

    Raises:
        PhraseListError: the folder holds no list, or a list lacks a key.
    """
    patterns: list[PATTERNS] = []
    for path in sorted(folder.glob("*.yml")):
        content: Any = yaml.safe_load(path.read_text("utf-8"))
        try:
            for item in content["items"]:
                words = dict.fromkeys((str(item["name"]), *map(str, item["says"])))
                patterns += [(content["label"], str(item["id"]), word) for word in words]
        except (KeyError, TypeError) as error:
            raise PhraseListError(
                f"{path}: got an item without {error}, expected label and items with id, name, says"
            ) from error
    if not patterns:
        raise PhraseListError(
            f"no phrase list in {folder}; expected *.yml files such as halls.yml; check the path"
        )
    return patterns


class PhraseFinder:
    """spaCy's blank Chinese pipeline (a token per character) with a span ruler; the longest phrase wins."""

    def __init__(self, patterns: list[PATTERNS]) -> None:
        self._nlp = spacy.blank("zh")
        ruler = self._nlp.add_pipe(
            "span_ruler", config={"spans_key": "phrases", "phrase_matcher_attr": "LOWER", "validate": False}
        )
        ruler.add_patterns(
            [{"label": label, "id": id_, "pattern": fold(word).text} for label, id_, word in patterns]
        )

    def find(self, raw: str) -> Iterator[Phrase]:
        """Phrases of a text, longest first per label and never two of one label over the same character."""
        folded = fold(raw)
        if not folded.text:
            return
        taken: set[tuple[str, int]] = set()
        doc = self._nlp(folded.text)
        for span in sorted(doc.spans["phrases"], key=lambda s: (s.start_char - s.end_char, s.start_char)):
            cells = {(span.label_, i) for i in range(span.start_char, span.end_char)}
            if cells & taken or _inside_code(folded.text, span.start_char, span.end_char):
                continue
            taken |= cells
            yield Phrase(span.label_, span.id_, *folded.span(span.start_char, span.end_char))


def _inside_code(text: str, start: int, end: int) -> bool:
    """Whether a phrase in figures or letters (12345) is only a piece of a longer one (赣A12345)."""
    beside = text[max(start - 1, 0) : start] + text[end : end + 1]
    return text[start:end].isascii() and any(char.isascii() and char.isalnum() for char in beside)
