"""The supervisor: ports, children that die, warming up, stopping."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy import run
from deploy.console import Stop
from deploy.run import Child, build_children, check_ports, stop_all, wait_until_ready, warm_up, watch
from tests.deploy.children import child, server
from tests.live.stack import free_port

ENV = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
ROOT = Path(__file__).resolve().parents[2]
STAY = "import time\nwhile True: time.sleep(1)"


@pytest.fixture
def ended() -> Iterator[list[Child]]:
    """Children put in here are killed at the end."""
    children: list[Child] = []
    yield children
    for one in children:
        one.stop(signal.SIGKILL)
        if one.process is not None:
            one.process.wait(5)


def until(wanted: Callable[[], bool], patience_s: float = 10) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + patience_s
    while not wanted():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_the_children_are_built_from_the_settings(tmp_path: Path) -> None:
    env = {
        "NCZF_RASA_PORT": "7005",
        "NCZF_ACTIONS_PORT": "7055",
        "NCZF_GATEWAY_PORT": "7080",
        "NCZF_HOST": "0.0.0.0",
    }
    rasa, actions, gateway = build_children(env, tmp_path)
    assert [c.name for c in (rasa, actions, gateway)] == ["rasa", "actions", "gateway"]
    assert [c.port for c in (rasa, actions, gateway)] == [7005, 7055, 7080]
    assert gateway.health == "http://127.0.0.1:7080/api/health", "0.0.0.0 is no address to ask"
    assert rasa.command[rasa.command.index("--port") + 1] == "7005"
    assert gateway.log == tmp_path / "logs" / "gateway.log"


def test_the_ports_without_settings(tmp_path: Path) -> None:
    assert [c.port for c in build_children({}, tmp_path)] == [5005, 5055, 8080]


@pytest.mark.parametrize("value", ["abc", "", "70000", "0", "-1", "80.5"])
def test_a_port_that_is_none_is_named(tmp_path: Path, value: str) -> None:
    with pytest.raises(Stop, match=r"NCZF_RASA_PORT.*expected a number from 1 to 65535"):
        build_children({"NCZF_RASA_PORT": value}, tmp_path)


def test_two_children_on_one_port_are_named(tmp_path: Path) -> None:
    children = build_children({"NCZF_RASA_PORT": "7005", "NCZF_ACTIONS_PORT": "7005"}, tmp_path)
    with pytest.raises(Stop, match="7005.*NCZF_RASA_PORT.*NCZF_ACTIONS_PORT"):
        check_ports(children)


def test_a_taken_port_is_named_with_its_setting(tmp_path: Path) -> None:
    one, two = child(tmp_path, "rasa", STAY), child(tmp_path, "gateway", STAY)
    check_ports([one, two])
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", two.port))
        holder.listen()
        with pytest.raises(Stop) as stop:
            check_ports([one, two])
    assert f"port {two.port} (gateway) is already in use" in str(stop.value)
    assert "NCZF_GATEWAY_PORT" in str(stop.value)


def test_ready_when_all_answer(
    tmp_path: Path, ended: list[Child], capsys: pytest.CaptureFixture[str]
) -> None:
    ended += [server(tmp_path, "rasa"), server(tmp_path, "actions")]
    for one in ended:
        one.start(ENV)
    wait_until_ready(ended)
    told = capsys.readouterr().out
    assert (
        f"rasa answers on port {ended[0].port}" in told and f"actions answers on port {ended[1].port}" in told
    )


def test_a_child_that_dies_while_starting_stops_with_the_end_of_its_log(
    tmp_path: Path, ended: list[Child]
) -> None:
    told = "no trained model in .build/models; run make train"
    code = f"for n in range(40): print('line', n)\nraise SystemExit({told!r})"
    ended += [child(tmp_path, "actions", STAY), child(tmp_path, "rasa", code)]
    for one in ended:
        one.start(ENV)
    began = time.monotonic()
    with pytest.raises(Stop) as stop:
        wait_until_ready(ended)
    assert time.monotonic() - began < 20, "at once, not after the limit"
    text = str(stop.value)
    assert text.startswith("rasa died while starting") and str(tmp_path / "rasa.log") in text
    assert text.endswith(told)
    assert "line 39" in text and "line 20" not in text


def test_a_child_that_never_answers_is_named(
    tmp_path: Path, ended: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "START_LIMIT_S", 0.4)
    ended += [server(tmp_path, "rasa"), child(tmp_path, "gateway", STAY)]
    for one in ended:
        one.start(ENV)
    until(ended[0].answers)
    with pytest.raises(Stop, match=r"^gateway did not answer within 0.4 s; see .*gateway.log"):
        wait_until_ready(ended)


def test_a_program_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    missing = Child("rasa", [str(tmp_path / "no-python")], 1, "http://127.0.0.1:1/", tmp_path / "rasa.log")
    with pytest.raises(Stop, match=r"rasa.*no-python.*make setup"):
        missing.start(ENV)


def test_warming_up_asks_rasa_one_question(tmp_path: Path, ended: list[Child]) -> None:
    ended.append(server(tmp_path, "rasa", reply='[{"text": "好"}]'))
    ended[0].start(ENV)
    wait_until_ready(ended)
    warm_up(ended)


@pytest.mark.parametrize(
    ("reply", "status", "told"),
    [("[]", 200, "empty answer"), ("oops", 200, "got no answer"), ("[]", 500, "got no answer .*500")],
)
def test_a_first_question_that_fails_is_told(
    tmp_path: Path, ended: list[Child], reply: str, status: int, told: str
) -> None:
    ended.append(server(tmp_path, "rasa", reply=reply, status=status))
    ended[0].start(ENV)
    wait_until_ready(ended)
    with pytest.raises(Stop, match=told):
        warm_up(ended)


def test_what_dies_is_restarted(
    tmp_path: Path, ended: list[Child], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The child dies once by itself; later its restarted copy is killed for good, which ends the watch."""
    monkeypatch.setattr(run, "RESTARTS", 1)
    note = tmp_path / "starts"
    code = (
        f"note = {str(note)!r}\nopen(note, 'a').write('x')\n"
        "import os, time\nwhile os.path.getsize(note) > 1: time.sleep(0.05)"
    )
    ended += [child(tmp_path, "steady", STAY), child(tmp_path, "weak", code)]
    for one in ended:
        one.start(ENV)
    steady = ended[0].process
    stopped: list[str] = []

    def watching() -> None:
        try:
            watch(ended, ENV, tmp_path)
        except Stop as stop:
            stopped.append(str(stop))

    thread = threading.Thread(target=watching, daemon=True)
    thread.start()
    until(lambda: note.exists() and note.read_text() == "xx")
    assert ended[1].alive and ended[0].process is steady and ended[1].process is not None
    pids = tmp_path / "pids.json"
    until(lambda: pids.exists() and f'"weak": {ended[1].process.pid}' in pids.read_text())
    ended[1].stop(signal.SIGKILL)
    thread.join(10)
    assert not thread.is_alive()
    assert len(stopped) == 1 and stopped[0].startswith("weak died 2 times within 120 s (last status -9)")
    assert "!!! weak died (status 0), restarting it" in capsys.readouterr().out


