"""`make bench`: measure and print a table; nothing here is a test.

Each row compares two things in one run, interleaved: stock Rasa, patched Rasa, and the gateway in front of
patched Rasa, at 1, 8 and 32 conversations at once; then quality and speed of knowledge, start-up, memory.
CPU is the server processes' own user+system time per chat turn, read from /proc.

    python -m deploy.bench [--seconds 6] [--repeats 5] [--out FILE] [--list FILE --mapping FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from websockets.asyncio.client import ClientConnection, connect

from deploy import layout
from deploy.layout import APP, BOT, BUILD, MODELS, ROOT

# Turns that do what people do: a form, a guide, talk. No look-up twice, so nothing is locked out.
SCRIPT = [
    "你好",
    "身份证丢了怎么补",
    "要多少钱",
    "查办件进度",
    "不查了",
    "居住证怎么办",
    "要带什么材料",
    "谢谢",
]
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port nobody holds right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_s(pid: int) -> float:
    """User + system seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def pss_mb(pid: int) -> float:
    """Proportional set size, MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


@dataclass
class Server:
    """A server under measurement."""

    name: str
    process: subprocess.Popen[bytes]
    url: str

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def launch(name: str, command: list[str], url: str, health: str, env: dict[str, str], log: Path) -> Server:
    """Start one server and wait until it answers."""
    with (log / f"{name}.log").open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)
    import urllib.error
    import urllib.request

    for _ in range(600):
        try:
            with urllib.request.urlopen(health, timeout=1):
                return Server(name, process, url)
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                sys.exit(f"{name} died: {(log / f'{name}.log').read_text()[-800:]}")
            time.sleep(0.2)
    sys.exit(f"{name} did not answer at {health}")


Turn = Callable[[int, str], Awaitable[None]]


async def drive(turn: Turn, conversations: int, seconds: float) -> list[float]:
    """Run the script in `conversations` conversations side by side; returns seconds of each turn."""
    took: list[float] = []
    end = time.monotonic() + seconds

    async def one(number: int) -> None:
        i = 0
        while time.monotonic() < end:
            began = time.monotonic()
            await turn(number, SCRIPT[i % len(SCRIPT)])
            took.append(time.monotonic() - began)
            i += 1

    await asyncio.gather(*(one(n) for n in range(conversations)))
    return took


class RestDriver:
    """Talks to Rasa's own REST channel."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/webhooks/rest/webhook"
        self._session: aiohttp.ClientSession | None = None
        self._run = ""

    async def open(self, conversations: int) -> None:
        """Start fresh conversations."""
        self._session = aiohttp.ClientSession()
        self._run = f"{time.monotonic_ns()}"

    async def turn(self, number: int, text: str) -> None:
        """Say `text` in one of them and wait for the answer."""
        assert self._session is not None
        async with self._session.post(
            self._url, json={"sender": f"{self._run}-{number}", "message": text}
        ) as reply:
            if not await reply.json():
                raise RuntimeError(f"empty answer to {text!r}")

    async def close(self) -> None:
        """Leave."""
        assert self._session is not None
        await self._session.close()


