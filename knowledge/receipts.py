"""答复凭证: every answer that was given stays resolvable by its id. Holds no words of the citizen."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from knowledge.errors import KnowledgeError

ZONE = ZoneInfo("Asia/Shanghai")
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without characters that are mixed up when read aloud or copied by hand."""
RANDOM = 8
SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    guide_id TEXT NOT NULL,
    version TEXT NOT NULL,
    record TEXT NOT NULL
)
"""


class UnknownReceipt(KnowledgeError):
    """No answer has this id."""


class ReceiptBook:
    """SQLite file of answers, appended to and never changed. Thread-safe; several processes may append."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(SCHEMA)

    def issue(self, record: dict[str, Any], at: datetime | None = None) -> str:
        """Store what was said and return its id, e.g. DF20261124-7KQ2M9XA."""
        at = at or datetime.now(ZONE)
        source = (record.get("sources") or [{}])[0]
        while True:
            key = f"DF{at:%Y%m%d}-" + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
            row = (
                key,
                at.isoformat(timespec="seconds"),
                str(record.get("guide_id") or ""),
                str(source.get("version") or ""),
                json.dumps(record, ensure_ascii=False),
            )
            try:
                with self._lock:
                    self._connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", row)
            except sqlite3.IntegrityError:
                continue  # the id is taken: draw another
            return key

    def get(self, key: str) -> dict[str, Any]:
        """The stored answer with `id` and `at`. Raises UnknownReceipt."""
        key = key.strip().upper()
        with self._lock:
            row = self._connection.execute("SELECT at, record FROM answers WHERE id = ?", (key,)).fetchone()
        if row is None:
            raise UnknownReceipt(
                f"no answer with id {key!r} in {self.path}, expected one such as DF20261124-7KQ2M9XA; "
                "check the characters, or set NCZF_DATA_DIR to the service's data folder"
            )
        return {"id": key, "at": row[0], **json.loads(row[1])}

    def close(self) -> None:
        """Release the file."""
        self._connection.close()