def test_what_keeps_dying_stops_everything_with_its_log(
    tmp_path: Path, ended: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "RESTARTS", 1)
    ended.append(child(tmp_path, "rasa", "raise SystemExit('disk full')"))
    ended[0].start(ENV)
    with pytest.raises(
        Stop, match=r"(?s)^rasa died 2 times .*last status 1.*mend the cause shown in .*rasa.log.*disk full"
    ):
        watch(ended, ENV, tmp_path)


def test_old_deaths_are_forgotten(
    tmp_path: Path, ended: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "RESTARTS", 1)
    ended.append(child(tmp_path, "rasa", "raise SystemExit('again')"))
    long_ago = time.monotonic() - run.RESTART_WINDOW_S - 1
    ended[0].deaths = [long_ago] * 9
    ended[0].start(ENV)
    with pytest.raises(Stop, match="rasa died 2 times"):
        watch(ended, ENV, tmp_path)
    assert len(ended[0].deaths) == 2


NOTES_ITS_END = """
import signal, sys, time
def end(*_):
    time.sleep({delay})
    open({note!r}, "a").write({name!r} + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
open({note!r} + "." + {name!r}, "w").close()
while True: time.sleep(0.05)
"""


def test_the_gateway_stops_first_and_has_ended_before_the_others_are_told(
    tmp_path: Path, ended: list[Child]
) -> None:
    note = str(tmp_path / "order")
    for name, delay in (("rasa", 0.0), ("actions", 0.0), ("gateway", 0.3)):
        ended.append(child(tmp_path, name, NOTES_ITS_END.format(note=note, name=name, delay=delay)))
        ended[-1].start(ENV)
    until(lambda: all(Path(f"{note}.{c.name}").exists() for c in ended))
    stop_all(ended)
    order = Path(note).read_text().split()
    assert order[0] == "gateway" and sorted(order) == ["actions", "gateway", "rasa"]
    assert [c.process.returncode for c in ended if c.process] == [0, 0, 0]


