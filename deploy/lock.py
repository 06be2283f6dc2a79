"""Write deploy/locks/*.txt from pyproject.toml: every package of both environments, pinned.

    python3 -m deploy.lock

torch and its CUDA companions are left out of the locks on purpose: deploy/environments.py picks a CPU build.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from deploy.command import find_links
from deploy.console import Stop, fail, step
from deploy.environments import TORCH, UV, make_tools
from deploy.layout import LOCKS, ROOT, environment

LEFT_OUT = ["torch", "triton", "cuda-bindings", "cuda-pathfinder", "cuda-toolkit"]


def compile_lock(extra: str, python: str, constraints: list[Path], *, universal: bool) -> None:
    """Resolve one extra of pyproject.toml into its lock."""
    target = LOCKS / f"{extra}.txt"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pins:
        pins.write(f"torch=={TORCH}\n")
        pins.flush()
        command = [
            UV,
            "pip",
            "compile",
            "-q",
            "pyproject.toml",
            "--extra",
            extra,
            "--python-version",
            python,
            "--no-header",
            "--no-annotate",
            "-o",
            str(target),
            "-c",
            pins.name,
        ]
        command += ["--universal"] if universal else ["--python-platform", "x86_64-manylinux_2_28"]
        for name in LEFT_OUT:
            command += ["--no-emit-package", name]
        for path in constraints:
            command += ["-c", str(path)]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(**find_links()), capture_output=True, text=True
        )
    if done.returncode:
        raise Stop(f"resolving {extra} failed: {done.stderr.strip()}")
    kept = [line for line in target.read_text("utf-8").splitlines() if not line.startswith(("nvidia-", "#"))]
    target.write_text("\n".join(kept) + "\n", "utf-8")


def main() -> None:
    """Entry point."""
    argparse.ArgumentParser(prog="python3 -m deploy.lock", description=__doc__).parse_args()
    try:
        make_tools()
        LOCKS.mkdir(exist_ok=True)
        for extra, python, limits, universal in (
            ("app", "3.11", [], True),
            ("bot", "3.10", [], False),
            ("test", "3.11", [LOCKS / "app.txt"], True),
            ("bot-test", "3.10", [LOCKS / "bot.txt"], False),
        ):
            with step(f"locking {extra}"):
                compile_lock(extra, python, limits, universal=universal)
    except Stop as stop:
        fail(str(stop))


if __name__ == "__main__":
    main()
