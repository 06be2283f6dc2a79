"""Heads of the audit trail in a file of their own, out of reach of whoever cuts the trail in the database.

A line for each head: `MOMENT NUMBER:CHAIN`. Every line must still be true: the row of that number is there
and has that chain. Without such heads a tail that was cut off shows against nothing. The file stands in the
data folder; each head is logged too: whoever keeps logs on another machine is safe from this one as well.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from actions.backends import audit
from actions.backends.store import Store

log = logging.getLogger(__name__)
NAME = "audit-heads.txt"
EVERY = timedelta(hours=1)
LINE = re.compile(r"(\S+[+-]\d\d:\d\d) ([0-9]{1,18}):([0-9a-f]{64})")
KEEP = 10_000
"""Lines, more than a year of hours: then the older half goes."""


@dataclass(frozen=True, slots=True)
class Head:
    """One line."""

    at: datetime
    number: int
    chain: str

    def line(self) -> str:
        """As the file has it."""
        return f"{self.at.isoformat(timespec='seconds')} {self.number}:{self.chain}\n"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The file. Several processes may keep it at once: each appends whole lines."""

    path: Path

    def keep(self, store: Store) -> int:
        """Add the present head once an hour, if there is a new one; 1 if so.

        While the last line is not true any more, which is logged, nothing is added to it.
        """
        kept, now = self.heads(), store.clock()
        number, chain = audit.head(store)
        if kept and timedelta(0) <= now - kept[-1].at < EVERY:
            return 0
        if kept and (faults := audit.head_faults(store, [(kept[-1].number, kept[-1].chain)])):
            log.error("%s; run `python -m actions.admin audit verify`", faults[0])
            return 0
        if number == (kept[-1].number if kept else 0):
            return 0
        if len(kept) >= KEEP:
            self._shorten(kept)
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
            torn = file.seek(0, os.SEEK_END) and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n"
            file.write(b"\n" * bool(torn) + Head(now, number, chain).line().encode())
            file.flush()
            os.fsync(file.fileno())
        log.info("audit head %d:%s", number, chain)
        return 1

    def faults(self, store: Store) -> list[str]:
        """What of the lines is no longer true, the oldest first. No file, no faults."""
        return audit.head_faults(store, [(head.number, head.chain) for head in self.heads()])

    def heads(self) -> Sequence[Head]:
        """The lines, the oldest first. What a crash left half written claims nothing."""
        try:
            text = self.path.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return ()
        found = (LINE.fullmatch(line) for line in text.splitlines())
        return tuple(_head(match) for match in found if match is not None)

    def _shorten(self, heads: Sequence[Head]) -> None:
        fresh = self.path.with_name(f"{self.path.name}.new")
        fresh.touch(mode=0o600)
        fresh.write_text("".join(head.line() for head in heads[len(heads) // 2 :]), "utf-8")
        fresh.replace(self.path)


def _head(match: re.Match[str]) -> Head:
    return Head(datetime.fromisoformat(match[1]), int(match[2]), match[3])
