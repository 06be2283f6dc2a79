"""Start the whole stack on free ports with an empty data folder, for conversation and browser tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FEED_SECRET = "the secret of the departments' systems"
METRICS_TOKEN = "the token of the one who reads the figures"


def free_port() -> int:
    """A port nobody holds right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """A running assistant."""

    base: str
    data: Path
    process: subprocess.Popen[bytes]
    output: Path

    def logins(self) -> list[tuple[str, str]]:
        """Demo officers: (username, password)."""
        lines = (self.data / "demo-logins.txt").read_text("utf-8").splitlines()
        return [tuple(line.split()) for line in lines]  # type: ignore[misc]

    def stop(self) -> int:
        """Ctrl-C; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(40)


def start(data: Path, **settings: str) -> Stack:
    """`python3 -m deploy.run` on free ports; waits until it says that it is ready."""
    ports = {f"NCZF_{name}_PORT": str(free_port()) for name in ("RASA", "ACTIONS", "GATEWAY")}
    env = {**os.environ, **ports, "NCZF_DATA_DIR": str(data), **settings}
    output = data / "run.out"
    data.mkdir(parents=True, exist_ok=True)
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.run"], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT
        )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        text = output.read_text("utf-8", "replace")
        if "ready in" in text:
            return Stack(f"http://127.0.0.1:{ports['NCZF_GATEWAY_PORT']}", data, process, output)
        if process.poll() is not None:
            raise RuntimeError(f"the stack did not start:\n{text}")
        time.sleep(0.2)
    process.kill()
    raise RuntimeError(f"the stack was not ready within 120 s:\n{output.read_text('utf-8', 'replace')}")
