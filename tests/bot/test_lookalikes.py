"""bot/lookalikes.py and its data."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.lookalikes import LookalikeFault, read
from bot.nlu_check import _plain

NLU = Path(__file__).parents[2] / "nlu_data" / "nlu"


def test_no_lookalike_is_an_example_of_its_intent() -> None:
    for intent, texts in read().items():
        lines = (NLU / f"{intent}.yml").read_text("utf-8").splitlines()
        taught = {_plain(line.strip()[2:]) for line in lines if line.strip().startswith("- ")}
        keys = [_plain(text) for text in texts]
        assert len(keys) == len(set(keys)) >= 40 and not taught & set(keys)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "expected lookalikes"),
        ("lookalikes: [a]", "expected lookalikes"),
        ("lookalikes: {urgent: [急死了, 12], human: 人}", "12"),
        ("lookalikes: {urgent: ['']}", "urgent"),
    ],
)
def test_faults_say_where(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "l.yml"
    path.write_text(content, "utf-8")
    with pytest.raises(LookalikeFault, match=told):
        read(path)