class GatewayDriver:
    """Talks to the gateway as the page does."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sockets: list[ClientConnection] = []
        self._count = 0

    async def open(self, conversations: int) -> None:
        """Start fresh conversations, a socket each."""
        self._sockets = []
        for _ in range(conversations):
            async with aiohttp.ClientSession() as session:
                async with session.post(f"{self._url}/api/conversations", json={"fresh": True}) as reply:
                    cookie = reply.headers["Set-Cookie"].split(";")[0]
            ws = await connect(
                f"{self._url.replace('http', 'ws', 1)}/ws/citizen?after=1",
                additional_headers={"Cookie": cookie},
                compression=None,
            )
            while json.loads(await ws.recv())["type"] != "state":
                pass
            self._sockets.append(ws)

    async def turn(self, number: int, text: str) -> None:
        """Say `text` in one of them and wait for the answer."""
        self._count += 1
        ws, own = self._sockets[number], f"b-{self._count}"
        await ws.send(json.dumps({"v": 1, "type": "say", "id": own, "text": text}))
        seq = None
        while True:
            frame = json.loads(await ws.recv())
            if frame["type"] == "error":
                raise RuntimeError(frame)
            if frame["type"] != "event":
                continue
            if frame["ref"] == own:
                seq = frame["seq"]
            elif frame["payload"]["kind"] == "bot_said" and frame["payload"]["reply_to"] == seq:
                if frame["payload"]["messages"][0]["kind"] == "failure":
                    raise RuntimeError(frame["payload"])
                return

    async def close(self) -> None:
        """Leave."""
        for ws in self._sockets:
            await ws.close()


@dataclass
class Row:
    """Medians over the repeats."""

    p50_ms: float
    p95_ms: float
    cpu_ms: float
    rps: float


async def measure(
    driver: RestDriver | GatewayDriver, servers: list[Server], conversations: int, seconds: float
) -> Row:
    """One measurement: fresh conversations, CPU of `servers` per turn."""
    await driver.open(conversations)
    try:
        before = sum(cpu_s(s.process.pid) for s in servers)
        began = time.monotonic()
        took = await drive(driver.turn, conversations, seconds)
        wall = time.monotonic() - began
        cpu = sum(cpu_s(s.process.pid) for s in servers) - before
    finally:
        await driver.close()
    took.sort()
    return Row(
        statistics.median(took) * 1000,
        took[min(len(took) - 1, int(len(took) * 0.95))] * 1000,
        cpu / len(took) * 1000,
        len(took) / wall,
    )


def median_row(rows: list[Row]) -> Row:
    """Field-wise median."""
    return Row(
        *(statistics.median(getattr(r, f) for r in rows) for f in ("p50_ms", "p95_ms", "cpu_ms", "rps"))
    )


async def chat_table(
    stock: Server, patched: Server, gateway: Server, seconds: float, repeats: int
) -> list[str]:
    """Rows for stock, patched and the gateway, interleaved in every repeat."""
    lines = [
        "| conversations | path | p50 ms | p95 ms | turns/s | Rasa CPU ms/turn | CPU vs stock "
        "| p50 vs patched REST |",
        "|---|---|---|---|---|---|---|---|",
    ]
    kinds = {
        "Rasa REST, stock": (RestDriver(stock.url), [stock]),
        "Rasa REST, patched": (RestDriver(patched.url), [patched]),
        "gateway, patched Rasa": (GatewayDriver(gateway.url), [patched]),
    }
    for conversations in (1, 8, 32):
        rows: dict[str, list[Row]] = {name: [] for name in kinds}
        for repeat in range(repeats):
            for name, (driver, servers) in kinds.items():
                print(f"  {conversations} conversations, repeat {repeat + 1}/{repeats}, {name}", flush=True)
                rows[name].append(await measure(driver, servers, conversations, seconds))
        base, plain = median_row(rows["Rasa REST, stock"]), median_row(rows["Rasa REST, patched"])
        for name, found in rows.items():
            r = median_row(found)
            lines.append(
                f"| {conversations} | {name} | {r.p50_ms:.1f} | {r.p95_ms:.1f} | {r.rps:.0f} "
                f"| {r.cpu_ms:.1f} "
                f"| {r.cpu_ms / base.cpu_ms:.2f} | {r.p50_ms / plain.p50_ms:.2f} |"
            )
    return lines


async def length_table(gateway: Server, patched: Server, repeats: int) -> list[str]:
    """One long conversation: what a turn takes around its 5th, 50th and 200th."""
    windows = {5: range(2, 9), 50: range(47, 54), 200: range(197, 204)}
    took: dict[int, list[float]] = {turn: [] for turn in windows}
    cpu: dict[int, list[float]] = {turn: [] for turn in windows}
    for repeat in range(repeats):
        print(f"  a long conversation, repeat {repeat + 1}/{repeats}", flush=True)
        driver = GatewayDriver(gateway.url)
        await driver.open(1)
        for number in range(max(windows[200]) + 1):
            at = next((turn for turn, window in windows.items() if number in window), None)
            before, began = cpu_s(patched.process.pid), time.monotonic()
            await driver.turn(0, SCRIPT[number % len(SCRIPT)])
            if at is not None:
                took[at].append((time.monotonic() - began) * 1000)
                cpu[at].append((cpu_s(patched.process.pid) - before) * 1000)
        await driver.close()
    first = statistics.median(took[5])
    lines = ["| turn | p50 ms | Rasa CPU ms/turn | vs turn 5 |", "|---|---|---|---|"]
    for turn, values in took.items():
        middle = statistics.median(values)
        mean = statistics.mean(cpu[turn])
        lines.append(f"| {turn} | {middle:.1f} | {mean:.1f} | {middle / first:.2f} |")
    return lines


def nlu_table(env: dict[str, str]) -> list[str]:
    """Classifiers side by side, then the trained model on the blind files, danger, identifiers, times."""
    lines = ["```text"]
    for module, *words in (
        ("bot.compare", "--diet"),
        ("bot.measure", "tests/golden/intents_blind.jsonl"),
        ("bot.measure_rules",),
    ):
        command = [layout.python(BOT), "-m", module, *words]
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        lines += done.stdout.rstrip().splitlines() or [f"{module}: exit {done.returncode}"]
    return [*lines, "```"]


def knowledge_table(env: dict[str, str]) -> list[str]:
    """Quality on the blind questions beside three baselines; milliseconds, memory, encoder engines."""
    return ["```text", *knowledge(env, "eval"), "", *knowledge(env, "speed"), "```"]


def services_table(env: dict[str, str]) -> list[str]:
    """Bookings under contention, look-ups among a million rows, import: SQLite and PostgreSQL."""
    command = [layout.python(APP), "-m", "actions.measure", "--rows", "1000000"]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.rstrip().splitlines() or [f"actions.measure: exit {done.returncode}"]
    return ["```text", *lines, "```"]


def list_table(env: dict[str, str], source: Path, mapping: Path) -> list[str]:
    """The same speeds with a city's list imported beside the guides, and how long its index took."""
    with tempfile.TemporaryDirectory() as folder:
        guides = Path(shutil.copytree(ROOT / "knowledge" / "guides", Path(folder) / "guides"))
        env = {**env, "NCZF_GUIDES_DIR": str(guides), "NCZF_INDEX_DIR": str(Path(folder) / "index")}
        given = ("--mapping", str(mapping), "--partial", "--name", "bench")
        lines = knowledge(env, "import", str(source), *given)
        began = time.monotonic()
        knowledge(env, "build")
        built = f"索引用时 {time.monotonic() - began:.0f} 秒"
        return ["```text", lines[-1], built, *knowledge(env, "speed", "--no-engines"), "```"]