def test_what_does_not_stop_is_killed_with_all_it_started(
    tmp_path: Path, ended: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "STOP_LIMIT_S", 0.3)
    note = tmp_path / "grandchild"
    deaf = (
        "import signal, subprocess, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"p = subprocess.Popen([sys.executable, '-S', '-c', {STAY!r}])\n"
        f"open({str(note)!r}, 'w').write(str(p.pid))\n"
        "while True: time.sleep(1)"
    )
    ended.append(child(tmp_path, "gateway", deaf))
    ended[0].start(ENV)
    until(lambda: note.exists() and note.read_text() != "")
    stop_all(ended)
    assert ended[0].process is not None and ended[0].process.wait(5) == -signal.SIGKILL
    grandchild = int(note.read_text())
    until(lambda: not _runs(grandchild))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_stopping_what_never_started_is_no_error(tmp_path: Path) -> None:
    never = child(tmp_path, "gateway", STAY)
    assert never.alive is False and never.last_lines() == ""
    stop_all([never])
    assert never.process is None


def test_children_die_with_the_supervisor(tmp_path: Path) -> None:
    """Also when it is killed without a chance to clean up."""
    note = tmp_path / "pid"
    code = (
        "import sys, time, pathlib\nfrom tests.deploy.children import child\n"
        f"c = child(pathlib.Path({str(tmp_path)!r}), 'gateway', {STAY!r})\nc.start({ENV!r})\n"
        f"pathlib.Path({str(note)!r}).write_text(str(c.process.pid))\ntime.sleep(30)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    until(lambda: note.exists() and note.read_text() != "")
    pid = int(note.read_text())
    assert _runs(pid)
    parent.kill()
    parent.wait(5)
    until(lambda: not _runs(pid))


@pytest.mark.parametrize("trouble", ["taken", "no number"])
def test_the_command_stops_with_one_sentence_and_status_1(tmp_path: Path, trouble: str) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        ports = {f"NCZF_{name}_PORT": str(free_port()) for name in ("RASA", "GATEWAY")}
        ports["NCZF_ACTIONS_PORT"] = str(holder.getsockname()[1]) if trouble == "taken" else "zwölf"
        env = {**os.environ, **ports, "NCZF_DATA_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "deploy.run"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert done.returncode == 1
    assert done.stderr.strip().startswith("STOPPED: ") and "NCZF_ACTIONS_PORT" in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_the_addresses_and_demo_logins_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "demo-logins.txt").write_text("desk01 geheim-1\n", "utf-8")
    run.announce(build_children({"NCZF_GATEWAY_PORT": "7080"}, tmp_path), tmp_path, {})
    told = capsys.readouterr().out
    assert (
        "http://127.0.0.1:7080/" in told
        and "http://127.0.0.1:7080/desk" in told
        and "desk01  geheim-1" in told
    )
