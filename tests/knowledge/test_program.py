"""The command line, what it imports, and the measuring."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import knowledge
from knowledge.__main__ import main

DATA = Path(__file__).parent / "data"
PACKAGE = Path(knowledge.__file__).parent
OURS = {"bot", "actions", "gateway", "deploy", "nlu_data", "tests"}


def test_check_passes_and_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NCZF_GUIDES_DIR", str(DATA / "guides"))
    assert main(["check", "--ids"]) == 0
    out = capsys.readouterr().out
    assert "id-card-replace" in out and "3 个指南，1 个转介" in out
    monkeypatch.setenv("NCZF_GUIDES_DIR", str(DATA / "broken"))
    assert main(["check"]) == 1
    assert "错误 bad-guide.yaml: colour: is not a known key" in capsys.readouterr().out


def test_errors_are_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("NCZF_GUIDES_DIR", str(DATA / "guides"))
    monkeypatch.setenv("NCZF_ENCODER_DIR", str(tmp_path))
    assert main(["ask", "身份证丢了怎么补"]) == 1
    assert "run `python -m knowledge build`" in capsys.readouterr().err


def test_help_names_every_action(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("check", "build", "ask", "eval", "import", "receipt"))


def test_knowledge_imports_nobody_of_ours() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            may = {"bot"} if path.parent.name == "training" else set()  # offline: the same slips as Rasa's
            assert not {name.split(".")[0] for name in names} & OURS - may, path.name


def test_the_answerer_is_imported_without_torch() -> None:
    code = (
        "import sys, knowledge.answerer, knowledge.store\n"
        "print('torch' in sys.modules, 'sklearn' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        env=os.environ,
        check=True,
    )
    assert done.stdout.split() == ["False", "False"]


def test_only_our_own_encoder_is_ever_built(tmp_path: Path) -> None:
    from knowledge.build import _needs_encoder
    from knowledge.encoder_build import RECIPE
    from knowledge.settings import KnowledgeSettings

    def needed(folder: Path, force: bool = False) -> bool:
        return _needs_encoder(KnowledgeSettings(encoder_dir=folder), force)

    assert needed(tmp_path / "none") and needed(tmp_path)
    (tmp_path / "modules.json").write_text("[]", "utf-8")
    assert not needed(tmp_path) and not needed(tmp_path, force=True)
    (tmp_path / "encoder.json").write_text(f'{{"name": "{RECIPE}", "dim": 384}}', "utf-8")
    assert not needed(tmp_path) and needed(tmp_path, force=True)
    (tmp_path / "encoder.json").write_text('{"name": "e5-small-zh-int8/0", "dim": 384}', "utf-8")
    assert needed(tmp_path)
