"""Remember what a step was made from, so that it runs again only when that changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from deploy.layout import ROOT, STAMPS

SKIP = {"__pycache__", "node_modules", ".DS_Store"}


def digest(paths: Iterable[Path], *words: str) -> str:
    """SHA-256 over the words and over every file's relative path and content."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            if SKIP & set(file.parts) or file.suffix == ".pyc":
                continue
            name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
            total.update(str(name).encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()


def fresh(name: str, value: str) -> bool:
    """True if step `name` was last finished with `value`."""
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text("utf-8") == value


def remember(name: str, value: str) -> None:
    """Note that step `name` is finished with `value`."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(value, "utf-8")
