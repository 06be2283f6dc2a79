"""Data files of this package, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from knowledge.reading import load_yaml

DATA = Path(__file__).parent / "data"


@cache
def data(name: str) -> Any:  # noqa: ANN401
    """The value of knowledge/data/<name>.yaml. Callers must not change it."""
    return load_yaml(DATA / f"{name}.yaml")


def phrase(place: str, **values: object) -> str:
    """A sentence of phrases.yaml by its dotted place, with {braces} filled in."""
    found: Any = data("phrases")
    for key in place.split("."):
        found = found[key]
    return str(found).format(**values) if values else str(found)
