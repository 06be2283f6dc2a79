"""Start: a taken port is one sentence; everything binds to loopback; Ctrl-C (in conftest) stops all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.stack import ROOT

pytestmark = pytest.mark.live


def test_a_taken_port_is_named_with_its_remedy(stack, tmp_path):
    port = stack.base.rsplit(":", 1)[1]
    env = {**os.environ, "NCZF_GATEWAY_PORT": port, "NCZF_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "deploy.run"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"port {port}" in done.stderr and "NCZF_GATEWAY_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_everything_listens_on_loopback_only(stack):
    pids = json.loads((stack.data / "pids.json").read_text("utf-8"))
    inodes = set()
    for pid in pids.values():
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = os.readlink(link) if link.is_symlink() else ""
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    listening = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                listening.append(fields[1].split(":")[0])
    assert len(listening) >= 3
    assert set(listening) == {"0100007F"}, "127.0.0.1 in /proc's byte order"


def test_what_it_prints_is_what_one_needs(stack):
    text = stack.output.read_text("utf-8")
    assert stack.base in text and f"{stack.base}/desk" in text
    for username, password in stack.logins():
        assert username in text and password in text
    assert "Ctrl-C" in text
