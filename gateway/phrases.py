"""Sentences that the gateway itself says, from data/phrases.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).resolve().parent / "data"


class Phrases:
    """Sentences by key; a missing key raises KeyError."""

    def __init__(self, table: dict[str, str]) -> None:
        self._table = table

    @classmethod
    def load(cls, path: Path = DATA / "phrases.yml") -> Phrases:
        """Read the file. Raises ValueError naming every entry that is not a sentence."""
        table = yaml.safe_load(path.read_text("utf-8"))
        faults = [key for key, value in table.items() if not (isinstance(value, str) and value.strip())]
        if faults:
            raise ValueError(f"{path.name}: expected a sentence under {', '.join(faults)}")
        return cls(table)

    def say(self, key: str, **values: Any) -> str:
        """Return the sentence with its fields filled."""
        return self._table[key].format(**values)

    def keys(self) -> set[str]:
        """All keys."""
        return set(self._table)


def load_home(path: Path = DATA / "home.yml") -> dict[str, Any]:
    """The first screen: tiles, hot questions, notice."""
    return dict(yaml.safe_load(path.read_text("utf-8")))


def load_canned(path: Path = DATA / "canned.yml") -> list[dict[str, str]]:
    """Officers' ready sentences: key and text. Raises ValueError naming every entry that is not one."""
    listed = yaml.safe_load(path.read_text("utf-8"))
    faults = [
        str(at)
        for at, one in enumerate(listed, 1)
        if not (isinstance(one, dict) and set(one) == {"key", "text"} and all(map(str.strip, one.values())))
    ]
    if faults:
        raise ValueError(f"{path.name}: expected key and text in entry {', '.join(faults)}")
    return [{"key": str(one["key"]), "text": str(one["text"])} for one in listed]
