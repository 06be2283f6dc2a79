"""Figures of the classifier, carriers of identifiers, the command for booking times."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from bot import booking_time, identifier_cases
from bot.intent_scores import Judged, accuracy, calibration_error, confusions, f1, macro_f1, report
from bot.measure import read


def judged(*pairs: tuple[str, str, float]) -> list[Judged]:
    return [Judged("话", wanted, "plain", guess, sure, True) for wanted, guess, sure in pairs]


def test_figures_by_hand() -> None:
    rows = judged(("a", "a", 0.9), ("a", "b", 0.6), ("b", "b", 0.8), ("b", "b", 0.7))
    assert accuracy(rows) == 0.75
    precision, recall, both, count = f1(rows)["a"]
    assert (precision, recall, count) == (1.0, 0.5, 2) and both == pytest.approx(2 / 3)
    assert macro_f1(rows) == pytest.approx((2 / 3 + 0.8) / 2)
    assert confusions(rows) == [("a", "b", 1)]
    assert calibration_error(rows) == pytest.approx((0.1 + 0.6 + 0.2 + 0.3) / 4)
    assert any("plain" in line for line in report(rows))


def test_no_rows_are_no_error() -> None:
    assert accuracy([]) == macro_f1([]) == calibration_error([]) == 0.0


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"q": "你好", "intent": "greet"}\n{"q": 1}\nnope\n', "utf-8")
    with pytest.raises(ValueError) as wrong:
        read(path)
    assert ":2:" in str(wrong.value) and ":3:" in str(wrong.value) and ":1:" not in str(wrong.value)


def test_carriers_are_filled_with_valid_numbers() -> None:
    for name, kind in identifier_cases.KIND.items():
        case = {"q": "尾号{last4}" if name == "last4" else "号码是{" + name + "}。"}
        for seed in range(5):
            text, values = identifier_cases.filled(case, seed)
            assert "{" not in text and values == identifier_cases.filled(case, seed).values
            assert values[0][0] == kind
    precision, recall, count = identifier_cases.score([{"q": "我的手机{phone}"}, {"q": "12345热线"}])
    assert (precision, recall, count) == (1.0, 1.0, 1)


def test_a_batch_names_its_bad_lines_and_is_scored(tmp_path: Path) -> None:
    path = tmp_path / "times.jsonl"
    good = {"q": "明天上午", "now": "2026-11-24T10:00", "date": "2026-11-25", "reason": None, "group": "g"}
    path.write_text(json.dumps(good) + "\n" + '{"q": "x"}\n', "utf-8")
    with pytest.raises(ValueError, match=":2:"):
        list(booking_time.cases(path))
    path.write_text(json.dumps(good), "utf-8")
    assert any("1.000" in line for line in booking_time.score(list(booking_time.cases(path))))
    read_ = booking_time.read_time("每周几上班", datetime(2026, 11, 24, 10))
    assert read_ == {"date": None, "until": None, "start": None, "end": None, "reason": "none"}
