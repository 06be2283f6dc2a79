"""What the systems do by the clock: reminders, offers that run out, escalations, notices that fall due.

Every `tick` is idempotent and may run in several processes at once; this thread only calls them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from actions.backends.ports import BackendUnavailable

log = logging.getLogger(__name__)


class Duties:
    """Calls each tick every `seconds`; one that fails is logged and called again next time."""

    def __init__(self, ticks: Mapping[str, Callable[[], int]], seconds: float) -> None:
        self._ticks = ticks
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="duties", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the round that is running, then end."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self.once()

    def once(self) -> int:
        """One round; returns how many things were done."""
        done = 0
        for name, tick in self._ticks.items():
            try:
                count = tick()
            except BackendUnavailable as down:
                log.error("duty=%s system=%s unavailable: %s", name, down.system, down.reason)
                continue
            except Exception as error:
                log.error("duty=%s failed: %s", name, type(error).__name__)  # its words may be a citizen's
                continue
            if count:
                log.info("duty=%s done=%d", name, count)
            done += count
        return done
