"""Reasons that a citizen can tap when rating, read from data/rating_reasons.yml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

DATA = Path(__file__).resolve().parent / "data" / "rating_reasons.yml"
LONGEST = 40
"""Characters, as `Rate` cuts them."""


@cache
def load(path: Path = DATA) -> dict[str, Any]:
    """Read the file. Raises ValueError naming every list that is missing, empty or has an odd word."""
    table: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    places = {name: value for name, value in table.items() if name != "channels"}
    places |= {f"channels.{name}": value for name, value in table.get("channels", {}).items()}
    faults = [
        f"{name}.{side}"
        for name, lists in places.items()
        for side in ("good", "bad")
        if not _are_reasons(lists.get(side))
    ]
    if "any" not in table or faults:
        raise ValueError(f"{path.name}: expected reasons under {', '.join(faults) or 'any'}")
    return table


def _are_reasons(words: Any) -> bool:
    return (
        isinstance(words, list)
        and bool(words)
        and all(isinstance(word, str) and 0 < len(word) <= LONGEST for word in words)
    )


def reasons(kind: str, channel: str, side: Literal["good", "bad"]) -> list[str]:
    """The reasons of one kind of service ("booking"), then those of the channel."""
    table = load()
    words = [*table.get(kind if kind != "channels" else "any", table["any"])[side]]
    words += table.get("channels", {}).get(channel, {}).get(side, [])
    return list(dict.fromkeys(words))
