"""Sentences that sound like an intent and are none (nlu_data/lookalikes.yml): counter-examples for it."""

from __future__ import annotations

from pathlib import Path

import yaml

DATA = Path(__file__).resolve().parents[1] / "nlu_data" / "lookalikes.yml"


class LookalikeFault(ValueError):
    """The file of look-alikes has the wrong form."""


def read(path: Path = DATA) -> dict[str, list[str]]:
    """Intent -> sentences.

    Raises:
        LookalikeFault: an intent holds no list of texts; every such intent is named.
    """
    table = (yaml.safe_load(path.read_text("utf-8")) or {}).get("lookalikes")
    if not isinstance(table, dict):
        got = type(table).__name__
        raise LookalikeFault(
            f"{path}: got {got}, expected lookalikes: a mapping of intents to lists of texts"
        )
    bad = [
        f"{path} {intent}: got {text!r}, expected a text in quotes or without; mend it"
        for intent, texts in table.items()
        for text in (texts if isinstance(texts, list) else [texts])
        if not isinstance(texts, list) or not isinstance(text, str) or not text.strip()
    ]
    if bad:
        raise LookalikeFault("\n".join(bad))
    return table
