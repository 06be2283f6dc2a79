"""What the documentation is checked against, read from the repository itself."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parents[2]
IGNORED = {".build", ".git", ".rasa", ".hypothesis", "__pycache__", "node_modules", "shots"}
TEXT = {"", ".cfg", ".css", ".html", ".ini", ".js", ".json", ".md", ".mjs", ".npmrc", ".py", ".sh", ".svg",
        ".toml", ".ts", ".txt", ".vue", ".yaml", ".yml"}


def files() -> Iterator[Path]:
    """Every text file of the repository, without what is built or ignored."""
    for folder, names, found in os.walk(ROOT):
        here = Path(folder)
        kept = (n for n in names if n not in IGNORED and not n.endswith("_cache"))
        names[:] = [n for n in kept if here / n != ROOT / "data"]
        yield from (here / name for name in found if Path(name).suffix in TEXT and name != ".env")


def read(path: str) -> str:
    """One file of the repository."""
    return (ROOT / path).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """The part below a heading, up to the next one of the same or a higher level."""
    level = len(heading) - len(heading.lstrip("#"))
    match = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{level}}} |\Z)", text, re.M | re.S)
    assert match, f"no heading {heading!r}"
    return match.group(1)


def row(text: str, first: str) -> str:
    """The table row whose first cell holds `first` in backticks; empty when there is none."""
    found = re.search(rf"^\|[^|]*`{re.escape(first)}`[^|]*\|.*$", text, re.M)
    return found.group(0) if found else ""


def statuses() -> set[str]:
    """Named outcomes of bot messages, as the code of actions/ and gateway/ sets them."""
    found: set[str] = set()
    for folder in ("actions", "gateway"):
        for path in (ROOT / folder).glob("*.py"):
            words = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.keyword))
            values = [n.value.value for n in words if n.arg == "status" and isinstance(n.value, ast.Constant)]
            found |= {value for value in values if isinstance(value, str)}
    found |= {f"error_{key}" for key in re.findall(r'key = "(\w+)"', read("actions/guarded.py"))}
    for name in ("gateway/bot_turns.py", "gateway/hub.py"):
        found |= set(re.findall(r'"(error_[a-z_]+)"', read(name)))
    found |= {key for key in re.findall(r"^say_(\w+):", read("actions/data/phrases.yml"), re.M)}
    return found - {""}


def settings_in_code() -> set[str]:
    """Every NCZF_ name that stands in code, scripts or configuration."""
    found: set[str] = set()
    for path in files():
        if path.suffix != ".md" and ROOT / "tests" / "docs" not in path.parents:
            found |= set(re.findall(r"NCZF_[A-Z][A-Z0-9_]*[A-Z0-9]", path.read_text("utf-8", "replace")))
    # The image's start script reads X from the file that X_FILE names (docs/deployment.md).
    return {name for name in found if name.removesuffix("_FILE") not in found - {name}}


def lock(name: str) -> dict[str, str]:
    """Package -> version of one lock."""
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", read(f"deploy/locks/{name}.txt"), re.M))


def extras() -> dict[str, list[str]]:
    """Extra -> names of its direct dependencies."""
    table = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    name = re.compile(r"[A-Za-z0-9_.-]+")
    return {extra: [name.match(line).group(0) for line in lines] for extra, lines in table.items()}


def anchors(text: str) -> set[str]:
    """Anchors that a page's headings make, in the common way."""
    plain = [re.sub(r"[^\w\- ]", "", h.lower()) for h in re.findall(r"^#+ (.+)$", text, re.M)]
    return {h.replace(" ", "-") for h in plain}
