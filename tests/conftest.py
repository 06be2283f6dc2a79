"""One running stack per test run, shared by conversation and browser tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.live import stack as live_stack

HOURS = {"offer_from": "00:00", "offer_to": "23:59"}


def awake_all_day(folder: Path) -> Path:
    """The halls, with offers told at night too: the tests run at any hour."""
    plan = (live_stack.ROOT / "actions" / "data" / "halls.yml").read_text("utf-8")
    plan, told = re.subn(r'(offer_from|offer_to): "[0-9:]+"', lambda m: f'{m[1]}: "{HOURS[m[1]]}"', plan)
    assert told == 2, "halls.yml names from when to when offers are told"
    path = folder / "halls.yml"
    path.write_text(plan, "utf-8")
    return path


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """The whole assistant on free ports with an empty data folder."""
    if not (live_stack.ROOT / ".build" / "app" / "bin" / "python").exists():
        pytest.skip("nothing is set up in .build; run `make setup`")
    folder = tmp_path_factory.mktemp("stack")
    running = live_stack.start(
        folder / "data",
        NCZF_HALLS_FILE=str(awake_all_day(folder)),
        NCZF_WAIT_LIMIT_S="12",
        NCZF_AGENT_GRACE_S="4",
        NCZF_DUTY_SECONDS="1",
        NCZF_CASE_FEED_SECRET=live_stack.FEED_SECRET,
        NCZF_METRICS_TOKEN=live_stack.METRICS_TOKEN,
        NCZF_MESSAGES_PER_MINUTE="6000",  # tests talk faster than people; tests/gateway tests the limit
    )
    yield running
    pids = json.loads((running.data / "pids.json").read_text("utf-8"))
    status = running.stop()
    left = [name for name, pid in pids.items() if Path(f"/proc/{pid}").exists()]
    assert (status, left) == (0, []), "Ctrl-C stops all of it cleanly"


def pytest_collection_modifyitems(items):
    """Fast tests first, then those on the running stack, the browser last.

    Playwright's synchronous interface keeps an event loop running for as long as the browser is open, and
    asynchronous tests cannot run beside it.
    """

    def rank(item) -> int:
        return 2 if item.get_closest_marker("browser") else 1 if item.get_closest_marker("live") else 0

    items.sort(key=rank)
