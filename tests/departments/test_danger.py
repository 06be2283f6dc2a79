"""Emergencies are told by rule and never go to a department."""

from __future__ import annotations

import pytest
import yaml

from actions.departments.danger import DangerRule, shared_rule
from actions.departments.data import FOLDER, DataFault, read_yaml

OTHER = read_yaml(FOLDER / "dev_other.yml")
URGENT = [(number, line) for number, lines in OTHER["emergency"].items() for line in lines.splitlines()]


@pytest.mark.parametrize(("number", "text"), URGENT)
def test_danger_now_names_the_number(number, text):
    assert shared_rule().number(text) == number


@pytest.mark.parametrize("text", OTHER["calm"].splitlines())
def test_grievances_that_sound_alike_are_no_emergency(text):
    assert shared_rule().number(text) is None


def test_blanks_and_full_width_letters_do_not_hide_danger():
    assert shared_rule().number("有 人 拿 刀 追 我，ｈｅｌｐ ｍｅ") == "110"


def test_empty_text_is_no_emergency():
    assert shared_rule().number("") is None


def test_faults_of_the_rule_are_told_together(tmp_path):
    words, rule = tmp_path / "danger.yml", tmp_path / "emergency.yml"
    words.write_text(yaml.safe_dump({"kinds": {"fire": ["smoke"], "flood": ["("]}}), "utf-8")
    rule.write_text(yaml.safe_dump({"numbers": {"fire": 119}, "short_characters": 0}), "utf-8")
    with pytest.raises(DataFault) as caught:
        DangerRule(words, rule)
    told = "\n".join(caught.value.faults)
    for part in ("numbers.fire", "numbers.flood", "flood: no regular", "short_characters", "near_characters"):
        assert part in told
    with pytest.raises(DataFault, match="cannot be read"):
        DangerRule(tmp_path / "absent.yml", rule)