def knowledge(env: dict[str, str], *words: str) -> list[str]:
    """Lines that `python -m knowledge WORDS` prints; its progress is shown as it goes."""
    command = [layout.python(APP), "-m", "knowledge", *words]
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    return done.stdout.rstrip().splitlines() or [f"{' '.join(words)}: exit {done.returncode}"]


def start_and_memory(env: dict[str, str]) -> list[str]:
    """`python3 -m deploy.run` on free ports: seconds until ready, memory of each process afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        ports = {f"NCZF_{n}_PORT": str(free_port()) for n in ("RASA", "ACTIONS", "GATEWAY")}
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.run"],
            cwd=ROOT,
            env={**env, **ports, "NCZF_DATA_DIR": folder},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if "ready in" in line:
                break
        ready = time.monotonic() - began
        pids = json.loads((Path(folder) / "pids.json").read_text())
        memory = {name: pss_mb(pid) for name, pid in pids.items()}
        memory["supervisor"] = pss_mb(process.pid)
        process.send_signal(signal.SIGINT)
        process.wait(40)
    total = sum(memory.values())
    return [
        f"Start-up to the first warmed answer: {ready:.1f} s (limit 30 s, ratio {ready / 30:.2f}).",
        "",
        "| process | memory after start, PSS MB | share of 2,048 MB |",
        "|---|---|---|",
        *(f"| {name} | {mb:.0f} | {mb / 2048:.2f} |" for name, mb in memory.items()),
        f"| all | {total:.0f} | {total / 2048:.2f} |",
    ]


def machine() -> str:
    """One line about this machine."""
    cpu = next(
        (
            x.split(":")[1].strip()
            for x in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in x
        ),
        "",
    )
    return (
        f"{datetime.date.today()}, {os.cpu_count()} cores ({cpu}), {platform.system()} {platform.machine()}"
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6, help="length of one measurement")
    parser.add_argument("--repeats", type=int, default=5, help="interleaved repeats; medians are printed")
    parser.add_argument("--out", type=Path, help="also write the tables into this Markdown file")
    parser.add_argument("--list", type=Path, help="also measure with this item list imported (minutes)")
    parser.add_argument("--mapping", type=Path, help="columns of that list; see docs/import.md")
    args = parser.parse_args()
    env = layout.environment()
    print("start-up and memory", flush=True)
    tail = start_and_memory(env)
    print("knowledge", flush=True)
    middle = knowledge_table(env)
    print("language understanding (DIET takes minutes)", flush=True)
    middle += ["", *nlu_table(env)]
    print("services (a million cases and work orders)", flush=True)
    middle += ["", *services_table(env)]
    if args.list:
        default = ROOT / "knowledge" / "data" / "import_mapping.yaml"
        middle += list_table(env, args.list.resolve(), (args.mapping or default).resolve())
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        ports = {name: free_port() for name in ("actions", "stock", "patched", "gateway")}
        env = {
            **env,
            "NCZF_DATA_DIR": folder,
            "NCZF_ACTIONS_PORT": str(ports["actions"]),
            "NCZF_LOG_LEVEL": "WARNING",
            "NCZF_RASA_PORT": str(ports["patched"]),
            "NCZF_GATEWAY_PORT": str(ports["gateway"]),
            "NCZF_MESSAGES_PER_MINUTE": "1000000",
        }
        at = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        rasa = [
            layout.python(BOT),
            "-m",
            "bot.launcher",
            "--models",
            str(MODELS),
            "--cache",
            str(BUILD / "cache"),
        ]
        servers = [
            launch(
                "actions",
                [layout.python(APP), "-m", "actions.server"],
                at["actions"],
                f"{at['actions']}/health",
                env,
                data,
            ),
            launch(
                "stock",
                [*rasa, "--port", str(ports["stock"]), "--stock"],
                at["stock"],
                f"{at['stock']}/webhooks/rest/",
                env,
                data,
            ),
            launch(
                "patched",
                [*rasa, "--port", str(ports["patched"])],
                at["patched"],
                f"{at['patched']}/webhooks/rest/",
                env,
                data,
            ),
            launch(
                "gateway",
                [layout.python(APP), "-m", "gateway.app"],
                at["gateway"],
                f"{at['gateway']}/api/health",
                env,
                data,
            ),
        ]
        try:
            asyncio.run(measure(RestDriver(at["stock"]), [], 2, 3))  # warm both before anything counts
            asyncio.run(measure(RestDriver(at["patched"]), [], 2, 3))
            chat = asyncio.run(chat_table(servers[1], servers[2], servers[3], args.seconds, args.repeats))
            length = asyncio.run(length_table(servers[3], servers[2], args.repeats))
        finally:
            for server in reversed(servers):
                server.stop()
    text = "\n".join(
        [
            f"Measured {machine()}; `make bench` ({args.repeats} repeats of {args.seconds:g} s, medians).",
            "",
            *chat,
            "",
            *length,
            "",
            *middle,
            "",
            *tail,
        ]
    )
    print("\n" + text)
    if args.out:
        args.out.write_text("# Benchmarks\n\n" + text + "\n", "utf-8")


if __name__ == "__main__":
    main()
