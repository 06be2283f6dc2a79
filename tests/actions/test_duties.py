"""Duties: every tick is called, one that fails stops none, and the thread ends when told."""

from __future__ import annotations

import logging
import threading

from actions.backends.ports import BackendUnavailable
from actions.duties import Duties


def test_one_that_fails_stops_none(caplog):
    def down():
        raise BackendUnavailable("services", "locked")

    def broken():
        raise RuntimeError("13800138000")

    duties = Duties({"a": down, "b": broken, "c": lambda: 3}, 60)
    with caplog.at_level(logging.INFO):
        assert duties.once() == 3
        assert duties.once() == 3
    assert "duty=a system=services" in caplog.text and "duty=b failed: RuntimeError" in caplog.text
    assert "13800138000" not in caplog.text


def test_the_thread_calls_again_and_again_and_ends():
    called, thrice = [], threading.Event()

    def tick():
        called.append(1)
        if len(called) == 3:
            thrice.set()
        return 0

    duties = Duties({"a": tick}, 0.01)
    duties.start()
    assert thrice.wait(5)
    duties.stop()
    count = len(called)
    assert not thrice.wait(0.05) or len(called) == count
