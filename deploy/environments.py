"""The two environments, from their locks: uv, PyTorch for CPU, Python 3.10."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy import layout
from deploy.command import find_links, run
from deploy.console import Stop, say, step
from deploy.layout import APP, BOT, BUILD, LOCKS, ROOT, TOOLS
from deploy.stamps import digest, fresh, remember

UV = str(TOOLS / "bin" / "uv")
UV_VERSION = "0.13.9"
TORCH = "2.13.0"


def make_tools() -> None:
    """uv, in an environment of its own made by the system's python3."""
    if fresh("tools", UV_VERSION) and Path(UV).exists():
        return
    with step(f"installing uv {UV_VERSION}"):
        try:
            import ensurepip  # noqa: F401
        except ImportError:
            _install_venv()
        run([sys.executable, "-m", "venv", "--clear", str(TOOLS)], "making an environment")
        run([layout.python(TOOLS), "-m", "pip", "install", "-q", f"uv=={UV_VERSION}"], "installing uv")
    remember("tools", UV_VERSION)


def _install_venv() -> None:
    """Debian and Ubuntu ship python3 without venv: add it if we may, else say how."""
    package = f"python3.{sys.version_info.minor}-venv"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Stop(f"python3 has no venv module; run `sudo apt-get install {package}` and try again.")
    say(f"    python3 has no venv module: installing {package} with apt-get")
    run(["apt-get", "update", "-q"], "apt-get update")
    run(["apt-get", "install", "-y", "-q", "--no-install-recommends", package], f"installing {package}")


def make_app() -> None:
    """The app environment, from its lock."""
    lock = LOCKS / "app.txt"
    value = digest([lock], sys.version, TORCH)
    if fresh("app", value) and APP.exists():
        return
    with step("installing the app environment (FastAPI, FAISS, sentence-transformers, PyTorch for CPU)"):
        run([UV, "venv", "-q", "--clear", "--python", sys.executable, str(APP)], "making the app environment")
        _install_torch()
        run(
            [UV, "pip", "sync", "-q", "--python", layout.python(APP), str(_with_torch(lock))],
            "installing app packages",
            **find_links(),
        )
    remember("app", value)


def _with_torch(lock: Path) -> Path:
    """The lock plus the torch that was just installed, so that `sync` keeps it."""
    shown = subprocess.run(
        [UV, "pip", "freeze", "--python", layout.python(APP)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=layout.environment(),
    ).stdout.splitlines()
    torch = [
        line.split(" @ ")[0] if " @ " not in line else f"torch=={TORCH}"
        for line in shown
        if line.startswith("torch")
    ]
    extra = [line for line in shown if line.startswith(("nvidia", "triton", "cuda"))]
    path = BUILD / "app-with-torch.txt"
    path.write_text(lock.read_text("utf-8") + "\n".join([*torch, *extra]) + "\n", "utf-8")
    return path


def _install_torch() -> None:
    """A CPU build wherever one is to be had: a local wheel, else the CPU index, else the default one."""
    base = [UV, "pip", "install", "-q", "--python", layout.python(APP), f"torch=={TORCH}"]
    links = find_links().get("UV_FIND_LINKS", "")
    tag = f"cp3{sys.version_info.minor}-"
    local = [w for place in links.split() for w in glob.glob(f"{place}/torch-{TORCH}*{tag}*.whl")]
    if local:
        run(base, "installing torch", **find_links())
        return
    try:
        run([*base, "--torch-backend", "cpu"], "installing torch (CPU build)")
    except Stop:
        say("    no CPU build of torch to be had here: taking the default one, which is several GB")
        run(base, "installing torch")


def make_bot() -> None:
    """The Rasa environment (Python 3.10), from its lock."""
    lock = LOCKS / "bot.txt"
    value = digest([lock])
    if fresh("bot", value) and BOT.exists():
        return
    with step("installing the Rasa environment (Rasa 3.6.21 on Python 3.10)"):
        run([UV, "venv", "-q", "--clear", "--python", python310(), str(BOT)], "making the Rasa environment")
        run(
            [UV, "pip", "sync", "-q", "--python", layout.python(BOT), str(lock)],
            "installing Rasa",
            **find_links(),
        )
    remember("bot", value)


def python310() -> str:
    """A Python 3.10 that really runs: a shim on the PATH may exist and still fail."""
    pyenv = os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))
    candidates = [
        shutil.which("python3.10"),
        *sorted(glob.glob(f"{pyenv}/versions/3.10.*/bin/python3.10"), reverse=True),
    ]
    for candidate in candidates:
        if candidate and _runs(candidate):
            return candidate
    say("    no Python 3.10 on this machine: fetching one with uv")
    run(
        [UV, "python", "install", "-q", "3.10"],
        "fetching Python 3.10",
        UV_PYTHON_INSTALL_DIR=str(BUILD / "python"),
    )
    found = sorted(glob.glob(str(BUILD / "python" / "cpython-3.10*" / "bin" / "python3.10")))
    if not found:
        raise Stop("no Python 3.10 could be found or fetched; install python3.10 and try again.")
    return found[-1]


def _runs(candidate: str) -> bool:
    check = "import sys, venv, ssl, sqlite3; assert sys.version_info[:2] == (3, 10)"
    try:
        return subprocess.run([candidate, "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


def make_tests() -> None:
    """What the tests need besides, in both environments."""
    app, bot = LOCKS / "test.txt", LOCKS / "bot-test.txt"
    value = digest([app, bot], digest([LOCKS / "app.txt", LOCKS / "bot.txt"]))
    if fresh("tests", value):
        return
    with step("installing the test tools"):
        run(
            [UV, "pip", "install", "-q", "--python", layout.python(APP), "-r", str(app)],
            "installing test tools",
            **find_links(),
        )
        run(
            [UV, "pip", "install", "-q", "--python", layout.python(BOT), "-r", str(bot)],
            "installing test tools",
            **find_links(),
        )
    remember("tests", value)
