"""Start Rasa, the action server and the gateway, warm them up, watch them, and stop them on Ctrl-C.

    python3 -m deploy.run

Prints the addresses and the demo logins when everything answers. A child that dies is restarted; one that
keeps dying stops everything with one sentence. Logs: <data>/logs/<name>.log.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from deploy import layout
from deploy.console import Stop, fail, say, step
from deploy.layout import APP, BOT, MODELS, ROOT

START_LIMIT_S = 90
STOP_LIMIT_S = 12
RESTARTS, RESTART_WINDOW_S = 5, 120
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One of our processes and how to know that it serves."""

    name: str
    command: list[str]
    port: int
    health: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self, env: dict[str, str]) -> None:
        """Start it; it dies with us, also when we are killed. Raises Stop if it is not installed."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            try:
                self.process = subprocess.Popen(
                    self.command,
                    cwd=ROOT,
                    env=env,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
            except FileNotFoundError as missing:
                raise Stop(
                    f"{self.name}: {missing.filename} is missing; run `make setup` first."
                ) from missing

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self.process is not None and self.process.poll() is None

    def answers(self) -> bool:
        """True once its health address answers."""
        try:
            with urllib.request.urlopen(self.health, timeout=2) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError, ValueError):
            return False

    def last_lines(self, count: int = 12) -> str:
        """The end of its log."""
        with contextlib.suppress(OSError):
            return "\n    ".join(self.log.read_text("utf-8", "replace").splitlines()[-count:])
        return ""

    def stop(self, how: signal.Signals) -> None:
        """Send a signal to its process group, if it still runs."""
        if self.alive and self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def build_children(env: dict[str, str], data: Path) -> list[Child]:
    """The three processes, from the settings in `env`. Raises Stop for a port that is none."""
    host = env.get("NCZF_HOST", "127.0.0.1")
    ports = {
        name: read_port(f"NCZF_{name.upper()}_PORT", env.get(f"NCZF_{name.upper()}_PORT", default))
        for name, default in (("actions", "5055"), ("rasa", "5005"), ("gateway", "8080"))
    }
    level = env.get("NCZF_LOG_LEVEL", "INFO")
    local = "127.0.0.1"
    return [
        Child(
            "rasa",
            [
                layout.python(BOT),
                "-m",
                "bot.launcher",
                "--models",
                str(MODELS),
                "--port",
                str(ports["rasa"]),
                "--cache",
                str(layout.BUILD / "cache"),
                "--log-level",
                level,
            ],
            ports["rasa"],
            f"http://{local}:{ports['rasa']}/webhooks/rest/",
            data / "logs" / "rasa.log",
        ),
        Child(
            "actions",
            [layout.python(APP), "-m", "actions.server"],
            ports["actions"],
            f"http://{local}:{ports['actions']}/health",
            data / "logs" / "actions.log",
        ),
        Child(
            "gateway",
            [layout.python(APP), "-m", "gateway.app"],
            ports["gateway"],
            f"http://{local if host == '0.0.0.0' else host}:{ports['gateway']}/api/health",
            data / "logs" / "gateway.log",
        ),
    ]


def only_here(env: dict[str, str]) -> bool:
    """True for a try-out that nobody else can reach: then there are demo officers."""
    secure = env.get("NCZF_SECURE_COOKIES", "").lower() in ("true", "1", "yes", "on")
    return env.get("NCZF_HOST", "127.0.0.1") in ("127.0.0.1", "::1", "localhost") and not secure


def read_port(setting: str, value: str) -> int:
    """A port number. Raises Stop naming the setting."""
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        raise Stop(f"{setting} is {value!r}, expected a number from 1 to 65535 (environment or .env).")
    return int(value)


def check_ports(children: list[Child]) -> None:
    """Raise Stop naming the first port that somebody else holds, or that two of ours would share."""
    taken_by: dict[int, str] = {}
    for child in children:
        if child.port in taken_by:
            raise Stop(
                f"port {child.port} is set twice: NCZF_{taken_by[child.port].upper()}_PORT and "
                f"NCZF_{child.name.upper()}_PORT; give each its own (environment or .env)."
            )
        taken_by[child.port] = child.name
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", child.port))
            except OSError as taken:
                raise Stop(
                    f"port {child.port} ({child.name}) is already in use; stop the program that holds it "
                    "or set "
                    f"NCZF_{child.name.upper()}_PORT to another port (environment or .env)."
                ) from taken


def note_pids(children: list[Child], data: Path) -> None:
    """Write <data>/pids.json: process id of each child, for operators and tests."""
    pids = {c.name: c.process.pid for c in children if c.process is not None}
    (data / "pids.json").write_text(json.dumps(pids) + "\n", "utf-8")


def wait_until_ready(children: list[Child]) -> None:
    """Wait for every child; raise Stop as soon as one is dead."""
    waiting = list(children)
    deadline = time.monotonic() + START_LIMIT_S
    while waiting:
        for child in list(waiting):
            if not child.alive:
                raise Stop(
                    f"{child.name} died while starting; the end of {child.log}:\n    {child.last_lines()}"
                )
            if child.answers():
                say(f"    {child.name} answers on port {child.port}")
                waiting.remove(child)
        if time.monotonic() > deadline:
            names = ", ".join(c.name for c in waiting)
            raise Stop(f"{names} did not answer within {START_LIMIT_S} s; see {waiting[0].log}.")
        time.sleep(0.2)


def warm_up(children: list[Child]) -> None:
    """One turn through Rasa and the action server: the first one is slow, and shows that all is wired."""
    rasa = next(c for c in children if c.name == "rasa")
    body = json.dumps({"sender": "warm-up", "message": "身份证丢了怎么补"}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{rasa.port}/webhooks/rest/webhook", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            answer = json.load(reply)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Stop(f"the first question got no answer ({error}); see {rasa.log}.") from error
    if not answer:
        raise Stop(
            f"the first question got an empty answer; see {rasa.log} and the log of the action server."
        )


def watch(children: list[Child], env: dict[str, str], data: Path) -> None:
    """Restart what dies. Raises Stop when a child dies too often."""
    while True:
        time.sleep(0.5)
        for child in children:
            if child.alive:
                continue
            code = child.process.returncode if child.process else None
            now = time.monotonic()
            child.deaths = [t for t in child.deaths if now - t < RESTART_WINDOW_S] + [now]
            if len(child.deaths) > RESTARTS:
                raise Stop(
                    f"{child.name} died {len(child.deaths)} times within {RESTART_WINDOW_S} s "
                    f"(last status {code}); "
                    f"mend the cause shown in {child.log} and start again:\n    {child.last_lines()}"
                )
            say(f"!!! {child.name} died (status {code}), restarting it; see {child.log}")
            time.sleep(min(10, 2 ** (len(child.deaths) - 1) - 1))
            child.start(env)
            note_pids(children, data)


def stop_all(children: list[Child]) -> None:
    """The gateway first, so that it can say good-bye; then the rest; then by force."""
    for child in reversed(children):
        child.stop(signal.SIGTERM)
        if child.name == "gateway" and child.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(STOP_LIMIT_S)
    deadline = time.monotonic() + STOP_LIMIT_S
    for child in children:
        if child.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, deadline - time.monotonic()))
        child.stop(signal.SIGKILL)


def announce(children: list[Child], data: Path, env: dict[str, str]) -> None:
    """Addresses and demo logins."""
    gateway = next(c for c in children if c.name == "gateway")
    host = env.get("NCZF_HOST", "127.0.0.1")
    base = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{gateway.port}"
    say(f"\n  citizens   {base}/")
    say(f"  officers   {base}/desk")
    logins = data / "demo-logins.txt"
    if logins.exists():
        for line in logins.read_text("utf-8").splitlines():
            user, password = line.split()
            say(f"             demo login  {user}  {password}")
    say("  demo case  NC202611030000175, phone ends in 2468 (more in actions/data/demo_cases.yml)")
    say("\n  Ctrl-C stops everything.")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Entry point."""
    argparse.ArgumentParser(prog="python3 -m deploy.run", description=__doc__).parse_args()
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell starts background jobs with SIGINT ignored
        signal.signal(stop, _interrupt)
    began = time.monotonic()
    env = layout.environment()
    if only_here(env):
        env.setdefault("NCZF_DEMO", "true")
    data = Path(env.get("NCZF_DATA_DIR", "data"))
    data = data if data.is_absolute() else ROOT / data
    env["NCZF_DATA_DIR"] = str(data)
    children: list[Child] = []
    problem = ""
    try:
        children = build_children(env, data)
        check_ports(children)
        with step("starting Rasa, the action server and the gateway"):
            for child in children:
                child.start(env)
            note_pids(children, data)
            wait_until_ready(children)
            warm_up(children)
        announce(children, data, env)
        say(f"  ready in {time.monotonic() - began:.0f} s")
        watch(children, env, data)
    except Stop as stop:
        problem = str(stop)
    except KeyboardInterrupt:
        say("\nstopping ...")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stop_all(children)
    if problem:
        fail(problem)
    say("stopped.")
    sys.exit(0)


if __name__ == "__main__":
    main()
