"""bot/form_rules.py: the rules file is what the table says."""

from __future__ import annotations

from pathlib import Path

from bot.form_rules import FORMS, text

ROOT = Path(__file__).resolve().parents[2]


def test_the_file_is_the_table() -> None:
    assert (ROOT / "nlu_data/rules/forms.yml").read_text("utf-8") == text()


def test_no_intent_starts_two_forms() -> None:
    starts = [intent for form in FORMS for intent in form.starts]
    assert len(starts) == len(set(starts))
