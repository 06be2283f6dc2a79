"""Reading .env, the environment of the children, and the stamps of finished steps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy import layout, stamps
from deploy.layout import environment, read_dotenv


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("SOME_PORT=1", {"SOME_PORT": "1"}),
        ("  SOME_PORT = 1  ", {"SOME_PORT": "1"}),
        ('NAME="two words"', {"NAME": "two words"}),
        ("NAME='two words'", {"NAME": "two words"}),
        ("URL=http://a/?b=c", {"URL": "http://a/?b=c"}),
        ("EMPTY=", {"EMPTY": ""}),
        ("# SOME_PORT=1", {}),
        ("", {}),
        ("no equals sign", {}),
        ("export NAME=value", {"NAME": "value"}),
        ("名字=值", {"名字": "值"}),
    ],
)
def test_dotenv_lines(tmp_path: Path, line: str, pairs: dict[str, str]) -> None:
    path = tmp_path / ".env"
    path.write_text(f"{line}\n", "utf-8")
    assert read_dotenv(path) == pairs


def test_no_dotenv_is_no_settings(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path / ".env") == {}


def test_the_last_line_of_a_name_counts(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\nB=2\nA=3\n", "utf-8")
    assert read_dotenv(path) == {"A": "3", "B": "2"}


def test_the_real_environment_wins_and_what_is_given_wins_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCZF_ACTIONS_PORT", "7055")
    monkeypatch.delenv("RASA_TELEMETRY_ENABLED", raising=False)
    env = environment(NCZF_HOST="10.0.0.1", OMP_NUM_THREADS="2")
    assert env["NCZF_ACTIONS_PORT"] == "7055"
    assert (env["NCZF_HOST"], env["OMP_NUM_THREADS"]) == ("10.0.0.1", "2")
    assert env["RASA_TELEMETRY_ENABLED"] == "false"
    assert env["PYTHONPATH"] == os.environ.get("PYTHONPATH", str(layout.ROOT))


def test_nothing_is_fetched_at_run_time() -> None:
    env = environment()
    assert env["HF_HUB_OFFLINE"] == env["TRANSFORMERS_OFFLINE"] == "1"


def test_a_digest_changes_with_every_input_and_with_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "src"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("1")
    (folder / "deep" / "b.txt").write_text("2")
    first = stamps.digest([folder], "x")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_text("9")
    (folder / "a.pyc").write_text("9")
    os.utime(folder / "a.txt", (1, 1))
    assert stamps.digest([folder], "x") == first
    seen = {first, stamps.digest([folder], "y"), stamps.digest([folder], "x", "")}
    (folder / "a.txt").write_text("2")
    seen.add(stamps.digest([folder], "x"))
    (folder / "a.txt").rename(folder / "c.txt")
    seen.add(stamps.digest([folder], "x"))
    (folder / "deep" / "new.txt").write_text("")
    seen.add(stamps.digest([folder], "x"))
    assert len(seen) == 6


def test_the_order_of_the_inputs_does_not_matter(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_text("a"), two.write_text("b")
    assert stamps.digest([one, two]) == stamps.digest([two, one])


def test_a_step_is_fresh_only_with_the_value_it_was_finished_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "STAMPS", tmp_path / "stamps")
    assert stamps.fresh("app", "v1") is False
    stamps.remember("app", "v1")
    assert stamps.fresh("app", "v1") is True
    assert stamps.fresh("app", "v2") is False and stamps.fresh("bot", "v1") is False
    stamps.remember("app", "v2")
    assert stamps.fresh("app", "v1") is False and stamps.fresh("app", "v2") is True
