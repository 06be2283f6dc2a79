"""Who may import whom. Read from the source, so that an import inside a function counts too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"bot", "knowledge", "actions", "gateway", "deploy", "tests"}
MAY_IMPORT: dict[str, set[str]] = {
    "bot": set(),
    "knowledge": set(),
    "actions": {"knowledge"},
    "gateway": {"knowledge"},
    "deploy": set(),
}

OFFLINE = {"training": {"bot"}}
"""knowledge/training never runs in the product; it puts the same slips into its texts as Rasa's training."""


def imports(path: Path) -> set[str]:
    """Top-level names that a file imports, wherever the import stands; relative ones count as its own."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).split(".")[0])
    return found


def sources(package: str) -> list[Path]:
    """The package's Python files."""
    return [p for p in sorted((ROOT / package).rglob("*.py")) if "node_modules" not in p.parts]


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_it_may(package):
    found = sources(package)
    assert found, f"no source in {package}/"
    wrong = {}
    for path in found:
        may = {package} | MAY_IMPORT[package] | OFFLINE.get(path.parent.name, set())
        if bad := imports(path) & OURS - may:
            wrong[str(path.relative_to(ROOT))] = sorted(bad)
    assert wrong == {}


def test_the_check_sees_hidden_imports(tmp_path):
    hidden = tmp_path / "x.py"
    hidden.write_text("def f():\n    import gateway.wire\n    from actions.turn import Turn\n")
    assert imports(hidden) & OURS == {"gateway", "actions"}
