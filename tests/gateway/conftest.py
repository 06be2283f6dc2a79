"""The gateway under test: real app, real SQLite in a temporary folder, scripted far services."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import GatewaySettings
from tests.fakes_gateway import SUGGESTION, ScriptedKnowledge
from tests.gateway.clients import Gateway

Start = Callable[..., Gateway]
FAST = {"sweep_s": 0.05, "thinking_after_s": 0.0, "messages_per_minute": 60_000, "dialogue_deadline_s": 3.0}
FAST |= {"demo": True, "session_poll_s": 0.02, "conversations_per_minute": 60_000}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after a first start and one sign-in of each officer: argon2 is slow on purpose."""
    folder = tmp_path_factory.mktemp("prepared")
    gateway = Gateway(GatewaySettings(_env_file=None, data_dir=folder, static_dir=folder / "static", **FAST))
    cookies = [f"{name} {gateway.sign_in(name)}\n" for name in ("desk01", "desk02")]
    gateway.stop()
    (folder / "cookies.txt").write_text("".join(cookies))
    return folder


@pytest.fixture(scope="module")
def standing(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for a whole table of cases."""
    folder = tmp_path_factory.mktemp("standing")
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    knowledge = ScriptedKnowledge({"身份证": [SUGGESTION]})
    settings = GatewaySettings(_env_file=None, data_dir=folder, static_dir=folder / "static", **FAST)
    gateway = Gateway(settings, knowledge=knowledge)
    yield gateway
    gateway.stop()


@pytest.fixture
def start(tmp_path: Path, prepared: Path) -> Iterator[Start]:
    """`start(dialogue=..., knowledge=..., wait_limit_s=...)` -> a running gateway; stopped at the end.

    A second `start` goes on with the same data. `bare=True` begins without any data.
    """
    running: list[Gateway] = []

    def begin(
        dialogue: Any = None,
        knowledge: Any = None,
        notices: Any = None,
        services: Any = None,
        direct: Any = None,
        bare: bool = False,
        **settings: Any,
    ) -> Gateway:
        if not bare and not (tmp_path / "gateway.db").exists():
            shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
        values = {"data_dir": tmp_path, "static_dir": tmp_path / "static", **FAST, **settings}
        made = GatewaySettings(_env_file=None, **values)
        gateway = Gateway(made, dialogue, knowledge, notices, services, direct)
        running.append(gateway)
        return gateway

    yield begin
    for gateway in reversed(running):
        gateway.stop()


@pytest.fixture
def gateway(start: Start) -> Gateway:
    """A gateway with an echoing bot."""
    return start()
