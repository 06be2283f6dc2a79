"""Approved Chinese sentences, read from data/phrases.yml: actions hold none themselves."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

PLAIN: ContextVar[bool] = ContextVar("plain", default=False)
"""Whether the citizen of this turn wants short, simple words (elder look): then `<key>_plain` is said."""
SUFFIX = "_plain"
DATA = Path(__file__).resolve().parent / "data" / "phrases.yml"


class Phrases:
    """Sentences by key. A missing key or value is a programming error and raises KeyError."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._table = table

    @classmethod
    def load(cls, path: Path = DATA) -> Phrases:
        """Read the file; raises ValueError naming every entry that is not text or a list of replies."""
        table = yaml.safe_load(path.read_text("utf-8"))
        faults = [
            key
            for key, value in table.items()
            if not (isinstance(value, str) and value.strip()) and not isinstance(value, list)
        ]
        if faults:
            raise ValueError(f"{path.name}: expected a sentence or a list under {', '.join(faults)}")
        return cls(table)

    def say(self, key: str, **values: Any) -> str:
        """Return the sentence with its fields filled."""
        plain = f"{key}{SUFFIX}"
        chosen = plain if PLAIN.get() and plain in self._table else key
        return str(self._table[chosen]).format(**values)

    def replies(self, key: str) -> list[dict[str, Any]]:
        """Return the quick replies stored under `key`, as dicts of `gateway.wire.QuickReply`."""
        return [r if isinstance(r, dict) else {"label": r, "say": r} for r in self._table[key]]

    def words(self, key: str) -> list[str]:
        """Return a plain list of words."""
        return [str(w) for w in self._table[key]]

    def fields(self, key: str) -> set[str]:
        """Names of the fields that the sentence needs."""
        return {name for _, name, _, _ in Formatter().parse(str(self._table[key])) if name}

    def keys(self) -> set[str]:
        """All keys."""
        return set(self._table)
