"""The gateway under test: real app, real SQLite in a temporary folder, scripted far services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import GatewaySettings
from tests.gateway.clients import Gateway

Start = Callable[..., Gateway]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(dialogue=..., knowledge=..., wait_limit_s=...)` -> a running gateway; stopped at the end."""
    running: list[Gateway] = []

    def begin(dialogue: Any = None, knowledge: Any = None, **settings: Any) -> Gateway:
        values = {
            "data_dir": tmp_path,
            "static_dir": tmp_path / "static",
            "messages_per_minute": 6000,
            "dialogue_deadline_s": 3.0,
            **settings,
        }
        gateway = Gateway(GatewaySettings(_env_file=None, **values), dialogue, knowledge)
        running.append(gateway)
        return gateway

    yield begin
    for gateway in reversed(running):
        gateway.stop()


@pytest.fixture
def gateway(start: Start) -> Gateway:
    """A gateway with an echoing bot."""
    return start()
