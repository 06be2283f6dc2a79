"""Running one command of the set-up, with its output in .build/logs."""

from __future__ import annotations

import os
import subprocess

from deploy import layout
from deploy.console import Stop
from deploy.layout import BUILD, ROOT


def run(command: list[str], what: str, **extra: str) -> None:
    """Run a command; its output goes to .build/logs. Raises Stop with the last lines."""
    log = BUILD / "logs" / f"{what.replace(' ', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        file.write(f"\n$ {' '.join(command)}\n".encode())
        file.flush()
        try:
            done = subprocess.run(
                command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, env=layout.environment(**extra)
            )
        except FileNotFoundError as missing:
            raise Stop(f"{what}: the program {missing.filename} is missing.") from missing
    if done.returncode:
        tail = log.read_text("utf-8", "replace").splitlines()[-15:]
        raise Stop(f"{what} failed. Last lines of {log}:\n    " + "\n    ".join(tail))


def find_links() -> dict[str, str]:
    """Let uv see local wheels that pip is told of (a CPU build of torch, say)."""
    links = os.environ.get("UV_FIND_LINKS") or os.environ.get("PIP_FIND_LINKS") or ""
    return {"UV_FIND_LINKS": links} if links else {}
